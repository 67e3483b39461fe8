// k_means and spectral_clustering, against their definitions.
#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "evaluation.hpp"
#include "support/symmetric_eigenvalues.hpp"

namespace smoothbound {
namespace {

using test::Doubles;
using test::message_of;
using test::norm;
using test::Numbers;
using test::Problem;
using test::product_of;
using test::random_problem;

// The least sum of squares over all assignments.
double brute_force(const Problem& problem) {
  const auto n = static_cast<std::size_t>(problem.samples);
  const auto q = static_cast<std::size_t>(problem.outputs);
  const auto k = static_cast<std::size_t>(problem.clusters);
  std::vector<std::size_t> cluster_of(n);
  double best = std::numeric_limits<double>::infinity();
  while (true) {
    double value = 0;
    for (std::size_t c = 0; c < k; ++c) {
      const auto size = static_cast<double>(std::count(cluster_of.begin(), cluster_of.end(), c));
      for (std::size_t j = 0; j < q && size > 0; ++j) {
        double mean = 0;
        for (std::size_t i = 0; i < n; ++i) {
          if (cluster_of[i] == c) mean += problem.z[i * q + j] / size;
        }
        for (std::size_t i = 0; i < n; ++i) {
          if (cluster_of[i] == c) value += std::pow(problem.z[i * q + j] - mean, 2);
        }
      }
    }
    best = std::min(best, value);
    std::size_t i = 0;
    while (i < n && ++cluster_of[i] == k) cluster_of[i++] = 0;
    if (i == n) return best;
  }
}

TEST(KMeans, IsTheMinimumOverAssignmentsOnSmallSets) {
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Numbers random(seed);
    Problem problem =
        random_problem(*find_loss("k_means"), 3 + random.below(5), 1 + random.below(3), random);
    problem.clusters = 1 + random.below(3);
    const double exact = brute_force(problem);
    const LossEvaluation f = problem.evaluate();
    EXPECT_GE(f.value, exact * (1 - 1e-13));  // never below
    EXPECT_NEAR(f.value, exact, 1e-12 * (1 + exact));
    EXPECT_LE(f.value - f.gap, exact * (1 + 1e-13) + 1e-13);  // a certified lower bound
  }
}

TEST(KMeans, TheBoundIsExactForOneClusterAndForPointsOnTwoSites) {
  Numbers random(4);
  Problem problem = random_problem(*find_loss("k_means"), 8, 3, random);
  problem.clusters = 1;
  EXPECT_NEAR(problem.evaluate().gap, 0, 1e-13);
  const Problem sites{find_loss("k_means"), 4, 2, {1, 2, 5, 5, 1, 2, 5, 5}, {}};
  const LossEvaluation f = sites.evaluate();
  EXPECT_EQ(f.value, 0);
  EXPECT_EQ(f.gradient, Doubles(8));
  EXPECT_EQ(f.cluster_of[0], f.cluster_of[2]);
  EXPECT_EQ(f.cluster_of[1], f.cluster_of[3]);
  EXPECT_NE(f.cluster_of[0], f.cluster_of[1]);
}

TEST(KMeans, GradientAndProductAreThoseOfTheAssignment) {
  const Problem problem{find_loss("k_means"), 4, 1, {0, 1, 10, 14}, {}};
  const LossEvaluation f = problem.evaluate();
  EXPECT_DOUBLE_EQ(f.value, 8.5);
  EXPECT_TRUE(f.differentiable);
  EXPECT_EQ(f.gradient, (Doubles{-1, 1, -4, 4}));
  EXPECT_EQ(product_of(f, {1, 0, 0, 0}), (Doubles{1, -1, 0, 0}));
}

TEST(KMeans, TellsWhereAPointIsBetweenTwoCentres) {
  const Problem tie{find_loss("k_means"), 3, 1, {-1, 0, 1}, {}};
  const LossEvaluation f = tie.evaluate();
  EXPECT_DOUBLE_EQ(f.value, 0.5);  // {-1, 0} and {1}, or the mirror image
  EXPECT_FALSE(f.differentiable);
  const Problem clear{find_loss("k_means"), 3, 1, {-1, 0, 1.01}, {}};
  EXPECT_TRUE(clear.evaluate().differentiable);
  const Problem middle{find_loss("k_means"), 5, 1, {-2, -2, 0, 2, 2}, {}, 2};
  EXPECT_NEAR(middle.evaluate().value, brute_force(middle), 1e-14);
  const Problem same{find_loss("k_means"), 3, 1, {4, 4, 4}, {}, 2};
  EXPECT_EQ(same.evaluate().value, 0);
  EXPECT_TRUE(same.evaluate().differentiable);
}

TEST(KMeans, IsZeroWithAClusterForEachPoint) {
  Numbers random(8);
  for (const std::int64_t clusters : {4, 5, 1000}) {
    Problem problem = random_problem(*find_loss("k_means"), 4, 2, random);
    problem.clusters = clusters;
    const LossEvaluation f = problem.evaluate();
    EXPECT_EQ(f.value, 0);
    EXPECT_EQ(f.gap, 0);
    EXPECT_EQ(norm(f.gradient), 0);
    EXPECT_EQ(norm(product_of(f, random.vector(8))), 0);
  }
}

TEST(KMeans, IsTheSameInEveryRun) {
  Numbers random(9);
  Problem problem = random_problem(*find_loss("k_means"), 60, 9, random);
  problem.clusters = 5;
  const LossEvaluation f = problem.evaluate();
  EXPECT_EQ(problem.evaluate().value, f.value);
  EXPECT_EQ(problem.evaluate().cluster_of, f.cluster_of);
  EXPECT_GT(f.gap, 0);
  EXPECT_LT(f.gap, f.value);
}

// Tr((I - P) Z Z^T) with P on the k largest eigenvectors of the Gram matrix.
double spectral_by_definition(const Problem& problem) {
  const auto entry = [&](std::int64_t i, std::int64_t j) {
    return problem.z[static_cast<std::size_t>(i * problem.outputs + j)];
  };
  linalg::DenseMatrix gram(problem.samples, problem.samples);
  for (std::int64_t a = 0; a < gram.rows; ++a) {
    for (std::int64_t b = 0; b < gram.rows; ++b) {
      for (std::int64_t j = 0; j < problem.outputs; ++j) gram(a, b) += entry(a, j) * entry(b, j);
    }
  }
  const Doubles eigenvalues = support::symmetric_eigenvalues(gram);
  const std::int64_t cut = std::max<std::int64_t>(0, problem.samples - problem.clusters);
  return std::accumulate(eigenvalues.begin(), eigenvalues.begin() + cut, 0.0);
}

TEST(SpectralClustering, IsTheDefinition) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Numbers random(seed);
    Problem problem = random_problem(*find_loss("spectral_clustering"), 1 + random.below(9),
                                     1 + random.below(9), random, 3);
    problem.clusters = 1 + random.below(4);
    EXPECT_NEAR(problem.evaluate().value, spectral_by_definition(problem), 1e-11);
  }
}

