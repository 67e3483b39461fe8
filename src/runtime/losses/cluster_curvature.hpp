// Convex clustering once it is known which points coincide: a smooth problem in the clusters'
// centres c, minimize sum_a n_a ||c_a - mean_a||^2 / 2 + sum_{a<b} n_a n_b ||c_a - c_b||.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace smoothbound::losses {

struct Partition {
  std::vector<std::int64_t> cluster_of;  // 0, 1, ... in the order of first members
  std::vector<double> sizes;             // n_a

  [[nodiscard]] std::size_t cluster(std::size_t point) const {
    return static_cast<std::size_t>(cluster_of[point]);
  }
  /// Sums over each cluster of the rows of `x`, which have q numbers.
  [[nodiscard]] std::vector<double> sums(std::span<const double> x, std::size_t q) const;
};

/// The problem's Hessian at distinct centres (each of q numbers): n_a on the diagonal, plus
/// n_a n_b (I - e e^T) / ||c_a - c_b|| between each pair, e its direction.
class ClusterCurvature {
 public:
  ClusterCurvature(std::vector<double> sizes, std::vector<double> centres, std::size_t q);

  /// result = Hessian x
  void multiply(std::span<const double> x, std::span<double> result) const;
  /// The x with Hessian x = right_side, by conjugate gradient with the diagonal as preconditioner.
  /// `residual`, if given, becomes that of the x returned, relative to the right side.
  [[nodiscard]] std::vector<double> solve(std::span<const double> right_side,
                                          double* residual = nullptr) const;

 private:
  std::size_t q_;
  std::vector<double> sizes_;
  std::vector<double> centres_;
  std::vector<double> diagonal_;  // one number for each cluster: the mean over its q
};

}  // namespace smoothbound::losses
