// Bounds of every layer of a network: the composition rules applied along the graph.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/rules/compose.hpp"

namespace smoothbound {

/// What the bounds depend on besides the graph.
struct Inputs {
  std::int64_t batch = 1;
  Magnitude norm;                   // ||x|| of the stacked batch
  Magnitude default_radius;         // of layers that name none
  RemedyWords words = plain_words;  // for reasons why something is infinite
  /// The largest norm of a sample; nothing: that of the batch.
  std::optional<Magnitude> sample_norm{};
  Refinements refinements{};
  bool all_levels = false;  // sharp: also in norms that no layer reads
};

struct BoundTable {
  Method method = Method::sharp;
  std::vector<Triple> layers;  // in the order of the file
  /// What else is known of the layers, if anything: other norms, groups of parameters.
  std::vector<rules::PackedValue> values;
  LevelSet level_set;        // at which they are known
  Magnitude parameter_norm;  // sqrt(sum R^2) over all parameter blocks: sup ||w||

  /// All that is known of a layer.
  [[nodiscard]] rules::Value value(std::uint32_t layer) const;
  /// The bounds of a layer in another norm.
  [[nodiscard]] Triple at(std::uint32_t layer, std::size_t level) const {
    return value(layer).total(level);
  }
  /// Of the network as a whole: its last layer.
  [[nodiscard]] const Triple& network() const { return layers.back(); }
};

/// m_l, l_l and L_l of every layer as functions of the parameters on the product of balls.
BoundTable evaluate_bounds(const Graph& graph, const Inputs& inputs, Method method);

/// How the bounds of one layer came about, given the table they stand in.
rules::Trace trace_layer(const Graph& graph, const Inputs& inputs, const BoundTable& table,
                         std::uint32_t layer);

/// The bounds behind each component of a layer, given the table it stands in; the last ones are the
/// layer's. A layer without components has none.
std::vector<Triple> bounds_behind_components(const Graph& graph, const Inputs& inputs,
                                             const BoundTable& table, std::uint32_t layer);

/// Why an entry is infinite: the layer where that begins, and the reason.
struct Cause {
  std::uint32_t layer = 0;
  std::string reason;
};

/// The causes of all infinite entries of a table.
class CauseTable {
 public:
  CauseTable(const Graph& graph, const Inputs& inputs, const BoundTable& table);

  /// The cause of an entry of `layer`, or null if it is finite.
  [[nodiscard]] const Cause* find(std::uint32_t layer, TripleEntry entry) const;

 private:
  static constexpr std::uint32_t none = 0xFFFFFFFFU;
  std::vector<Cause> causes_;
  std::vector<std::array<std::uint32_t, 3>> index_;  // of m, l, L; empty if all is finite
};

/// "layer 'conv1_1', relu: ..."
std::string describe(const Graph& graph, const Cause& cause);

}  // namespace smoothbound
