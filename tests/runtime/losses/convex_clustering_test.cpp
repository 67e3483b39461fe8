#include "runtime/losses/convex_clustering.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "evaluation.hpp"

namespace smoothbound {
namespace {

using test::along;
using test::Doubles;
using test::message_of;
using test::norm;
using test::Numbers;
using testing::ElementsAre;

ClusteringSolution solve(std::int64_t n, std::int64_t q, const Doubles& z, const Doubles& warm = {},
                         const InnerSolver& solver = {}) {
  return solve_convex_clustering(n, q, z, warm, solver);
}

double objective(std::size_t n, std::size_t q, const Doubles& z, const Doubles& y) {
  double sum = 0;
  for (std::size_t i = 0; i < z.size(); ++i) sum += (y[i] - z[i]) * (y[i] - z[i]) / 2;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      double squared = 0;
      for (std::size_t k = 0; k < q; ++k) {
        squared += (y[i * q + k] - y[j * q + k]) * (y[i * q + k] - y[j * q + k]);
      }
      sum += std::sqrt(squared);
    }
  }
  return sum;
}

struct Dual {
  Doubles points;
  double value;
};

// Another method: exact ascent on the dual <z, g> - ||g||^2 / 2, g = D^T u, one pair after the
// other, in which the best u_ij is a projection.
Dual ascend(std::size_t n, std::size_t q, const Doubles& z, int sweeps) {
  std::vector<Doubles> dual(n * n, Doubles(q));
  Doubles g(n * q);
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = i + 1; j < n; ++j) {
        Doubles next = dual[i * n + j];
        for (std::size_t k = 0; k < q; ++k) {
          next[k] += (z[i * q + k] - g[i * q + k] - z[j * q + k] + g[j * q + k]) / 2;
        }
        const double length = std::max(norm(next), 1.0);
        for (double& entry : next) entry /= length;
        for (std::size_t k = 0; k < q; ++k) {
          g[i * q + k] += next[k] - dual[i * n + j][k];
          g[j * q + k] -= next[k] - dual[i * n + j][k];
        }
        dual[i * n + j] = next;
      }
    }
  }
  return {along(z, -1, g), test::dot(z, g) - test::dot(g, g) / 2};
}

TEST(ConvexClusteringSolver, AgreesWithAscentOnTheDual) {
  for (std::uint32_t seed = 1; seed <= 12; ++seed) {
    for (const double scale : {0.3, 2.0, 6.0, 40.0}) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", scale " << scale);
      Numbers random(seed);
      const auto n = static_cast<std::size_t>(2 + random.below(6));
      const auto q = static_cast<std::size_t>(1 + random.below(3));
      const Doubles z = random.vector(n * q, scale);
      const ClusteringSolution s =
          solve(static_cast<std::int64_t>(n), static_cast<std::int64_t>(q), z);
      const Dual slow = ascend(n, q, z, 4000);
      EXPECT_NEAR(s.value, slow.value, 1e-7 * (1 + s.value));
      EXPECT_NEAR(s.value, objective(n, q, z, s.points), 1e-12 * (1 + s.value));
      EXPECT_GE(s.value + 1e-12 * s.value, slow.value);  // a primal value, a dual value
      EXPECT_LE(norm(along(s.points, -1, slow.points)), 1e-3 * scale);
    }
  }
}

