// Scripts of nodes before and after fusion.
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <string_view>

#include "models/onnx/fuse.hpp"
#include "node_script.hpp"

namespace smoothbound::models::onnx {

inline std::string fused(std::string_view script, bool with_names = false) {
  Graph graph = graph_of_script(script);
  fuse_patterns(graph);
  return script_of_graph(graph, with_names);
}

/// Whether the nodes stay as they are.
inline bool is_left(std::string_view script) {
  return fused(script) == script_of_graph(graph_of_script(script));
}

}  // namespace smoothbound::models::onnx
