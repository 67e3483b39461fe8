// The inner problem of convex clustering, equation (25) of the paper.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "smoothbound/runtime/losses/evaluate.hpp"

namespace smoothbound {

struct ClusteringSolution {
  std::vector<double> points;  // y, n x q
  /// sum_i ||y_i - z_i||^2 / 2 + sum_{i<j} ||y_i - y_j|| at `points`.
  double value = 0;
  /// `value` minus the dual value at `dual`: at least `value` minus the minimum, and at least
  /// ||y - y*||^2 / 2, because the problem is 1-strongly convex.
  double gap = 0;
  /// u_ij for i < j, row by row, with ||u_ij|| <= 1: the dual value is
  /// <z, D^T u> - ||D^T u||^2 / 2, with (D y)_ij = y_i - y_j.
  std::vector<double> dual;
  /// Points that coincide have the same number; 0, 1, ... in the order of first members.
  std::vector<std::int64_t> cluster_of;
  std::int64_t iterations = 0;
};

/// Solves the problem for `predictions` (z, n x q) by ADMM (Chi and Lange 2015): every pair has a
/// copy of its difference, and the linear system of the other step has a closed form because the
/// graph of pairs is complete. Where the method shows which points coincide, Newton's method on the
/// remaining, smooth problem gives them to full accuracy. `warm_start`: `dual` of a problem near
/// by, or empty.
///
/// Throws LossDataError if `warm_start` has another size or is not finite, NotConverged if
/// `solver.iterations` steps do not certify `solver.relative_gap`.
ClusteringSolution solve_convex_clustering(std::int64_t samples, std::int64_t outputs,
                                           std::span<const double> predictions,
                                           std::span<const double> warm_start = {},
                                           const InnerSolver& solver = {});

}  // namespace smoothbound