TEST(SpectralClustering, OfADiagonalMatrix) {
  const Problem problem{find_loss("spectral_clustering"), 3, 3, {5, 0, 0, 0, 2, 0, 0, 0, 1}, {}, 1};
  const LossEvaluation f = problem.evaluate();
  EXPECT_NEAR(f.value, 5, 1e-14);
  EXPECT_THAT(f.gradient,
              testing::Pointwise(testing::DoubleNear(1e-14), Doubles{0, 0, 0, 0, 4, 0, 0, 0, 2}));
  Problem large = problem;
  for (const std::int64_t clusters : {3, 4, 1000}) {
    large.clusters = clusters;
    EXPECT_EQ(large.evaluate().value, 0);
    EXPECT_EQ(norm(large.evaluate().gradient), 0);
    EXPECT_EQ(norm(product_of(large.evaluate(), Doubles(9, 1))), 0);
  }
}

TEST(SpectralClustering, HasNoDerivativesWhereSingularValuesMeet) {
  const Problem problem{find_loss("spectral_clustering"), 2, 2, {3, 0, 0, 3}, {}, 1};
  const LossEvaluation f = problem.evaluate();
  EXPECT_FALSE(f.differentiable);
  EXPECT_NEAR(f.value, 9, 1e-14);
  EXPECT_NEAR(norm(f.gradient), 6, 1e-14);  // of one of the two pieces
  EXPECT_EQ(message_of<NotDifferentiable>([&] { (void)product_of(f, Doubles(4, 1)); }),
            "spectral_clustering has no Hessian here: singular values 1 and 2 are both 3");
  // At 0 the value, a squared distance, has gradient 0.
  const Problem zero{find_loss("spectral_clustering"), 2, 2, {0, 0, 0, 0}, {}, 1};
  EXPECT_TRUE(zero.evaluate().differentiable);
  EXPECT_EQ(norm(zero.evaluate().gradient), 0);
}

// More values of the cut than differences of gradients in derivatives_test.cpp try.
TEST(SpectralClustering, ProductsForEveryCutAndShape) {
  for (const std::int64_t n : {2, 4, 7}) {
    for (const std::int64_t q : {2, 4, 7}) {
      for (std::int64_t k = 1; k < std::min(n, q); ++k) {
        SCOPED_TRACE(testing::Message() << n << " x " << q << ", k = " << k);
        Numbers random(static_cast<std::uint32_t>(100 * n + 10 * q + k));
        Problem problem = random_problem(*find_loss("spectral_clustering"), n, q, random);
        problem.clusters = k;
        const Doubles d = random.vector(problem.z.size());
        const double h = 1e-6;
        const Doubles difference =
            test::along(problem.at(test::along(problem.z, h, d)).gradient, -1,
                        problem.at(test::along(problem.z, -h, d)).gradient);
        const Doubles product = product_of(problem.evaluate(), d);
        EXPECT_LE(norm(test::along(product, -1 / (2 * h), difference)),
                  1e-6 * norm(product) + 1e-8);
      }
    }
  }
}

}  // namespace
}  // namespace smoothbound
