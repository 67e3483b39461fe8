// Kernels of poolings, in any layout.
#pragma once

#include <memory>
#include <vector>

#include "conv.hpp"

namespace smoothbound::kernels {

/// Output o reads the inputs [begin, end) along an axis; a mean divides by the product of the axes'
/// divisors.
struct PatchRange {
  std::int64_t begin = 0;
  std::int64_t end = 1;
  std::int64_t divisor = 1;
};
struct PoolAxis {
  std::int64_t input = 1;
  std::vector<PatchRange> outputs{PatchRange{}};
};

struct PoolGeometry {
  Shape input;
  Shape output;
  std::int64_t batch = 1;
  SpatialAxes<PoolAxis> axes;
};

/// The mean of each patch.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> average_pool_kernel(const PoolGeometry& geometry);

/// The largest entry of each patch, the first one of equals; what lies around the input never wins.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> max_pool_kernel(const PoolGeometry& geometry);

}  // namespace smoothbound::kernels
