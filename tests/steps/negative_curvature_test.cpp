#include "steps/negative_curvature.hpp"

#include <gtest/gtest.h>

#include <random>

#include "support/symmetric_eigenvalues.hpp"

namespace smoothbound::steps {
namespace {

// Random entries, or a few large negative eigenvalues apart from the others.
linalg::DenseMatrix random_symmetric(std::int64_t size, bool low_rank, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  linalg::DenseMatrix H(size, size);
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) H(i, j) = H(j, i) = low_rank ? 0 : normal(random);
  }
  for (int k = 0; low_rank && k < 3; ++k) {
    std::vector<double> v(static_cast<std::size_t>(size));
    for (double& entry : v) entry = normal(random);
    for (std::int64_t i = 0; i < size; ++i) {
      for (std::int64_t j = 0; j < size; ++j) {
        H(i, j) -= v[static_cast<std::size_t>(i)] * v[static_cast<std::size_t>(j)];
      }
    }
  }
  return H;
}

// A step is refused for a curvature that is found, so it has to be that of a direction: never below
// the least eigenvalue. With as many products as there are rows it is that eigenvalue.
TEST(NegativeCurvature, IsTheLeastEigenvalueOrAbove) {
  std::mt19937_64 random(17);
  for (int i = 0; i < 40; ++i) {
    const auto size = static_cast<std::int64_t>(1 + random() % 30);
    SCOPED_TRACE(::testing::Message() << "matrix " << i << " of size " << size);
    const linalg::DenseMatrix H = random_symmetric(size, i % 3 == 0, random);
    const double least = support::symmetric_eigenvalues(H).front();
    std::int64_t products = 0;
    const MatrixProduct multiply = [&](std::span<const double> x, std::span<double> y) {
      ++products;
      for (std::int64_t row = 0; row < size; ++row) {
        double sum = 0;
        for (std::int64_t j = 0; j < size; ++j) sum += H(row, j) * x[static_cast<std::size_t>(j)];
        y[static_cast<std::size_t>(row)] = sum;
      }
    };
    const double rounding = 1e-11 * (1 + std::abs(least));
    EXPECT_NEAR(least_curvature_found(size, multiply, size), least, rounding);
    EXPECT_LE(products, size + 1);
    double before = std::numeric_limits<double>::infinity();
    for (const std::int64_t allowed : {1, 4, 9}) {
      products = 0;
      const double found = least_curvature_found(size, multiply, allowed);
      EXPECT_LE(products, std::min<std::int64_t>(allowed, size) + 1);
      EXPECT_GE(found, least - rounding);
      EXPECT_LE(found, before + rounding);
      before = found;
    }
  }
}

}  // namespace
}  // namespace smoothbound::steps
