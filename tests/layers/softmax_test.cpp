#include "smoothbound/layers/softmax.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "numeric.hpp"

namespace smoothbound {
namespace {

constexpr long double softmax_rounding = 1 + 1e-15L;  // of the evaluation

using test::climb;
using test::is_near;
using test::norm;
using test::only_map;
using test::Random;
using test::scaled;
using test::unit;
using test::Vector;

Vector softmax(const Vector& z) {
  Vector p(z.size());
  long double sum = 0;
  for (std::size_t i = 0; i < z.size(); ++i) sum += p[i] = std::exp(z[i]);
  return scaled(p, 1 / sum);
}

struct Derivatives {
  Vector first, second;
};

// Along u: p_i (u_i - mean) and p_i ((u_i - mean)^2 - variance).
Derivatives derivatives(const Vector& z, const Vector& u) {
  const Vector p = softmax(z);
  long double mean = 0;
  long double variance = 0;
  for (std::size_t i = 0; i < p.size(); ++i) mean += p[i] * u[i];
  for (std::size_t i = 0; i < p.size(); ++i) variance += p[i] * (u[i] - mean) * (u[i] - mean);
  Derivatives d{Vector(p.size()), Vector(p.size())};
  for (std::size_t i = 0; i < p.size(); ++i) {
    d.first[i] = p[i] * (u[i] - mean);
    d.second[i] = p[i] * ((u[i] - mean) * (u[i] - mean) - variance);
  }
  return d;
}

MapConstants constants(Method method, const Shape& shape, std::int64_t batch) {
  return only_map(Softmax{}.parts({{&shape, 1}, shape, batch}, method));
}

TEST(Softmax, DerivativesAgreeWithDifferences) {
  Random random(5);
  const Vector z = random.vector(4);
  const Vector u = random.vector(4);
  const long double h = 1e-4L;
  const Vector ahead = softmax(test::along(z, h, u));
  const Vector behind = softmax(test::along(z, -h, u));
  const Derivatives d = derivatives(z, u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(is_near(d.first[i], (ahead[i] - behind[i]) / (2 * h), 1e-7L));
    EXPECT_TRUE(is_near(d.second[i], (ahead[i] - 2 * softmax(z)[i] + behind[i]) / (h * h), 1e-7L));
  }
}

TEST(Softmax, AscentNeverExceedsTheConstants) {
  for (const std::int64_t k : {2, 3, 7}) {
    for (const Method method : {Method::paper, Method::sharp}) {
      const MapConstants a = constants(method, {k}, 1);
      for (std::uint32_t seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE(testing::Message() << "k " << k << ", seed " << seed);
        Random random(seed);
        const auto half = static_cast<std::ptrdiff_t>(k);
        const auto split = [&](const Vector& zu) {
          return derivatives(Vector(zu.begin(), zu.begin() + half),
                             unit(Vector(zu.begin() + half, zu.end())));
        };
        const Vector start = random.vector(static_cast<std::size_t>(2 * k));
        EXPECT_LE(
            climb([&](const Vector& zu) { return norm(split(zu).first); }, start, random, 4000),
            a.lipschitz.value.to_double() * softmax_rounding);
        EXPECT_LE(
            climb([&](const Vector& zu) { return norm(split(zu).second); }, start, random, 4000),
            a.smoothness.value.to_double() * softmax_rounding);
      }
    }
  }
}

// p on two entries, u = (1, -1)/sqrt 2 there: a variable with the largest range, sqrt 2.
TEST(Softmax, TwoPointLawsReachTheSharpConstants) {
  for (const std::size_t k : {std::size_t{2}, std::size_t{5}}) {
    const MapConstants a = constants(Method::sharp, {static_cast<std::int64_t>(k)}, 1);
    Vector u(k);
    u[0] = std::sqrt(0.5L);
    u[1] = -u[0];
    const auto at = [&](long double p) {
      Vector z(k, -60);
      z[0] = std::log(p);
      z[1] = std::log(1 - p);
      return derivatives(z, u);
    };
    EXPECT_TRUE(is_near(norm(at(0.5L).first), a.lipschitz.value.to_double(), 1e-12L));
    const long double extremal = (1 - 1 / std::sqrt(3.0L)) / 2;
    EXPECT_TRUE(is_near(norm(at(extremal).second), a.smoothness.value.to_double(), 1e-12L));
  }
  const MapConstants a = constants(Method::sharp, {5}, 1);
  EXPECT_TRUE(is_near(a.lipschitz.value.to_double(), 0.5, 1e-15));
  EXPECT_TRUE(
      is_near(a.smoothness.value.to_double(), std::sqrt(2.0) / (3 * std::sqrt(3.0)), 1e-15));
}

TEST(Softmax, ValuesAtZeroAndTheBoundCountGroups) {
  // 3 x 2 positions, 4 samples: 24 groups of 5
  for (const Method method : {Method::paper, Method::sharp}) {
    const MapConstants a = constants(method, {5, 3, 2}, 4);
    EXPECT_TRUE(is_near(a.at_zero.value.to_double(), std::sqrt(24.0 / 5), 1e-14));
    EXPECT_TRUE(is_near(a.slope_at_zero.value.to_double(), 0.2, 1e-15));
  }
  const Vector uniform = softmax(Vector(5));
  EXPECT_TRUE(
      is_near(norm(uniform), constants(Method::sharp, {5}, 1).at_zero.value.to_double(), 1e-15L));
  Vector u(5);
  u[0] = std::sqrt(0.5L);
  u[1] = -u[0];
  EXPECT_TRUE(is_near(norm(derivatives(Vector(5), u).first),
                      constants(Method::sharp, {5}, 1).slope_at_zero.value.to_double(), 1e-15L));

  EXPECT_TRUE(is_near(constants(Method::sharp, {5, 3, 2}, 4).bound.value.to_double(),
                      std::sqrt(24.0), 1e-14));
  EXPECT_TRUE(is_near(norm(softmax({100, 0, 0, 0, 0})),
                      constants(Method::sharp, {5}, 1).bound.value.to_double(), 1e-15L));
  EXPECT_TRUE(constants(Method::paper, {5, 3, 2}, 4).bound.value.is_infinite());
  EXPECT_EQ(constants(Method::paper, {5, 3, 2}, 4).bound.source, "the paper gives no bound");
}

// Derivatives count where the arguments are small: |<p'[u], z>| for unit u is at most (2/e)
// sqrt(k/2), and the third moment with z at most (2/e) sqrt k.
TEST(Softmax, UnsaturatedScalars) {
  Random random(9);
  for (const int k : {2, 3, 10}) {
    const Unsaturated known = constants(Method::sharp, {k}, 1).growth.unsaturated;
    const long double two_over_e = 2 * std::exp(-1.0L);
    const long double root = std::sqrt(static_cast<long double>(k));
    const long double L = std::sqrt(2.0L) / (3 * std::sqrt(3.0L));
    EXPECT_TRUE(is_near(known.first.to_double(), 2 * two_over_e * two_over_e, 1e-15L));
    EXPECT_TRUE(is_near(known.by_norm.to_double(), (1 + root) * two_over_e * root / L, 1e-14L));
    EXPECT_FALSE(known.is_frozen);
    for (int i = 0; i < 2000; ++i) {
      Vector z = scaled(random.vector(static_cast<std::size_t>(k)), 1.0L + i % 5);
      const long double largest = *std::max_element(z.begin(), z.end());
      for (long double& entry : z) entry -= largest;
      const Vector u = unit(random.vector(z.size()));
      const long double first = std::abs(test::dot(derivatives(z, u).first, z));
      EXPECT_LE(2 * first, std::sqrt(known.first.to_double() * k));
      // p_i (z_i - mean)(u_i - mean), less its mean.
      Vector moment = derivatives(z, u).first;
      const Vector p = softmax(z);
      const long double mean = test::dot(p, z);
      for (std::size_t j = 0; j < z.size(); ++j) moment[j] *= z[j] - mean;
      const long double all = std::accumulate(moment.begin(), moment.end(), 0.0L);
      for (std::size_t j = 0; j < z.size(); ++j) moment[j] -= all * p[j];
      EXPECT_LE(norm(moment), two_over_e * root);
    }
  }
}

TEST(Softmax, PaperConstants) {
  const MapConstants a = constants(Method::paper, {5}, 3);
  EXPECT_EQ(a.lipschitz.value, Magnitude::from_count(2));
  EXPECT_EQ(a.smoothness.value, Magnitude::from_count(4));
}

}  // namespace
}  // namespace smoothbound
