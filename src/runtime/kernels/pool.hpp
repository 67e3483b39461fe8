// Kernels of poolings, in any layout.
#pragma once

#include <array>
#include <memory>

#include "conv.hpp"

namespace smoothbound::kernels {

struct PoolGeometry {
  Shape input;
  Shape output;
  std::int64_t batch = 1;
  std::array<AxisWindow, 2> axes;
};

/// The mean of each patch; zeros around the input count.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> average_pool_kernel(const PoolGeometry& geometry);

/// The largest entry of each patch, the first one of equals; what lies around the input never wins.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> max_pool_kernel(const PoolGeometry& geometry);

}  // namespace smoothbound::kernels
