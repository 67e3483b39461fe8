// Evaluates the layers of a graph one at a time, given the bounds of their inputs.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "smoothbound/bounds/evaluate.hpp"

namespace smoothbound {

/// What the composition rules take for an affine step: its constants, the radius of the ball in
/// which its parameter block varies, and the largest norm of the block itself.
struct AffineStep {
  AffineConstants constants;
  Magnitude radius;
  Magnitude parameter_norm;
};

/// Makes it out of what the component states. Called in the order of evaluation, step after step.
using PlaceAffine = std::function<AffineStep(const Layer& layer, const AffineConstants& b)>;

class LayerEvaluator {
 public:
  /// `place` must outlive the evaluator.
  LayerEvaluator(const Graph& graph, const Inputs& inputs, const BoundTable& table,
                 const PlaceAffine& place)
      : graph_(graph), inputs_(inputs), table_(table), place_(place) {}

  /// Calls `visit` with the constants of each step of `layer`.
  template <class Visitor>
  void for_each_step(const Layer& layer, Visitor&& visit) const {
    const Shape* input = &graph_.shape_of(layer.inputs.front());
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

  /// `parameter_norm`: the norm of each block is added to it. `trace` may be null, as it may.
  Triple evaluate(const Layer& layer, Trace* trace, Magnitude* parameter_norm) const;
  /// The bounds behind each component.
  [[nodiscard]] std::vector<Triple> evaluate_components(const Layer& layer) const;

 private:
  [[nodiscard]] Triple bounds_of(std::uint32_t layer) const {
    return layer == Graph::network_input ? Triple{inputs_.norm, {}, {}} : table_.layers[layer];
  }
  [[nodiscard]] Triple merge_inputs(const Layer& layer, Trace* trace) const;
  void note_merge(Trace& trace, const Layer& layer, std::string_view name,
                  std::string_view rule) const;

  const Graph& graph_;
  const Inputs& inputs_;
  const BoundTable& table_;
  const PlaceAffine& place_;
};

}  // namespace smoothbound
