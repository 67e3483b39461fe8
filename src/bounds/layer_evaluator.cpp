#include "layer_evaluator.hpp"

#include <fmt/format.h>

namespace smoothbound {
namespace {

void note_component(rules::Trace& trace, const PlacedComponent& placed) {
  trace.lines.push_back(
      {"", std::string(name_of(placed.component)), {}, std::string(formula_of(placed.component))});
}

}  // namespace

Triple LayerEvaluator::evaluate(const Layer& layer, rules::Trace* trace,
                                Magnitude* parameter_norm) const {
  rules::Composition composition(merge_inputs(layer, trace), table_.method, trace);
  const PlacedComponent* announced = nullptr;
  for_each_part(layer, [&](std::span<const PlacedComponent> placed, const Part& part) {
    // A component of two parts is announced once.
    if (trace != nullptr && announced != placed.data()) {
      for (const PlacedComponent& component : placed) note_component(*trace, component);
    }
    announced = placed.data();
    if (const auto* b = std::get_if<AffineConstants>(&part)) {
      const AffinePart affine = place_(placed.front().block, *b);
      if (parameter_norm != nullptr) {
        *parameter_norm = hypotenuse(*parameter_norm, affine.parameter_norm);
      }
      composition.apply(affine.constants, affine.radius);
    } else {
      composition.apply(std::get<MapConstants>(part));
    }
  });
  return composition.result();
}

std::vector<Triple> LayerEvaluator::evaluate_components(const Layer& layer) const {
  rules::Composition composition(merge_inputs(layer, nullptr), table_.method);
  // Those without parts, such as a merge, leave what they read.
  std::vector<Triple> behind(layer.components.size(), composition.result());
  for_each_part(layer, [&](std::span<const PlacedComponent> placed, const Part& part) {
    const auto first = static_cast<std::size_t>(placed.data() - layer.components.data());
    for (std::size_t count = 1; count < placed.size(); ++count) {
      rules::Composition so_far = composition;
      so_far.apply(run_constants(layer, first, count));
      behind[first + count - 1] = so_far.result();
    }
    if (const auto* b = std::get_if<AffineConstants>(&part)) {
      const AffinePart affine = place_(placed.front().block, *b);
      composition.apply(affine.constants, affine.radius);
    } else {
      composition.apply(std::get<MapConstants>(part));
    }
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
  for (std::size_t c = first; c < first + count; ++c) {
    run.push_back(
        *index_map_of(layer.components[c].component, graph_.site_of(layer, c, inputs_.batch)));
  }
  return index_map_constants(run);
}

Triple LayerEvaluator::merge_inputs(const Layer& layer, rules::Trace* trace) const {
  Triple merged = bounds_of(layer.inputs.front());
  if (!layer.components.empty()) {
    std::visit(
        [&](const auto& component) {
          if constexpr (MergeType<std::remove_cvref_t<decltype(component)>>) {
            std::vector<rules::Branch> branches;
            for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
              branches.push_back({bounds_of(layer.inputs[i]), layer.input_groups[i]});
            }
            merged = component.merge(branches, table_.method);
            if (trace != nullptr) note_merge(*trace, layer, component.name(), component.rule());
          }
        },
        layer.components.front().component);
  }
  if (trace != nullptr) {
    trace->lines.push_back({"m_in", "bound of what the layer reads", merged.m, ""});
    trace->lines.push_back({"l_in", "its Lipschitz constant", merged.lipschitz, ""});
    trace->lines.push_back({"L_in", "its smoothness constant", merged.smoothness, ""});
  }
  return merged;
}

void LayerEvaluator::note_merge(rules::Trace& trace, const Layer& layer, std::string_view name,
                                std::string_view rule) const {
  trace.lines.push_back({"", std::string(name), {}, std::string(rule)});
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    const Triple branch = bounds_of(layer.inputs[i]);
    const std::string label =
        fmt::format("'{}', parameter group {}",
                    layer.inputs[i] == Graph::network_input ? std::string(input_name)
                                                            : graph_.layers[layer.inputs[i]].name,
                    layer.input_groups[i] + 1);
    trace.lines.push_back({fmt::format("m_{}", i + 1), label, branch.m, ""});
    trace.lines.push_back({fmt::format("l_{}", i + 1), label, branch.lipschitz, ""});
    trace.lines.push_back({fmt::format("L_{}", i + 1), label, branch.smoothness, ""});
  }
}

}  // namespace smoothbound
