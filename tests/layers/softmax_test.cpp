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

// Sums of magnitudes of the derivatives along u and v, with the softmax p as a law.
struct Sums {
  long double first = 0;   // of p_i (u_i - mean)
  long double second = 0;  // of p_i ((u_i - mean) (v_i - mean) - covariance)
};
Sums sums_of(const Vector& p, const Vector& u, const Vector& v) {
  const long double of_u = test::dot(p, u);
  const long double of_v = test::dot(p, v);
  long double covariance = 0;
  for (std::size_t i = 0; i < p.size(); ++i) covariance += p[i] * (u[i] - of_u) * (v[i] - of_v);
  Sums sums;
  for (std::size_t i = 0; i < p.size(); ++i) {
    sums.first += p[i] * std::abs(u[i] - of_u);
    sums.second += p[i] * std::abs((u[i] - of_u) * (v[i] - of_v) - covariance);
  }
  return sums;
}

MapAtLevel at_columns(const Shape& shape) {
  const auto stated = only_map(Softmax{}.parts({{&shape, 1}, shape, 3}, Method::sharp)).at_columns;
  EXPECT_TRUE(stated.has_value());
  return stated.value_or(MapAtLevel{});
}

// For entries of at most 1, and for vectors of norm sqrt 2, which have no larger range than these.
TEST(Softmax, AscentNeverExceedsTheSumsOfColumns) {
  const MapAtLevel a = at_columns({7});
  for (const bool is_of_entries : {true, false}) {
    for (std::uint32_t seed = 1; seed <= 8; ++seed) {
      SCOPED_TRACE(testing::Message() << "of entries " << is_of_entries << ", seed " << seed);
      Random random(seed);
      const std::size_t k = 2 + seed % 5;
      const auto part = [&](const Vector& all, std::size_t which) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(which * k);
        return Vector(begin, begin + static_cast<std::ptrdiff_t>(k));
      };
      const auto direction = [&](const Vector& all, std::size_t which) {
        Vector u = part(all, which);
        if (!is_of_entries) return scaled(unit(u), std::sqrt(2.0L));
        for (long double& entry : u) entry = std::tanh(4 * entry);
        return u;
      };
      const auto found = [&](auto&& score) {
        return climb(score, random.vector(3 * k), random, 3000);
      };
      EXPECT_LE(found([&](const Vector& all) {
                  const Vector u = direction(all, 1);
                  return sums_of(softmax(part(all, 0)), u, u).first;
                }),
                a.lipschitz.to_double() * softmax_rounding);
      EXPECT_LE(found([&](const Vector& all) {
                  const Vector u = direction(all, 1);
                  return sums_of(softmax(part(all, 0)), u, u).second;
                }),
                a.smoothness.to_double() * softmax_rounding);
      EXPECT_LE(
          found([&](const Vector& all) {
            return sums_of(softmax(part(all, 0)), direction(all, 1), direction(all, 2)).second;
          }),
          a.smoothness_of_pairs.value().to_double() * softmax_rounding);
    }
  }
  EXPECT_TRUE(is_near(a.reads[maximum].to_double(), 1, 1e-18L));
  EXPECT_TRUE(is_near(a.reads[per_sample].to_double(), std::sqrt(0.5L), 1e-16L));
}

// One of two entries, with the mean 1/sqrt 3 for equal directions; two signs that are independent
// for different ones, of which the bound for equal ones would be too small.
TEST(Softmax, LawsThatReachTheSumsOfColumns) {
  const MapAtLevel a = at_columns({2, 3});
  EXPECT_TRUE(is_near(sums_of({0.5L, 0.5L}, {1, -1}, {1, -1}).first, a.lipschitz.to_double(), 0));
  const long double mean = 1 / std::sqrt(3.0L);
  const Vector p{(1 + mean) / 2, (1 - mean) / 2};
  EXPECT_TRUE(is_near(sums_of(p, {1, -1}, {1, -1}).second, a.smoothness.to_double(), 1e-15L));
  EXPECT_TRUE(is_near(a.smoothness.to_double(), 4 / (3 * std::sqrt(3.0L)), 1e-15L));
  const long double of_pair =
      sums_of({0.25L, 0.25L, 0.25L, 0.25L}, {1, 1, -1, -1}, {1, -1, 1, -1}).second;
  EXPECT_TRUE(is_near(of_pair, a.smoothness_of_pairs.value().to_double(), 0));
  EXPECT_GT(of_pair, a.smoothness.to_double() + 0.2);
  EXPECT_EQ(a.bound, Magnitude::from_count(1));
}

// Along the axis before the last one, and no other.
TEST(Softmax, StatesSumsOfTheColumnsOfMatrices) {
  const auto states = [](const Shape& shape, std::string_view word) {
    const auto axis = static_cast<std::size_t>(
        std::find(axis_words.begin(), axis_words.end(), word) - axis_words.begin());
    return only_map(Softmax{axis}.parts({{&shape, 1}, shape, 1}, Method::sharp))
        .at_columns.has_value();
  };
  EXPECT_TRUE(states({4}, "channels"));
  EXPECT_TRUE(states({4, 3}, "channels"));
  EXPECT_FALSE(states({4, 3}, "length"));
  EXPECT_TRUE(states({2, 4, 3}, "height"));
  EXPECT_FALSE(states({2, 4, 3}, "channels"));
  EXPECT_FALSE(states({2, 4, 3}, "width"));
  EXPECT_TRUE(states({2, 2, 4, 3}, "height"));
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
