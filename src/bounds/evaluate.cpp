#include "smoothbound/bounds/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace smoothbound {
namespace {

// Evaluates layers one at a time, given the bounds of their inputs.
class LayerEvaluator {
 public:
  LayerEvaluator(const Graph& graph, const Inputs& inputs, const BoundTable& table)
      : graph_(graph), inputs_(inputs), table_(table) {}

  // Calls `visit` with the constants of each step of `layer` and, for an affine one, the radius.
  template <class Visitor>
  void for_each_step(const Layer& layer, Visitor&& visit) const {
    const Shape* input = &input_shape(layer);
    for (const PlacedComponent& placed : layer.components) {
      std::visit(
          [&](const auto& component) {
            if constexpr (StepType<std::remove_cvref_t<decltype(component)>>) {
              const Site site{{input, 1}, placed.output, inputs_.batch};
              for (const Step& step : component.steps(site, table_.method)) visit(placed, step);
            }
          },
          placed.component);
      input = &placed.output;
    }
  }

  [[nodiscard]] Magnitude radius_of(const Layer& layer, const AffineConstants& b) const {
    if (b.radius != nullptr) return b.radius->upper;
    return layer.radius ? layer.radius->upper : inputs_.default_radius;
  }

  // `parameter_norm`: the radius of each block is added to it.
  Triple evaluate(const Layer& layer, Trace* trace, Magnitude* parameter_norm) const {
    Composition composition(merge_inputs(layer, trace), table_.method, trace);
    const PlacedComponent* announced = nullptr;
    for_each_step(layer, [&](const PlacedComponent& placed, const Step& step) {
      // A component of two steps is announced once.
      if (trace != nullptr && announced != &placed) note_component(*trace, placed);
      announced = &placed;
      if (const auto* b = std::get_if<AffineConstants>(&step)) {
        const Magnitude radius = radius_of(layer, *b);
        if (parameter_norm != nullptr) *parameter_norm = hypotenuse(*parameter_norm, radius);
        composition.apply(*b, radius);
      } else {
        composition.apply(std::get<MapConstants>(step));
      }
    });
    return composition.result();
  }

  // The bounds behind each component.
  [[nodiscard]] std::vector<Triple> evaluate_components(const Layer& layer) const {
    Composition composition(merge_inputs(layer, nullptr), table_.method);
    // Those without steps, such as a merge, leave what they read.
    std::vector<Triple> behind(layer.components.size(), composition.result());
    for_each_step(layer, [&](const PlacedComponent& placed, const Step& step) {
      if (const auto* b = std::get_if<AffineConstants>(&step)) {
        composition.apply(*b, radius_of(layer, *b));
      } else {
        composition.apply(std::get<MapConstants>(step));
      }
      const auto first = &placed - layer.components.data();
      std::fill(behind.begin() + first, behind.end(), composition.result());
    });
    return behind;
  }

  [[nodiscard]] Triple bounds_of(std::uint32_t layer) const {
    return layer == Graph::network_input ? Triple{inputs_.norm, {}, {}} : table_.layers[layer];
  }

 private:
  [[nodiscard]] const Shape& input_shape(const Layer& layer) const {
    return graph_.shape_of(layer.inputs.front());
  }

  static void note_component(Trace& trace, const PlacedComponent& placed) {
    trace.lines.push_back({"",
                           std::string(name_of(placed.component)),
                           {},
                           std::string(formula_of(placed.component))});
  }

