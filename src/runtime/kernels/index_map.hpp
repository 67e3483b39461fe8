// Kernels of index maps.
#pragma once

#include <memory>

#include "smoothbound/layers/index_map.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/runtime/kernel.hpp"

namespace smoothbound::kernels {

/// `map` of each sample at a site.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> index_map_kernel(const IndexMap& map, const Site& site);

}  // namespace smoothbound::kernels
