// What the float32 kernels share of oneDNN.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <type_traits>
#include <unordered_map>

#include "smoothbound/runtime/layout.hpp"

namespace smoothbound::kernels::onednn {

dnnl::engine& engine();
dnnl::stream& stream();

/// [batch, channels, height, width]; a sequence has height 1, a vector is one position.
dnnl::memory::dims dimensions(const BatchShape& shape);
/// The layout of a descriptor that oneDNN has chosen, if it is one of ours.
std::optional<Layout> layout_of(const dnnl::memory::desc& chosen, const BatchShape& shape);
/// Runs a primitive and waits.
void run(const dnnl::primitive& primitive, const std::unordered_map<int, dnnl::memory>& arguments);

// All that differs between oneDNN 2 and 3. `last` is a forward primitive's attributes, or for a
// backward one the forward description it belongs to.
#if DNNL_VERSION_MAJOR < 3
template <class Operation, class Last, class... Arguments>
typename Operation::primitive_desc describe(const Last& last, const Arguments&... arguments) {
  const typename Operation::desc operation(arguments...);
  if constexpr (std::is_same_v<Last, dnnl::primitive_attr>) {
    return {operation, last, engine()};
  } else {
    return {operation, engine(), last};
  }
}
inline void append_relu(dnnl::post_ops& ends, float slope_below) {
  ends.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, slope_below, 0.0F);
}
// Left to the reorders.
inline bool pack_padded(const float* /*dense*/, const dnnl::memory::desc& /*layout*/,
                        float* /*packed*/) {
  return false;
}
#else
template <class Operation, class Last, class... Arguments>
typename Operation::primitive_desc describe(const Last& last, const Arguments&... arguments) {
  return {engine(), arguments..., last};
}
inline void append_relu(dnnl::post_ops& ends, float slope_below) {
  ends.append_eltwise(dnnl::algorithm::eltwise_relu, slope_below, 0.0F);
}
/// From row-major data into a layout that rounds sizes up to whole blocks, with zeros in the rest:
/// the reorders of 3.7 lose data there. Returns false for other layouts.
bool pack_padded(const float* dense, const dnnl::memory::desc& layout, float* packed);
#endif

}  // namespace smoothbound::kernels::onednn
