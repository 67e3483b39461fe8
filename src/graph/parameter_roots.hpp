// Which branches of a merge depend on disjoint parameters.
#pragma once

#include <cstdint>
#include <vector>

#include "smoothbound/graph/graph.hpp"

namespace smoothbound {

/// Follows the layers in the order of evaluation and fills `input_groups` of merges.
///
/// A root is a layer with parameters none of whose inputs depends on any. Two layers share a
/// parameter block exactly if they share a root: a block that both depend on belongs to a layer
/// with a root of its own. So a set of roots stands for the set of all blocks, and along a chain it
/// is one number.
class ParameterRoots {
 public:
  /// Layers with more roots than this count as sharing parameters with every other one, which is
  /// always a valid answer.
  static constexpr std::size_t most_roots = 4096;

  explicit ParameterRoots(Graph& graph);
  /// The next layer; its inputs have been added.
  void add(std::uint32_t index);

 private:
  using SetIndex = std::uint32_t;
  static constexpr SetIndex empty_set = 0;
  static constexpr SetIndex every_root = 1;

  [[nodiscard]] SetIndex roots_of(std::uint32_t layer) const;
  [[nodiscard]] bool meet(SetIndex a, SetIndex b) const;
  SetIndex unite(SetIndex a, SetIndex b);

  Graph& graph_;
  std::vector<std::vector<std::uint32_t>> sets_;  // sorted
  std::vector<SetIndex> roots_;                   // of each layer
};

}  // namespace smoothbound
