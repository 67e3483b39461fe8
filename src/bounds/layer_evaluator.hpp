// Evaluates the layers of a graph one at a time, given the bounds of their inputs.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "smoothbound/bounds/evaluate.hpp"

namespace smoothbound {

/// What the composition rules take for an affine part: its constants, the radius of the ball in
/// which its parameter block varies, and the largest norm of the block itself.
struct AffinePart {
  AffineConstants constants;
  Magnitude radius;
  Magnitude parameter_norm;
};

/// A table whose layers have no bounds yet. Where nothing reads another norm than the Euclidean
/// one, it knows that alone.
BoundTable empty_table(const Graph& graph, const Inputs& inputs, Method method);

/// Makes it out of what the component states and the block of `Graph::blocks` that it reads.
using PlaceAffine = std::function<AffinePart(std::uint32_t block, const AffineConstants& b)>;

class LayerEvaluator {
 public:
  /// `place` must outlive the evaluator.
  LayerEvaluator(const Graph& graph, const Inputs& inputs, const BoundTable& table,
                 const PlaceAffine& place)
      : graph_(graph), inputs_(inputs), table_(table), place_(place) {}

  /// Calls `visit` with the constants of each part of `layer`.
  template <class Visitor>
  void for_each_part(const Layer& layer, Visitor&& visit) const {
    for (std::size_t c = 0; c < layer.components.size(); ++c) {
      const PlacedComponent& placed = layer.components[c];
      std::visit(
          [&](const auto& component) {
            if constexpr (UnaryType<std::remove_cvref_t<decltype(component)>>) {
              const Site site = graph_.site_of(layer, c, inputs_.batch);
              for (const Part& part : component.parts(site, table_.method)) visit(placed, part);
            }
          },
          placed.component);
    }
  }

  /// `trace` may be null.
  rules::Value evaluate(const Layer& layer, rules::Trace* trace) const;
  /// The bounds behind each component.
  [[nodiscard]] std::vector<Triple> evaluate_components(const Layer& layer) const;

 private:
  [[nodiscard]] rules::Value value_of(std::uint32_t layer) const;
  [[nodiscard]] rules::Value merge_inputs(const Layer& layer, rules::Trace* trace) const;
  void apply(rules::Composition& composition, const PlacedComponent& placed,
             const Part& part) const;
  void note_merge(rules::Trace& trace, const Layer& layer, std::string_view name,
                  std::string_view rule) const;

  const Graph& graph_;
  const Inputs& inputs_;
  const BoundTable& table_;
  const PlaceAffine& place_;
};

/// Evaluates all layers of the graph, in order, into `table`; sup ||w||, too. `adapt` may lower the
/// bounds of a layer before others read them.
void fill_table(const Graph& graph, const Inputs& inputs, const PlaceAffine& place,
                const std::function<void(std::uint32_t layer, rules::Value& value)>& adapt,
                BoundTable& table);

}  // namespace smoothbound
