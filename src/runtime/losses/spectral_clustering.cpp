// f(Z) = sum of sigma_i(Z)^2 for i > k, the squared distance of Z (n x q) to the matrices of rank
// k.
#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <memory>

#include "oracles.hpp"

namespace smoothbound::losses {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstView = Eigen::Map<const Matrix>;
using View = Eigen::Map<Matrix>;
using Eigen::Index;

ConstView view(std::int64_t rows, std::int64_t columns, std::span<const double> numbers) {
  return {numbers.data(), static_cast<Index>(rows), static_cast<Index>(columns)};
}

// Singular values this close relative to the largest one cannot be told apart: they come out with
// errors of a few units in the last place of it.
constexpr double resolution = 1e-14;

// A thin singular value decomposition and where it is cut.
struct Cut {
  Matrix left;               // n x r, r = min(n, q)
  Matrix right;              // q x r
  Eigen::VectorXd singular;  // decreasing
  Index rank = 0;            // k < r

  [[nodiscard]] double above() const { return singular(rank - 1); }
  [[nodiscard]] double below() const { return singular(rank); }
  [[nodiscard]] bool is_separated() const { return above() - below() > resolution * singular(0); }
};

// Half of the Hessian product: the derivative of Z (I - P), P the projector on the k leading right
// singular vectors, along D. D falls into three parts:
// - rows or columns outside of the ranges of `left` and `right` see sigma = 0 there, and leave the
//   subspaces of the other side alone;
// - the core C = left^T D right, where P moves by first-order perturbation:
//   dP_ab = (C^T S + S C)_ab / (sigma_a^2 - sigma_b^2) for a <= k < b, and symmetric.
Matrix residual_change(const Cut& cut, const ConstView& direction) {
  const Index k = cut.rank;
  const Index rest = cut.singular.size() - k;
  const auto head_right = cut.right.leftCols(k);
  const auto head_left = cut.left.leftCols(k);
  const Matrix in_left = cut.left.transpose() * direction;  // r x q
  const Matrix core = in_left * cut.right;                  // r x r
  const Matrix outside_right = direction - (direction * cut.right) * cut.right.transpose();
  // Columns outside of `right`: P_left removes its leading part.
  Matrix result = outside_right - head_left * (head_left.transpose() * outside_right);
  // Rows outside of `left`, columns inside `right`.
  const Matrix outside_left = (direction - cut.left * in_left - outside_right +
                               cut.left * (cut.left.transpose() * outside_right));
  result += outside_left - (outside_left * head_right) * head_right.transpose();
  Matrix inner = core;
  inner.leftCols(k).setZero();
  for (Index a = 0; a < k; ++a) {
    for (Index b = k; b < k + rest; ++b) {
      const double high = cut.singular(a);
      const double low = cut.singular(b);
      const double turn = (core(b, a) * low + high * core(a, b)) / ((high - low) * (high + low));
      inner(a, b) -= high * turn;
      inner(b, a) -= low * turn;
    }
  }
  return result + cut.left * inner * cut.right.transpose();
}

}  // namespace

double tail_energy(std::int64_t rows, std::int64_t columns, std::span<const double> matrix,
                   std::int64_t rank) {
  if (rank >= std::min(rows, columns)) return 0;
  const Eigen::BDCSVD<Matrix> svd(view(rows, columns, matrix));
  return svd.singularValues().tail(std::min(rows, columns) - rank).squaredNorm();
}

LossEvaluation spectral_clustering(const LossData& data) {
  LossEvaluation result;
  result.gradient.assign(data.predictions.size(), 0);
  if (data.clusters >= std::min(data.samples, data.outputs)) {  // every matrix has such a rank
    result.hessian_product = [](std::span<const double> /*direction*/, std::span<double> product) {
      std::fill(product.begin(), product.end(), 0);
    };
    return result;
  }
  const ConstView z = view(data.samples, data.outputs, data.predictions);
  const Eigen::BDCSVD<Matrix> svd(z, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const auto cut = std::make_shared<const Cut>(
      Cut{svd.matrixU(), svd.matrixV(), svd.singularValues(), static_cast<Index>(data.clusters)});
  const Index rest = cut->singular.size() - cut->rank;
  result.value = cut->singular.tail(rest).squaredNorm();
  View(result.gradient.data(), z.rows(), z.cols()) =
      2 * (cut->left.rightCols(rest) * cut->singular.tail(rest).asDiagonal() *
           cut->right.rightCols(rest).transpose());
  // Below rank k the value is 0, the least possible, and so is the gradient.
  const bool below_rank = cut->above() <= resolution * cut->singular(0);
  result.differentiable = cut->is_separated() || below_rank;
  result.hessian_product = [cut, n = z.rows(), q = z.cols()](std::span<const double> direction,
                                                             std::span<double> product) {
    if (!cut->is_separated()) {
      throw NotDifferentiable(fmt::format(
          "spectral_clustering has no Hessian here: singular values {} and {} are both {}",
          cut->rank, cut->rank + 1, cut->above()));
    }
    View(product.data(), n, q) = 2 * residual_change(*cut, ConstView(direction.data(), n, q));
  };
  return result;
}

}  // namespace smoothbound::losses
