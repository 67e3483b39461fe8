// The part of a network that one of its layers depends on.
#pragma once

#include <cstdint>
#include <vector>

#include "smoothbound/graph/graph.hpp"

namespace smoothbound {

/// A graph with `layer` as its output, the layers that this one depends on, and those whose
/// parameters they take, with what these read.
struct Prefix {
  Graph graph;
  std::vector<std::uint32_t> blocks;  // of the whole graph that it has, in its order
};

/// Its parameter blocks are numbered anew, the rest is as in the whole graph.
Prefix prefix_of(const Graph& graph, std::uint32_t layer);

}  // namespace smoothbound
