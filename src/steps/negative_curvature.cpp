#include "negative_curvature.hpp"

#include <algorithm>
#include <random>

#include "eigen.hpp"

namespace smoothbound {

double least_curvature_found(std::int64_t size, const MatrixProduct& product,
                             std::int64_t products) {
  using Eigen::MatrixXd;
  using Eigen::VectorXd;
  const auto times = [&](const VectorXd& x) {
    VectorXd y(x.size());
    const auto count = static_cast<std::size_t>(x.size());
    product({x.data(), count}, {y.data(), count});
    return y;
  };
  const std::int64_t steps = std::min(size, products);
  MatrixXd basis(size, steps);
  VectorXd diagonal(steps);
  VectorXd below(std::max<std::int64_t>(steps - 1, 0));
  // The same direction in every run.
  std::mt19937_64 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp)
  std::normal_distribution<double> normal;
  VectorXd next = VectorXd::NullaryExpr(size, [&] { return normal(random); });
  std::int64_t k = 0;
  while (k < steps) {
    basis.col(k) = next.normalized();
    next = times(basis.col(k));
    diagonal(k) = next.dot(basis.col(k));
    const double before = next.norm();
    const auto known = basis.leftCols(++k);
    for (int pass = 0; pass < 2; ++pass) next -= known * (known.transpose() * next).eval();
    if (k == steps || !(next.norm() > 1e-12 * before)) break;
    below(k - 1) = next.norm();
  }
  Eigen::SelfAdjointEigenSolver<MatrixXd> ritz;
  ritz.computeFromTridiagonal(diagonal.head(k), below.head(k - 1));
  const VectorXd d = basis.leftCols(k) * ritz.eigenvectors().col(0);
  return d.dot(times(d)) / d.squaredNorm();
}

}  // namespace smoothbound
