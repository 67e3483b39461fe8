// Kernels of index maps.
#pragma once

#include <memory>

#include "smoothbound/layers/index_map.hpp"
#include "smoothbound/runtime/kernel.hpp"

namespace smoothbound::kernels {

/// `map` of each sample of a batch; `inputs` scalars of a sample before it.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> index_map_kernel(const IndexMap& map, std::int64_t inputs,
                                                 std::int64_t batch);

}  // namespace smoothbound::kernels
