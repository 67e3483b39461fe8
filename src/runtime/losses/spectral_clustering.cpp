// f(Z) = sum of sigma_i(Z)^2 for i > k, the squared distance of Z (n x q) to the matrices of rank
// k.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "oracles.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound::losses {
namespace {

using namespace linalg;

// Singular values this close relative to the largest one cannot be told apart: they come out with
// errors of a few units in the last place of it.
constexpr double resolution = 1e-14;

// A singular value decomposition and where it is cut.
struct Cut {
  ThinSvd svd;            // of Z, n x q: r = min(n, q) singular values
  std::int64_t rank = 0;  // k < r

  [[nodiscard]] double singular(std::int64_t i) const {
    return svd.singular[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] double above() const { return singular(rank - 1); }
  [[nodiscard]] double below() const { return singular(rank); }
  [[nodiscard]] bool is_separated() const { return above() - below() > resolution * singular(0); }
};

// M -= L L^T M, for orthonormal columns of L.
void remove_columns(ConstMatrixView L, DenseMatrix& M) {
  add_product(-1, L, product(transposed(L), M), M);
}

// M -= M R^T R, for orthonormal rows of R.
void remove_rows(ConstMatrixView R, DenseMatrix& M) {
  add_product(-1, product(M, transposed(R)), R, M);
}

// The sum of the squares from the singular value of this index on.
double energy_from(std::span<const double> singular, std::int64_t first) {
  const auto tail = singular.subspan(static_cast<std::size_t>(first));
  return dot(tail, tail);
}

// Half of the Hessian product: the derivative of Z (I - P), P the projector on the k leading right
// singular vectors, along D. D falls into three parts:
// - rows or columns outside of the ranges of `left` and `right` see sigma = 0 there, and leave the
//   subspaces of the other side alone;
// - the core C = left^T D right, where P moves by first-order perturbation:
//   dP_ab = (C^T S + S C)_ab / (sigma_a^2 - sigma_b^2) for a <= k < b, and symmetric.
DenseMatrix residual_change(const Cut& cut, const DenseMatrix& direction) {
  const auto& [left, singular, right] = cut.svd;
  const std::int64_t k = cut.rank;
  // Columns outside of `right`: P_left removes its leading part.
  DenseMatrix outside_right = direction;
  remove_rows(right, outside_right);
  DenseMatrix result = outside_right;
  remove_columns(ConstMatrixView(left).middle_columns(0, k), result);
  // Rows outside of `left`, columns inside `right`.
  DenseMatrix outside_left = direction;
  add_scaled(-1, outside_right.entries, outside_left.entries);
  remove_columns(left, outside_left);
  remove_rows(ConstMatrixView(right).middle_rows(0, k), outside_left);
  add_scaled(1, outside_left.entries, result.entries);
  const DenseMatrix core = product(product(transposed(left), direction), transposed(right));
  DenseMatrix inner = core;
  for (std::int64_t a = 0; a < inner.rows; ++a) {
    const auto head = inner.row(a).first(static_cast<std::size_t>(k));
    std::fill(head.begin(), head.end(), 0);
  }
  for (std::int64_t a = 0; a < k; ++a) {
    for (std::int64_t b = k; b < inner.rows; ++b) {
      const double high = cut.singular(a);
      const double low = cut.singular(b);
      const double turn = (core(b, a) * low + high * core(a, b)) / ((high - low) * (high + low));
      inner(a, b) -= high * turn;
      inner(b, a) -= low * turn;
    }
  }
  add_product(1, product(left, inner), right, result);
  return result;
}

}  // namespace

double tail_energy(std::int64_t rows, std::int64_t columns, std::span<const double> matrix,
                   std::int64_t rank) {
  if (rank >= std::min(rows, columns)) return 0;
  return energy_from(singular_values({matrix.data(), rows, columns}), rank);
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
  const std::int64_t n = data.samples;
  const std::int64_t q = data.outputs;
  const auto cut =
      std::make_shared<const Cut>(Cut{thin_svd({data.predictions.data(), n, q}), data.clusters});
  result.value = energy_from(cut->svd.singular, cut->rank);
  DenseMatrix rest = cut->svd.Vt;  // scaled, the rows that are cut off
  for (std::int64_t i = 0; i < rest.rows; ++i) {
    scale(i < cut->rank ? 0 : 2 * cut->singular(i), rest.row(i));
  }
  multiply(cut->svd.U, rest, MatrixView(result.gradient.data(), n, q));
  // Below rank k the value is 0, the least possible, and so is the gradient.
  const bool below_rank = cut->above() <= resolution * cut->singular(0);
  result.differentiable = cut->is_separated() || below_rank;
  result.hessian_product = [cut, n, q](std::span<const double> direction,
                                       std::span<double> product) {
    if (!cut->is_separated()) {
      throw NotDifferentiable(fmt::format(
          "spectral_clustering has no Hessian here: singular values {} and {} are both {}",
          cut->rank, cut->rank + 1, cut->above()));
    }
    DenseMatrix along(n, q);
    std::copy(direction.begin(), direction.end(), along.entries.begin());
    const DenseMatrix change = residual_change(*cut, along);
    for (std::size_t i = 0; i < product.size(); ++i) product[i] = 2 * change.entries[i];
  };
  return result;
}

}  // namespace smoothbound::losses
