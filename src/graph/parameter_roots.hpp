// Which branches of a merge depend on disjoint parameters.
#pragma once

#include <cstdint>
#include <vector>

#include "smoothbound/graph/graph.hpp"

namespace smoothbound {

/// Follows the layers in the order of evaluation and fills `input_groups` of merges: of inputs that
/// share parameters, directly or through others, each has the position of the first.
///
/// A root is a layer with parameters none of whose inputs depends on any. Two layers share a
/// parameter block exactly if they share a root: a block that both depend on belongs to a layer
/// with a root of its own. So a set of roots stands for the set of all blocks, and along a chain it
/// is one number. A set is forgotten when the last layer that reads it has been added.
class ParameterRoots {
 public:
  /// Layers with more roots than this count as sharing parameters with every other one, which is
  /// always a valid answer.
  static constexpr std::size_t most_roots = 4096;

  explicit ParameterRoots(Graph& graph);
  /// The next layer; its inputs have been added.
  void add(std::uint32_t index);

  /// The largest number of roots that all sets together have had so far: what memory they take.
  [[nodiscard]] std::size_t most_held() const { return most_held_; }
  /// How often a root of a set has been looked at: what time it took.
  [[nodiscard]] std::size_t visits() const { return visits_; }

 private:
  using SetIndex = std::uint32_t;
  static constexpr SetIndex empty_set = 0;
  static constexpr SetIndex every_root = 1;

  struct Set {
    std::vector<std::uint32_t> roots;
    std::vector<SetIndex> parts;  // sets that it is known to contain
    std::uint32_t layers = 0;     // that have it and are still to be read
  };
  /// Which input of the merge at hand was the first to have something.
  struct Mark {
    std::uint32_t merge = Graph::network_input;  // none
    std::uint32_t input = 0;
  };

  [[nodiscard]] SetIndex roots_of(std::uint32_t layer) const;
  [[nodiscard]] SetIndex merge(std::uint32_t index);
  SetIndex make(std::vector<std::uint32_t> roots, std::vector<SetIndex> parts);
  void give(std::uint32_t layer, SetIndex set);
  void forget_read(const Layer& layer);

  Graph& graph_;
  std::vector<Set> sets_;
  std::vector<SetIndex> roots_;          // of each layer
  std::vector<std::uint32_t> readings_;  // of each layer, that are still to come
  std::vector<Mark> root_marks_;         // by layer
  std::vector<Mark> set_marks_;          // by set
  std::size_t held_ = 0;
  std::size_t most_held_ = 0;
  std::size_t visits_ = 0;
};

}  // namespace smoothbound
