// Eigenvalues of symmetric matrices by Jacobi's rotations, which share nothing with LAPACK.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound::support {

/// Increasing.
inline std::vector<double> symmetric_eigenvalues(linalg::DenseMatrix A) {
  const std::int64_t n = A.rows;
  const auto rotate = [&](std::int64_t p, std::int64_t q) {
    const double theta = (A(q, q) - A(p, p)) / (2 * A(p, q));
    const double t = std::copysign(1, theta) / (std::abs(theta) + std::hypot(theta, 1));
    const double c = 1 / std::hypot(t, 1);
    const double s = t * c;
    for (std::int64_t k = 0; k < n; ++k) {
      const double left = A(k, p);
      A(k, p) = c * left - s * A(k, q);
      A(k, q) = s * left + c * A(k, q);
    }
    for (std::int64_t k = 0; k < n; ++k) {
      const double upper = A(p, k);
      A(p, k) = c * upper - s * A(q, k);
      A(q, k) = s * upper + c * A(q, k);
    }
    A(p, q) = A(q, p) = 0;
  };
  constexpr int enough = 30;  // it converges quadratically
  for (int sweep = 0; sweep < enough; ++sweep) {
    for (std::int64_t p = 0; p < n; ++p) {
      for (std::int64_t q = p + 1; q < n; ++q) {
        if (A(p, q) != 0) rotate(p, q);
      }
    }
  }
  std::vector<double> values;
  for (std::int64_t i = 0; i < n; ++i) values.push_back(A(i, i));
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace smoothbound::support