// n = 2: the difference shrinks by 2 towards the mean.
TEST(ConvexClusteringSolver, TwoPointsInClosedForm) {
  for (const double distance : {0.0, 0.5, 1.999999, 2.0, 2.000001, 3.0, 1e3, 1e9}) {
    SCOPED_TRACE(distance);
    const Doubles z{0.6 * distance, 0.8 * distance, 0, 0};
    const ClusteringSolution s = solve(2, 2, z);
    const double left = std::max(0.0, distance - 2) / 2;  // to each side of the mean
    const double rounding = 1e-15 * (1 + distance);
    EXPECT_NEAR(s.points[0], 0.3 * distance + 0.6 * left, rounding);
    EXPECT_NEAR(s.points[1], 0.4 * distance + 0.8 * left, rounding);
    EXPECT_NEAR(s.points[2], 0.3 * distance - 0.6 * left, rounding);
    EXPECT_NEAR(s.value, distance >= 2 ? distance - 1 : distance * distance / 4,
                1e-15 * (1 + distance));
    EXPECT_LE(s.gap, 1e-13 * s.value);
    EXPECT_THAT(s.cluster_of, ElementsAre(0, distance > 2 ? 1 : 0));
  }
}

// On a line, far apart and in order, every point moves by the points above minus those below it.
TEST(ConvexClusteringSolver, PointsOnALineInClosedForm) {
  const ClusteringSolution s = solve(4, 1, {30, 0, 20, 10});
  EXPECT_THAT(s.points, testing::Pointwise(testing::DoubleNear(1e-13), Doubles{27, 3, 19, 11}));
  EXPECT_THAT(s.cluster_of, ElementsAre(0, 1, 2, 3));
}

// Three points at distance r from their mean: the other two pull each towards it by 2 cos(30
// degrees).
TEST(ConvexClusteringSolver, EquilateralTriangleInClosedForm) {
  const double pull = std::sqrt(3.0);
  for (const double r : {1.0, 1.7, 1.8, 25.0}) {
    const double half = std::sqrt(3.0) / 2;
    const ClusteringSolution s = solve(3, 2, {r, 0, -r / 2, half * r, -r / 2, -half * r});
    const double left = std::max(0.0, r - pull);
    EXPECT_THAT(s.points, testing::Pointwise(
                              testing::DoubleNear(1e-13),
                              Doubles{left, 0, -left / 2, half * left, -left / 2, -half * left}));
  }
}

TEST(ConvexClusteringSolver, DegenerateProblems) {
  const ClusteringSolution one = solve(1, 3, {1, 2, 3});
  EXPECT_EQ(one.points, (Doubles{1, 2, 3}));
  EXPECT_EQ(one.value, 0);
  EXPECT_EQ(one.gap, 0);
  EXPECT_TRUE(one.dual.empty());
  const ClusteringSolution same = solve(3, 2, {5, 6, 5, 6, 5, 6});
  EXPECT_EQ(same.value, 0);
  EXPECT_EQ(same.iterations, 0);
  EXPECT_THAT(same.cluster_of, ElementsAre(0, 0, 0));
  const ClusteringSolution pairs = solve(4, 1, {5, 50, 5, 50});  // pulled together by 2 points each
  EXPECT_THAT(pairs.points, testing::Pointwise(testing::DoubleNear(1e-13), Doubles{7, 48, 7, 48}));
  EXPECT_THAT(pairs.cluster_of, ElementsAre(0, 1, 0, 1));
  Numbers random(1);
  const Doubles near = random.vector(60, 0.2);
  const ClusteringSolution all = solve(20, 3, near);  // all in their mean
  EXPECT_THAT(all.cluster_of, testing::Each(0));
  EXPECT_LE(all.gap, 1e-24 * all.value);
}

