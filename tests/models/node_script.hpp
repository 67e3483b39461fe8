// Graphs of ONNX nodes in a line of text, for tests that rewrite them.
#pragma once

#include <string>
#include <string_view>

#include "models/onnx/graph.hpp"

namespace smoothbound::models::onnx {

/// "s = Sigmoid(x); y = Mul(x, s)": nodes, of which the last makes the output; "-> s, y" behind
/// them lists other ones. "y@/act/Mul = ..." names a node, "a|b = ..." has two outputs. Arguments
/// are values, numbers, lists "[0 8 -1]", `_` for what is left out, or initializers "w:64x3x1x1",
/// those that begin with "ones" or "zeros" filled with these, others with "w:2[0.5 1]" or counted;
/// "fixed:2" is a literal. "x", "x2" to "x5" are inputs of rank 4 and of these ranks, "any" one of
/// unknown rank, "x:?x3x8x8" and "ids:1x5" those of that shape, of ids. Attributes stand behind:
/// "axis=1 alpha=0.5 pads=[1 1] scales=[1.0 2.0] mode='edge'".
Graph graph_of_script(std::string_view script, std::int64_t opset = 17);

/// The nodes as such a script, numbers of initializers with their sizes; "#" for values without a
/// name. Nodes that have names show them if `with_names`.
std::string script_of_graph(const Graph& graph, bool with_names = false);

}  // namespace smoothbound::models::onnx
