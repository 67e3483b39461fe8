// Nodes that together are one component, put together: what exporters take apart.
#pragma once

#include "graph.hpp"

namespace smoothbound::models::onnx {

/// Replaces groups of nodes by one node of ONNX's own operators, in the forms below, if nothing
/// else reads what lies between them; a value that is a result of the graph is read. Takes Identity
/// and Dropout out; an initializer behind an Identity becomes one of its own. No operator set is
/// looked at: the new nodes are read alike in all of them.
///
/// Forms that ONNX does not have:
/// - MatMul with a third input, a shift [units] of its last axis;
/// - LayerNormalization whose scale and shift may be `absent`, or [sizes along its axes]; with
///   `axes` in place of `axis` unless these are known to be the last; they may be negative;
/// - RMSNormalization the same, without a shift;
/// - GroupNormalization with scale and shift [channels], `absent` if it has none;
/// - HardSigmoid with `alpha` and `beta` always, Gelu with `approximate` always;
/// - GlobalAveragePool and Flatten for a ReduceMean over all spatial axes.
/// Parameters that lose axes of size 1 keep their names.
void fuse_patterns(Graph& graph);

}  // namespace smoothbound::models::onnx