// What is promised about the gap, from the duals that are returned.
TEST(ConvexClusteringSolver, TheGapIsCertifiedByTheDuals) {
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    for (const double tolerance : {1e-1, 1e-3, 1e-13}) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", tolerance " << tolerance);
      Numbers random(seed);
      const std::size_t n = 9;
      const std::size_t q = 3;
      const Doubles z = random.vector(n * q, 4);
      const ClusteringSolution s = solve(9, 3, z, {}, {tolerance, 100'000});
      Doubles force(n * q);
      std::size_t begin = 0;
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i + 1; j < n; ++j, begin += q) {
          double squared = 0;
          for (std::size_t k = 0; k < q; ++k) {
            squared += s.dual[begin + k] * s.dual[begin + k];
            force[i * q + k] += s.dual[begin + k];
            force[j * q + k] -= s.dual[begin + k];
          }
          EXPECT_LE(squared, 1 + 1e-15);
        }
      }
      EXPECT_EQ(begin, s.dual.size());
      const double dual_value = test::dot(z, force) - test::dot(force, force) / 2;
      EXPECT_NEAR(s.value - dual_value, s.gap, 1e-12 * s.value);
      EXPECT_LE(s.gap, tolerance * s.value);
      const ClusteringSolution exact = solve(9, 3, z);
      EXPECT_LE(s.value - s.gap, exact.value * (1 + 1e-14));
      EXPECT_GE(s.value, exact.value * (1 - 1e-14));
      EXPECT_LE(norm(along(s.points, -1, exact.points)), std::sqrt(2 * s.gap) + 1e-12);
    }
  }
}

TEST(ConvexClusteringSolver, FindsWellSeparatedClusters) {
  Numbers random(5);
  Doubles z;
  for (int i = 0; i < 30; ++i) {
    for (int k = 0; k < 2; ++k) z.push_back(0.5 * random.normal() + (i % 3 == k ? 100 : 0));
  }
  const ClusteringSolution s = solve(30, 2, z);
  for (std::size_t i = 0; i < 30; ++i) EXPECT_EQ(s.cluster_of[i], static_cast<int>(i % 3));
  EXPECT_LE(s.gap, 1e-22 * s.value);
}

TEST(ConvexClusteringSolver, WarmStartsSaveIterations) {
  Numbers random(7);
  const Doubles z = random.vector(60, 10);
  const ClusteringSolution cold = solve(20, 3, z);
  const ClusteringSolution again = solve(20, 3, z, cold.dual);
  EXPECT_EQ(again.iterations, 0);
  const Doubles near = along(z, 1e-4, random.vector(60));
  const ClusteringSolution warm = solve(20, 3, near, cold.dual);
  const ClusteringSolution reference = solve(20, 3, near);
  EXPECT_LE(warm.iterations, reference.iterations);
  EXPECT_LE(norm(along(warm.points, -1, reference.points)), 1e-10);
  // Any warm start leads to the same solution, also one outside of the unit balls.
  const ClusteringSolution odd = solve(20, 3, z, Doubles(cold.dual.size(), 9));
  EXPECT_LE(norm(along(odd.points, -1, cold.points)), 1e-10);
}

// Sizes and scales between all apart and all together, where which points coincide is hardest to
// tell; rounded points make ties.
TEST(ConvexClusteringSolver, ConvergesOnHardProblems) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Numbers random(seed);
    const std::int64_t n = 2 + random.below(28);
    const std::int64_t q = 1 + random.below(4);
    const double scale =
        0.3 * std::pow(static_cast<double>(n), 0.1 * static_cast<double>(seed % 13));
    Doubles z = random.vector(static_cast<std::size_t>(n * q), scale);
    if (seed % 3 == 0) {
      for (double& entry : z) entry = std::round(entry);
    }
    const ClusteringSolution s = solve(n, q, z);
    EXPECT_LE(s.gap, 1e-13 * s.value);
    EXPECT_NEAR(s.value,
                objective(static_cast<std::size_t>(n), static_cast<std::size_t>(q), z, s.points),
                1e-13 * s.value);
  }
}

TEST(ConvexClusteringSolver, SaysIfItDoesNotConverge) {
  Numbers random(2);
  const Doubles z = random.vector(40, 8);
  const std::string message = message_of<NotConverged>([&] {
    (void)solve(20, 2, z, {}, {1e-13, 2});
  });
  EXPECT_THAT(message, testing::MatchesRegex("convex_clustering: relative duality gap "
                                             "[1-9].[0-9]e[+-][0-9]+ after 2 iterations; "
                                             "1.0e-13 is asked for"));
}

}  // namespace
}  // namespace smoothbound
