#include "layer_evaluator.hpp"

#include <fmt/format.h>

#include "smoothbound/rules/merge.hpp"

namespace smoothbound {
namespace {

void note_component(rules::Trace& trace, const PlacedComponent& placed) {
  trace.lines.push_back(
      {"", std::string(name_of(placed.component)), {}, std::string(formula_of(placed.component))});
}

// Whether some component sees no more of samples than how they differ from their mean.
bool centres(const Layer& layer) {
  return std::ranges::any_of(layer.components, [](const PlacedComponent& placed) {
    return std::visit(
        [&](const auto& c) {
          if constexpr (requires { c.centres_samples(placed.output); }) {
            return c.centres_samples(placed.output);
          }
          return false;
        },
        placed.component);
  });
}

bool has_positions(const Graph& graph) {
  return graph.shape_of(Graph::network_input).positions() > 1 ||
         std::ranges::any_of(graph.layers, [](const Layer& layer) {
           return std::ranges::any_of(layer.components, [](const PlacedComponent& placed) {
             return placed.output.positions() > 1;
           });
         });
}

// Whether the gradients of each block are bounded by themselves.
bool knows_blocks(const Inputs& inputs, Method method) {
  return method == Method::sharp && inputs.refinements.cauchy && inputs.refinements.growth;
}

}  // namespace

BoundTable empty_table(const Graph& graph, const Inputs& inputs, Method method) {
  const auto reads_maximum = [](const Layer& layer) {
    return !layer.components.empty() && std::visit(
                                            [](const auto& c) {
                                              return requires { c.reads_maximum_norm; };
                                            },
                                            layer.components.front().component);
  };
  const auto reads_matrices = [](const Layer& layer) {
    return !layer.components.empty() && std::visit(
                                            [](const auto& c) {
                                              return requires { c.reads_levels_of_matrices; };
                                            },
                                            layer.components.front().component);
  };
  BoundTable table;
  table.method = method;
  table.layers.resize(graph.layers.size());
  if (method == Method::paper) return table;
  const bool of_samples = inputs.refinements.levels && inputs.batch > 1;
  const bool of_positions = inputs.refinements.levels && has_positions(graph);
  if (of_samples) table.level_set.add(per_sample);
  if (of_positions) table.level_set.add(per_position);
  if (of_samples && of_positions) table.level_set.add(per_token);
  if (of_samples && inputs.refinements.centred && std::ranges::any_of(graph.layers, centres)) {
    table.level_set.add(centred_euclidean);
    table.level_set.add(centred_position);
  }
  if (inputs.all_levels || std::ranges::any_of(graph.layers, reads_maximum)) {
    table.level_set.add(maximum);
  }
  if (of_positions && inputs.refinements.attention &&
      (inputs.all_levels || std::ranges::any_of(graph.layers, reads_matrices))) {
    table.level_set.add(largest_of_rows);
    table.level_set.add(sum_of_columns);
  }
  // One group at one level is what a triple says.
  if (!table.level_set.is_euclidean_alone() || graph.shared_groups > 0 ||
      knows_blocks(inputs, method)) {
    table.values.resize(graph.layers.size());
  }
  return table;
}

rules::Value LayerEvaluator::evaluate(const Layer& layer, rules::Trace* trace) const {
  rules::Composition composition(merge_inputs(layer, trace), table_.method, trace,
                                 inputs_.refinements);
  const PlacedComponent* announced = nullptr;
  for_each_part(layer, [&](std::span<const PlacedComponent> placed, const Part& part) {
    // A component of two parts is announced once.
    if (trace != nullptr && announced != placed.data()) {
      for (const PlacedComponent& component : placed) note_component(*trace, component);
    }
    announced = placed.data();
    apply(composition, placed, part);
  });
  composition.conclude();
  return composition.value();
}

std::vector<Triple> LayerEvaluator::evaluate_components(const Layer& layer) const {
  rules::Composition composition(merge_inputs(layer, nullptr), table_.method, nullptr,
                                 inputs_.refinements);
  // Those without parts, such as a merge, leave what they read.
  std::vector<Triple> behind(layer.components.size(), composition.result());
  for_each_part(layer, [&](std::span<const PlacedComponent> placed, const Part& part) {
    const auto first = static_cast<std::size_t>(placed.data() - layer.components.data());
    for (std::size_t count = 1; count < placed.size(); ++count) {
      rules::Composition so_far = composition;
      so_far.apply(run_constants(layer, first, count),
                   extents_of(placed[count - 1].output, inputs_.batch));
      behind[first + count - 1] = so_far.result();
    }
    apply(composition, placed, part);
    const auto last = static_cast<std::ptrdiff_t>(first + placed.size() - 1);
    std::fill(behind.begin() + last, behind.end(), composition.result());
  });
  return behind;
}

std::size_t LayerEvaluator::index_maps_from(const Layer& layer, std::size_t first) {
  std::size_t end = first;
  while (end < layer.components.size() && is_index_map(layer.components[end].component)) ++end;
  return end - first;
}

MapConstants LayerEvaluator::run_constants(const Layer& layer, std::size_t first,
                                           std::size_t count) const {
  std::vector<IndexMap> run;
  bool keep_positions = true;
  bool keep_rows = true;
  for (std::size_t c = first; c < first + count; ++c) {
    const Site site = graph_.site_of(layer, c, inputs_.batch);
    run.push_back(*index_map_of(layer.components[c].component, site));
    keep_positions = keep_positions && keeps_positions(run.back(), site.input(), site.output);
    keep_rows = keep_rows && keeps_rows(run.back(), site.input(), site.output);
  }
  return index_map_constants(run, keep_positions, keep_rows);
}

void LayerEvaluator::apply(rules::Composition& composition, std::span<const PlacedComponent> placed,
                           const Part& part) const {
  const Extents extents = extents_of(placed.back().output, inputs_.batch);
  if (const auto* b = std::get_if<AffineConstants>(&part)) {
    const std::uint32_t block = placed.front().block;
    const AffinePart affine = place_(block, *b);
    const rules::Label group = graph_.blocks[block].group;
    composition.apply(affine.constants, affine.radius, extents, group,
                      group == rules::rest ? std::optional(block) : std::nullopt,
                      joined_.empty() ? rules::rest : joined_[block]);
  } else {
    composition.apply(std::get<MapConstants>(part), extents);
  }
}

rules::Value LayerEvaluator::value_of(std::uint32_t layer) const {
  if (layer != Graph::network_input) return table_.value(layer);
  rules::Value input(Triple{inputs_.norm, {}, {}}, table_.level_set);
  if (knows_blocks(inputs_, table_.method)) input.set_blocks({});
  if (table_.method == Method::paper || !inputs_.refinements.levels || !inputs_.sample_norm) {
    return input;
  }
  const Magnitude& one = *inputs_.sample_norm;
  input.m[euclidean] =
      std::min(inputs_.norm, square_root(Magnitude::from_count(inputs_.batch)) * one);
  input.m[per_sample] = one;
  input.relax(extents_of(graph_.shape_of(layer), inputs_.batch));
  return input;
}

rules::Value LayerEvaluator::merge_inputs(const Layer& layer, rules::Trace* trace) const {
  rules::Value merged = value_of(layer.inputs.front());
  if (!layer.components.empty()) {
    std::visit(
        [&](const auto& component) {
          if constexpr (MergeType<std::remove_cvref_t<decltype(component)>>) {
            std::vector<rules::Value> branches;
            std::vector<Shape> shapes;
            for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
              rules::Value& branch = branches.emplace_back(value_of(layer.inputs[i]));
              shapes.push_back(graph_.shape_of(layer.inputs[i]));
              // The paper's rules are those of branches that share all parameters.
              const std::size_t rest = branch.find(rules::rest);
              if (table_.method == Method::paper || rest == branch.groups()) continue;
              branch.set_label(
                  rest, rules::rest_of_branch(layer.inputs.size() > 1 ? layer.input_groups[i] : 0));
            }
            const Site site{shapes, layer.components.front().output, inputs_.batch};
            merged = component.merge(branches, site, table_.method);
            merged.relax(extents_of(site.output, inputs_.batch));
            if (trace != nullptr) note_merge(*trace, layer, component.name(), component.rule());
          }
        },
        layer.components.front().component);
  }
  // Of ids, and where nothing is read, there is no norm.
  const bool reads_values =
      layer.components.empty() || !(reads_nothing(layer.components.front().component) ||
                                    ids_of(layer.components.front().component));
  if (trace != nullptr && reads_values) {
    const Triple total = merged.total();
    trace->lines.push_back({"m_in", "bound of what the layer reads", total.m, ""});
    trace->lines.push_back({"l_in", "its Lipschitz constant", total.lipschitz, ""});
    trace->lines.push_back({"L_in", "its smoothness constant", total.smoothness, ""});
  }
  return merged;
}

