// What the float32 kernels share of oneDNN.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <optional>

#include "smoothbound/runtime/layout.hpp"

namespace smoothbound::onednn {

dnnl::engine& engine();
dnnl::stream& stream();

/// [batch, channels, height, width]; a sequence has height 1, a vector is one position.
dnnl::memory::dims dimensions(const BatchShape& shape);
/// The layout of a descriptor that oneDNN has chosen, if it is one of ours.
std::optional<Layout> layout_of(const dnnl::memory::desc& chosen, const BatchShape& shape);
/// Runs a primitive and waits.
void run(const dnnl::primitive& primitive, const std::unordered_map<int, dnnl::memory>& arguments);

}  // namespace smoothbound::onednn
