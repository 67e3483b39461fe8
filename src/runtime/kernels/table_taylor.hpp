// The rule of values that are parameters themselves.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "smoothbound/runtime/taylor.hpp"

namespace smoothbound::kernels {

/// y = the entries of v that the inputs z choose, which are ids or nothing at all.
using LookUp = std::function<void(const double* z, const double* v, double* y)>;

/// Of outputs with so many scalars for each sample.
std::unique_ptr<TaylorRule> table_rule(std::int64_t samples, std::int64_t elements, LookUp look_up);

}  // namespace smoothbound::kernels
