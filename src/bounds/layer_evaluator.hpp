// Evaluates the layers of a graph one at a time, given the bounds of their inputs.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
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
  /// `place` must outlive the evaluator, and so must `joined`: of each block of the graph the group
  /// that it joins if it has none of its own; empty: the rest.
  LayerEvaluator(const Graph& graph, const Inputs& inputs, const BoundTable& table,
                 const PlaceAffine& place, std::span<const rules::Label> joined = {})
      : graph_(graph), inputs_(inputs), table_(table), place_(place), joined_(joined) {}

  /// Calls `visit` with the constants of each part of `layer` and the components that it stands
  /// for: several where index maps follow each other, which are composed before their copies are
  /// counted.
  template <class Visitor>
  void for_each_part(const Layer& layer, Visitor&& visit) const {
    const std::span<const PlacedComponent> all(layer.components);
    for (std::size_t c = 0; c < all.size();) {
      const std::size_t run = index_maps_from(layer, c);
      if (run > 1) {
        visit(all.subspan(c, run), Part(run_constants(layer, c, run)));
        c += run;
        continue;
      }
      std::visit(
          [&](const auto& component) {
            if constexpr (UnaryType<std::remove_cvref_t<decltype(component)>>) {
              const Site site = graph_.site_of(layer, c, inputs_.batch);
              for (const Part& part : component.parts(site, table_.method)) {
                visit(all.subspan(c, 1), part);
              }
            }
          },
          all[c].component);
      ++c;
    }
  }

  /// `trace` may be null.
  rules::Value evaluate(const Layer& layer, rules::Trace* trace) const;
  /// The bounds behind each component.
  [[nodiscard]] std::vector<Triple> evaluate_components(const Layer& layer) const;

 private:
  /// How many index maps follow each other from a component on.
  [[nodiscard]] static std::size_t index_maps_from(const Layer& layer, std::size_t first);
  /// The constants of that many, as one map.
  [[nodiscard]] MapConstants run_constants(const Layer& layer, std::size_t first,
                                           std::size_t count) const;
  [[nodiscard]] rules::Value value_of(std::uint32_t layer) const;
  [[nodiscard]] rules::Value merge_inputs(const Layer& layer, rules::Trace* trace) const;
  void apply(rules::Composition& composition, std::span<const PlacedComponent> placed,
             const Part& part) const;
  void note_merge(rules::Trace& trace, const Layer& layer, std::string_view name,
                  std::string_view rule) const;

  const Graph& graph_;
  const Inputs& inputs_;
  const BoundTable& table_;
  const PlaceAffine& place_;
  std::span<const rules::Label> joined_;
};

/// Evaluates all layers of the graph, in order, into `table`; sup ||w||, too. `adapt` may lower the
/// bounds of a layer before others read them.
void fill_table(const Graph& graph, const Inputs& inputs, const PlaceAffine& place,
                const std::function<void(std::uint32_t layer, rules::Value& value)>& adapt,
                BoundTable& table);

}  // namespace smoothbound
