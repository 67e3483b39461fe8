#include "fuse.hpp"

#include <algorithm>
#include <array>

#include "fusion_rules.hpp"
#include "smoothbound/text/mistakes.hpp"

namespace smoothbound::models::onnx {
namespace {

// A rule may need what one further down the table made. More rounds than this no network takes.
constexpr int most_rounds = 4;

bool is_passed_through(const Node& node, const std::vector<bool>& is_read,
                       const std::vector<bool>& is_read_elsewhere) {
  if (!node.domain.empty() || node.input(0) == absent || node.outputs.empty()) return false;
  if (node.outputs.front() != absent && is_read_elsewhere[node.outputs.front()]) return false;
  if (node.operation == "Identity") return true;
  if (node.operation != "Dropout") return false;
  // The mask is a result, too.
  return std::none_of(node.outputs.begin() + 1, node.outputs.end(),
                      [&](ValueId output) { return output != absent && is_read[output]; });
}

// Exporters store equal initializers once, and write an Identity for the others, which are trained
// apart.
void make_own_initializer(Graph& graph, ValueId from, ValueId value) {
  Tensor tensor = *graph.initializer(from);
  tensor.name = graph.values[value].name;
  graph.values[value].initializer = static_cast<std::uint32_t>(graph.initializers.size());
  graph.values[value].is_literal = graph.values[from].is_literal;
  graph.initializers.push_back(std::move(tensor));
}

void take_out_identities(Graph& graph, const std::vector<ValueId>& read_elsewhere) {
  std::vector<bool> is_read_elsewhere(graph.values.size(), false);
  for (const ValueId value : read_elsewhere) is_read_elsewhere[value] = true;
  std::vector<bool> is_read = is_read_elsewhere;
  for (const Node& node : graph.nodes) {
    for (const ValueId input : node.inputs) {
      if (input != absent) is_read[input] = true;
    }
  }
  for (const GraphInput& output : graph.outputs) {
    if (output.value != absent) is_read[output.value] = true;
  }
  std::vector<ValueId> stands_for(graph.values.size());
  for (ValueId id = 0; id < stands_for.size(); ++id) stands_for[id] = id;
  std::vector<Node> left;
  left.reserve(graph.nodes.size());
  for (Node& node : graph.nodes) {
    for (ValueId& input : node.inputs) {
      if (input != absent) input = stands_for[input];
    }
    if (!is_passed_through(node, is_read, is_read_elsewhere)) {
      left.push_back(std::move(node));
      continue;
    }
    const ValueId input = node.input(0);
    const ValueId output = node.outputs.front();
    if (output == absent) continue;
    const Tensor* const tensor = graph.initializer(input);
    // What is long in itself is not copied: none of the exporters write it so.
    if (node.operation == "Identity" && tensor != nullptr && tensor->is_real() &&
        tensor->integers.empty()) {
      make_own_initializer(graph, input, output);
    } else {
      stands_for[output] = input;
    }
  }
  graph.nodes = std::move(left);
  for (GraphInput& output : graph.outputs) {
    if (output.value != absent) output.value = stands_for[output.value];
  }
}

bool apply_rule(Rewriter& rewriter, const FusionRule& rule, NodeId count) {
  bool is_changed = false;
  for (NodeId id = 0; id < count; ++id) {
    const Node& node = rewriter.node(id);
    if (node.operation != rule.operation || !node.domain.empty() || node.outputs.size() != 1 ||
        node.outputs.front() == absent || rewriter.is_removed(id)) {
      continue;
    }
    Replacement nodes;
    try {
      nodes = rule.apply(rewriter, node);
    } catch (const SpecError&) {  // an attribute of another type: who reads the node refuses it
      continue;
    }
    if (!nodes.empty() && rewriter.replace(id, std::move(nodes))) is_changed = true;
  }
  return is_changed;
}

}  // namespace

void fuse_patterns(Graph& graph) {
  const std::vector<ValueId> read_elsewhere = values_read_in_bodies(graph, graph.nodes);
  take_out_identities(graph, read_elsewhere);
  Rewriter rewriter(graph, read_elsewhere);
  const NodeId count = rewriter.node_count();
  bool is_changed = true;
  for (int round = 0; is_changed && round < most_rounds; ++round) {
    is_changed = false;
    for (const auto rules : {activation_fusions(), normalization_fusions(), layer_fusions()}) {
      for (const FusionRule& rule : rules) {
        if (apply_rule(rewriter, rule, count)) is_changed = true;
      }
    }
  }
  rewriter.finish();
}

}  // namespace smoothbound::models::onnx
