// A change of layout as a kernel.
#pragma once

#include <memory>

#include "smoothbound/runtime/kernel.hpp"

namespace smoothbound::kernels {

/// The same batch in the layout of `to`.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> reorder_kernel(const BatchShape& from, const BatchShape& to);

}  // namespace smoothbound::kernels