void LayerEvaluator::note_merge(rules::Trace& trace, const Layer& layer, std::string_view name,
                                std::string_view rule) const {
  trace.lines.push_back({"", std::string(name), {}, std::string(rule)});
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    const rules::Value value = value_of(layer.inputs[i]);
    const Triple branch = value.total();
    const std::string label =
        fmt::format("'{}', parameter group {}",
                    layer.inputs[i] == Graph::network_input ? std::string(input_name)
                                                            : graph_.layers[layer.inputs[i]].name,
                    (layer.inputs.size() > 1 ? layer.input_groups[i] : 0) + 1);
    trace.lines.push_back({fmt::format("m_{}", i + 1), label, branch.m, ""});
    trace.lines.push_back({fmt::format("l_{}", i + 1), label, branch.lipschitz, ""});
    trace.lines.push_back({fmt::format("L_{}", i + 1), label, branch.smoothness, ""});
    if (!table_.level_set.has(maximum)) continue;
    const Triple largest = value.total(maximum);
    const std::string in_maximum = label + ", in the maximum norm";
    trace.lines.push_back({fmt::format("m_{} (max)", i + 1), in_maximum, largest.m, ""});
    trace.lines.push_back({fmt::format("l_{} (max)", i + 1), in_maximum, largest.lipschitz, ""});
    trace.lines.push_back({fmt::format("L_{} (max)", i + 1), in_maximum, largest.smoothness, ""});
  }
}

void fill_table(const Graph& graph, const Inputs& inputs, const PlaceAffine& place,
                const std::function<void(std::uint32_t layer, rules::Value& value)>& adapt,
                BoundTable& table) {
  // Blocks come in their order, but for those that are used again: they have been counted.
  std::uint32_t count = 0;
  const PlaceAffine counted = [&](std::uint32_t block, const AffineConstants& b) {
    AffinePart part = place(block, b);
    if (block == count) {
      table.parameter_norm = hypotenuse(table.parameter_norm, part.parameter_norm);
      ++count;
    }
    return part;
  };
  const LayerEvaluator evaluator(graph, inputs, table, counted);
  for (const std::uint32_t layer : graph.order) {
    rules::Value value = evaluator.evaluate(graph.layers[layer], nullptr);
    if (adapt) adapt(layer, value);
    table.layers[layer] = value.total();
    if (!table.values.empty()) table.values[layer] = rules::PackedValue(std::move(value));
  }
}

}  // namespace smoothbound
