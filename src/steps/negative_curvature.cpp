#include "negative_curvature.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound::steps {
namespace {

using namespace linalg;

using Vector = std::vector<double>;

double norm(const Vector& x) { return std::sqrt(dot(x, x)); }

}  // namespace

double least_curvature_found(std::int64_t size, const MatrixProduct& multiply_by,
                             std::int64_t products) {
  const std::int64_t steps = std::min(size, products);
  DenseMatrix basis(steps, size);  // a direction in each row
  Vector diagonal;
  Vector below;
  // The same direction in every run.
  std::mt19937_64 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp)
  std::normal_distribution<double> normal;
  Vector next(static_cast<std::size_t>(size));
  for (double& entry : next) entry = normal(random);
  for (std::int64_t k = 0; k < steps;) {
    const std::span<double> direction = basis.row(k);
    add_scaled(1 / norm(next), next, direction);
    multiply_by(direction, next);
    diagonal.push_back(dot(next, direction));
    const double before = norm(next);
    const ConstMatrixView known = ConstMatrixView(basis).middle_rows(0, ++k);
    for (int pass = 0; pass < 2; ++pass) {
      add_product(-1, transposed(known), product(known, next), next);
    }
    if (k == steps || !(norm(next) > 1e-12 * before)) break;
    below.push_back(norm(next));
  }
  const SymmetricEigen ritz = tridiagonal_eigen(diagonal, below);
  const ConstMatrixView known =
      ConstMatrixView(basis).middle_rows(0, static_cast<std::int64_t>(diagonal.size()));
  const Vector d = product(transposed(known), ritz.vectors.row(0));
  multiply_by(d, next);
  return dot(d, next) / dot(d, d);
}

}  // namespace smoothbound::steps
