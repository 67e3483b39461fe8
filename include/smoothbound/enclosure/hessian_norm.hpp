// The norm of a Hessian, certified by all of its columns: section 6 of docs/theory.md.
#pragma once

#include <cstdint>
#include <functional>

#include "smoothbound/enclosure/hessian_product.hpp"
#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

struct HessianNorm {
  Magnitude bound;            // of the largest absolute eigenvalue
  Magnitude frobenius;        // of the square root of the sum of squares of all eigenvalues
  double found = 0;           // of a vector that was looked for, a lower bound as computed
  std::int64_t products = 0;  // with vectors
};

/// Called now and then with how many columns are known; one call at a time.
using ColumnProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// What `hessian_norm` takes at most, with the threads that there are.
std::int64_t bytes_of_hessian_norm(const Graph& graph, std::int64_t batch);

/// An upper bound of ||hess F|| at a point. Costs as many products as there are parameters, and
/// some more; two vectors of that size are kept for each of these. Throws as HessianProduct.
HessianNorm hessian_norm(const ObjectivePoint& point, const ColumnProgress& progress = {});

}  // namespace smoothbound