  [[nodiscard]] Triple merge_inputs(const Layer& layer, Trace* trace) const {
    Triple merged = bounds_of(layer.inputs.front());
    if (!layer.components.empty()) {
      std::visit(
          [&](const auto& component) {
            if constexpr (MergeType<std::remove_cvref_t<decltype(component)>>) {
              std::vector<Branch> branches;
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

  void note_merge(Trace& trace, const Layer& layer, std::string_view name,
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

  const Graph& graph_;
  const Inputs& inputs_;
  const BoundTable& table_;
};

using Entry = Magnitude Triple::*;

constexpr std::string_view beyond_the_largest =
    "beyond the largest number, about 1e1388255822130839282";

// The first infinite constant among those that can make `entry` infinite.
std::string local_reason(const LayerEvaluator& evaluator, const Layer& layer, Entry entry) {
  std::string reason;
  const auto consider = [&](const PlacedComponent& placed, const Constant& constant) {
    if (reason.empty() && constant.value.is_infinite()) {
      reason = fmt::format("{}: {}", name_of(placed.component), constant.source);
    }
  };
  evaluator.for_each_step(layer, [&](const PlacedComponent& placed, const Step& step) {
    const auto* a = std::get_if<MapConstants>(&step);
    if (a == nullptr) return;
    if (entry == &Triple::smoothness) consider(placed, a->smoothness);
    if (entry != &Triple::m) consider(placed, a->lipschitz);
    if (entry == &Triple::m) consider(placed, a->lipschitz);
    consider(placed, a->at_zero);
  });
  return reason;
}

constexpr std::array<Entry, 3> entries{&Triple::m, &Triple::lipschitz, &Triple::smoothness};

std::size_t position_of(Entry entry) {
  return static_cast<std::size_t>(std::find(entries.begin(), entries.end(), entry) -
                                  entries.begin());
}

}  // namespace

BoundTable evaluate_bounds(const Graph& graph, const Inputs& inputs, Method method) {
  BoundTable table{method, std::vector<Triple>(graph.layers.size()), {}};
  const LayerEvaluator evaluator(graph, inputs, table);
  for (const std::uint32_t layer : graph.order) {
    table.layers[layer] = evaluator.evaluate(graph.layers[layer], nullptr, &table.parameter_norm);
  }
  return table;
}

Trace trace_layer(const Graph& graph, const Inputs& inputs, const BoundTable& table,
                  std::uint32_t layer) {
  Trace trace;
  LayerEvaluator(graph, inputs, table).evaluate(graph.layers[layer], &trace, nullptr);
  return trace;
}

std::vector<Triple> bounds_behind_components(const Graph& graph, const Inputs& inputs,
                                             const BoundTable& table, std::uint32_t layer) {
  return LayerEvaluator(graph, inputs, table).evaluate_components(graph.layers[layer]);
}

CauseTable::CauseTable(const Graph& graph, const Inputs& inputs, const BoundTable& table) {
  const bool all_finite = std::ranges::all_of(table.layers, [](const Triple& bounds) {
    return bounds.m.is_finite() && bounds.lipschitz.is_finite() && bounds.smoothness.is_finite();
  });
  if (all_finite) return;
  const LayerEvaluator evaluator(graph, inputs, table);
  index_.resize(graph.layers.size(), {none, none, none});
  const auto inherited = [&](const Layer& layer, Entry from) {
    for (const std::uint32_t input : layer.inputs) {
      if (input == Graph::network_input) continue;
      if (const auto cause = index_[input][position_of(from)]; cause != none) return cause;
    }
    return none;
  };
  // An entry is infinite because the same entry of an input is, or by a constant of the layer, or
  // because of what else it is made from, or else it is too large.
  const auto find_cause = [&](std::uint32_t index, Entry entry) {
    const Layer& layer = graph.layers[index];
    if (const auto cause = inherited(layer, entry); cause != none) return cause;
    std::string reason = local_reason(evaluator, layer, entry);
    if (reason.empty() && entry != &Triple::m) {
      for (const Entry from : {&Triple::lipschitz, &Triple::m}) {
        if (const auto cause = inherited(layer, from); cause != none) return cause;
      }
    }
    if (reason.empty()) reason = beyond_the_largest;
    causes_.push_back({index, std::move(reason)});
    return static_cast<std::uint32_t>(causes_.size() - 1);
  };
  for (const std::uint32_t layer : graph.order) {
    for (const Entry entry : entries) {
      if ((table.layers[layer].*entry).is_finite()) continue;
      index_[layer][position_of(entry)] = find_cause(layer, entry);
    }
  }
}

const Cause* CauseTable::find(std::uint32_t layer, Magnitude Triple::*entry) const {
  if (index_.empty()) return nullptr;
  const std::uint32_t cause = index_[layer][position_of(entry)];
  return cause == none ? nullptr : &causes_[cause];
}

}  // namespace smoothbound
