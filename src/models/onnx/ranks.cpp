#include <algorithm>
#include <array>

#include "rewriter.hpp"
#include "smoothbound/text/mistakes.hpp"

namespace smoothbound::models::onnx {
namespace {

using Ranks = std::vector<std::uint8_t>;

// What tells the rank of an operator's outputs.
enum class RankRule : std::uint8_t {
  first,      // as the first input
  broadcast,  // the most of all inputs
  weight,     // as the second input
  matrix,     // 2
  reduce,     // as the first input, without the axes if `keepdims` is 0
  reshape,    // as the second input says
  unsqueeze,  // more by the number of axes
  squeeze,    // less by the number of axes
};

struct RankRow {
  std::string_view operation;
  RankRule rule;
};

// Sorted by name.
constexpr std::array rank_rows{
    RankRow{"Abs", RankRule::first},
    RankRow{"Add", RankRule::broadcast},
    RankRow{"Attention", RankRule::first},
    RankRow{"AveragePool", RankRule::first},
    RankRow{"BatchNormalization", RankRule::first},
    RankRow{"Cast", RankRule::first},
    RankRow{"CastLike", RankRule::first},
    RankRow{"Celu", RankRule::first},
    RankRow{"Clip", RankRule::first},
    RankRow{"Concat", RankRule::first},
    RankRow{"Conv", RankRule::weight},
    RankRow{"ConvTranspose", RankRule::weight},
    RankRow{"DepthToSpace", RankRule::first},
    RankRow{"Div", RankRule::broadcast},
    RankRow{"Dropout", RankRule::first},
    RankRow{"Elu", RankRule::first},
    RankRow{"Erf", RankRule::first},
    RankRow{"Exp", RankRule::first},
    RankRow{"Flatten", RankRule::matrix},
    RankRow{"Gelu", RankRule::first},
    RankRow{"Gemm", RankRule::matrix},
    RankRow{"GlobalAveragePool", RankRule::first},
    RankRow{"GlobalMaxPool", RankRule::first},
    RankRow{"GroupNormalization", RankRule::first},
    RankRow{"HardSigmoid", RankRule::first},
    RankRow{"HardSwish", RankRule::first},
    RankRow{"Identity", RankRule::first},
    RankRow{"InstanceNormalization", RankRule::first},
    RankRow{"LRN", RankRule::first},
    RankRow{"LayerNormalization", RankRule::first},
    RankRow{"LeakyRelu", RankRule::first},
    RankRow{"Log", RankRule::first},
    RankRow{"LogSoftmax", RankRule::first},
    RankRow{"LpPool", RankRule::first},
    RankRow{"MatMul", RankRule::broadcast},
    RankRow{"Max", RankRule::broadcast},
    RankRow{"MaxPool", RankRule::first},
    RankRow{"Min", RankRule::broadcast},
    RankRow{"Mish", RankRule::first},
    RankRow{"Mul", RankRule::broadcast},
    RankRow{"Neg", RankRule::first},
    RankRow{"PRelu", RankRule::first},
    RankRow{"Pad", RankRule::first},
    RankRow{"Pow", RankRule::broadcast},
    RankRow{"RMSNormalization", RankRule::first},
    RankRow{"Reciprocal", RankRule::first},
    RankRow{"ReduceMax", RankRule::reduce},
    RankRow{"ReduceMean", RankRule::reduce},
    RankRow{"ReduceSum", RankRule::reduce},
    RankRow{"Relu", RankRule::first},
    RankRow{"Reshape", RankRule::reshape},
    RankRow{"Resize", RankRule::first},
    RankRow{"Selu", RankRule::first},
    RankRow{"Sigmoid", RankRule::first},
    RankRow{"Slice", RankRule::first},
    RankRow{"Softmax", RankRule::first},
    RankRow{"Softplus", RankRule::first},
    RankRow{"Softsign", RankRule::first},
    RankRow{"SpaceToDepth", RankRule::first},
    RankRow{"Split", RankRule::first},
    RankRow{"Sqrt", RankRule::first},
    RankRow{"Squeeze", RankRule::squeeze},
    RankRow{"Sub", RankRule::broadcast},
    RankRow{"Sum", RankRule::broadcast},
    RankRow{"Swish", RankRule::first},
    RankRow{"Tanh", RankRule::first},
    RankRow{"ThresholdedRelu", RankRule::first},
    RankRow{"Transpose", RankRule::first},
    RankRow{"Unsqueeze", RankRule::unsqueeze},
    RankRow{"Upsample", RankRule::first},
};
static_assert(std::ranges::is_sorted(rank_rows, {}, &RankRow::operation));

std::uint8_t known_rank(std::size_t rank) {
  return rank < unknown_rank ? static_cast<std::uint8_t>(rank) : unknown_rank;
}

// Elements of a constant list of whole numbers, or of the attribute that it was before.
std::optional<std::size_t> list_length(const Graph& graph, const Node& node,
                                       std::string_view attribute) {
  if (const Attribute* const given = node.find(attribute)) return given->integers.size();
  const Tensor* const list = graph.initializer(node.input(1));
  if (list == nullptr || list->sizes.size() > 1) return std::nullopt;
  return static_cast<std::size_t>(list->elements());
}

std::uint8_t broadcast_rank(const Ranks& ranks, const Node& node) {
  std::uint8_t most = 0;
  for (const ValueId input : node.inputs) {
    if (input != absent) most = std::max(most, ranks[input]);
  }
  return most;
}

std::uint8_t with_axes(std::uint8_t rank, std::optional<std::size_t> axes, bool is_added) {
  if (rank == unknown_rank || !axes) return unknown_rank;
  if (is_added) return known_rank(rank + *axes);
  return *axes <= rank ? known_rank(rank - *axes) : unknown_rank;
}

// Throws SpecError for an attribute of another type.
std::uint8_t inferred_rank(const Graph& graph, const Ranks& ranks, const Node& node) {
  const auto row = std::ranges::lower_bound(rank_rows, node.operation, {}, &RankRow::operation);
  if (row == rank_rows.end() || row->operation != node.operation || !node.domain.empty()) {
    return unknown_rank;
  }
  const auto of_input = [&](std::size_t index) {
    return node.input(index) == absent ? unknown_rank : ranks[node.input(index)];
  };
  switch (row->rule) {
    case RankRule::first:
      return of_input(0);
    case RankRule::broadcast:
      return broadcast_rank(ranks, node);
    case RankRule::weight:
      return of_input(1);
    case RankRule::matrix:
      return 2;
    case RankRule::reduce:
      if (node.integer("keepdims", 1) != 0) return of_input(0);
      return with_axes(of_input(0), list_length(graph, node, "axes"), false);
    case RankRule::reshape: {
      const auto length = list_length(graph, node, "shape");
      return length ? known_rank(*length) : unknown_rank;
    }
    case RankRule::unsqueeze:
      return with_axes(of_input(0), list_length(graph, node, "axes"), true);
    case RankRule::squeeze:
      return with_axes(of_input(0), list_length(graph, node, "axes"), false);
  }
  return unknown_rank;
}

}  // namespace

std::vector<std::uint8_t> infer_ranks(const Graph& graph) {
  Ranks ranks(graph.values.size(), unknown_rank);
  for (ValueId id = 0; id < ranks.size(); ++id) {
    if (const Tensor* const tensor = graph.initializer(id)) {
      ranks[id] = known_rank(tensor->sizes.size());
    }
  }
  for (const GraphInput& input : graph.inputs) {
    if (input.has_shape && input.value != absent)
      ranks[input.value] = known_rank(input.sizes.size());
  }
  for (const Node& node : graph.nodes) {
    std::uint8_t rank = unknown_rank;
    try {
      rank = inferred_rank(graph, ranks, node);
    } catch (const SpecError&) {  // who reads the node refuses it
      continue;
    }
    for (const ValueId output : node.outputs) {
      if (output != absent) ranks[output] = rank;
    }
  }
  // BatchNormalization has other outputs of one axis, which no rule asks for.
  return ranks;
}

}  // namespace smoothbound::models::onnx
