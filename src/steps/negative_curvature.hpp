// How negative the curvature of a quadratic is, from products.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace smoothbound::steps {

using MatrixProduct = std::function<void(std::span<const double>, std::span<double>)>;

/// d^T H d / d^T d for a direction d that Lanczos's method finds for H's least eigenvalue, in so
/// many products and one more that makes sure: never below that eigenvalue, and mostly close.
double least_curvature_found(std::int64_t size, const MatrixProduct& multiply_by,
                             std::int64_t products);

}  // namespace smoothbound::steps
