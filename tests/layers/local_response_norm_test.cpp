#include "smoothbound/layers/local_response_norm.hpp"

#include <arb.h>
#include <gtest/gtest.h>

#include <string>

#include "numeric.hpp"
#include "support/ball.hpp"

namespace smoothbound {
namespace {

using test::climb;
using test::is_near;
using test::norm;
using test::only_map;
using test::Random;
using test::scaled;
using test::unit;
using test::Vector;

constexpr long double response_rounding = 1 + 1e-15L;  // of the evaluation

LocalResponseNorm response_norm(std::int64_t size, const char* alpha, const char* beta,
                                const char* k, bool sum = true) {
  LocalResponseNorm result;
  result.size = size;
  result.alpha = Real::from_decimal(alpha);
  result.beta = Real::from_decimal(beta);
  result.k = Real::from_decimal(k);
  result.alpha_of = sum ? 1 : 0;
  return result;
}

MapConstants constants_of(const LocalResponseNorm& component, const Shape& shape,
                          std::int64_t batch) {
  return only_map(component.parts({{&shape, 1}, shape, batch}, Method::sharp));
}

// y, y' and y'' along u, of one position.
struct Response {
  Vector value, first, second;
};
Response respond(const LocalResponseNorm& c, const Vector& x, const Vector& u) {
  const auto n = static_cast<std::int64_t>(x.size());
  const long double a = c.factor();
  const long double beta = c.beta.nearest;
  Response y{Vector(x.size()), Vector(x.size()), Vector(x.size())};
  for (std::int64_t i = 0; i < n; ++i) {
    long double d = c.k.nearest;
    long double d1 = 0;
    long double d2 = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      if (j < i - c.size / 2 || j > i + (c.size - 1) / 2) continue;
      const auto at = static_cast<std::size_t>(j);
      d += a * x[at] * x[at];
      d1 += 2 * a * x[at] * u[at];
      d2 += 2 * a * u[at] * u[at];
    }
    const long double p = std::pow(d, -beta);
    const long double p1 = -beta * p * d1 / d;
    const long double p2 = -beta * (p1 * d1 / d + p * d2 / d - p * d1 * d1 / (d * d));
    const auto at = static_cast<std::size_t>(i);
    y.value[at] = x[at] * p;
    y.first[at] = u[at] * p + x[at] * p1;
    y.second[at] = 2 * u[at] * p1 + x[at] * p2;
  }
  return y;
}

TEST(LocalResponseNorm, DerivativesAgreeWithDifferences) {
  Random random(3);
  const LocalResponseNorm c = response_norm(4, "0.7", "0.9", "1.2");
  const Vector x = random.vector(7);
  const Vector u = random.vector(7);
  const long double h = 1e-4L;
  const Response y = respond(c, x, u);
  const Response ahead = respond(c, test::along(x, h, u), u);
  const Response behind = respond(c, test::along(x, -h, u), u);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_TRUE(is_near(y.first[i], (ahead.value[i] - behind.value[i]) / (2 * h), 1e-7L));
    EXPECT_TRUE(is_near(y.second[i], (ahead.first[i] - behind.first[i]) / (2 * h), 1e-7L));
  }
}

// From a computation of 40 digits: l, L, k^-beta and the largest entry.
struct Stated {
  LocalResponseNorm component;
  const char* l;
  const char* L;
  const char* slope;
  const char* entry;
};

TEST(LocalResponseNorm, ConstantsAreThoseOfTheFormulas) {
  const auto expect_just_above = [](const Constant& constant, const char* decimal) {
    const Magnitude exact = Magnitude::from_decimal(decimal);
    EXPECT_TRUE(is_near(constant.value.to_double() / exact.to_double(), 1, 1e-15L))
        << constant.value.to_text(20) << " and " << decimal;
    // Decimals are cut off.
    EXPECT_GE(constant.value, exact);
  };
  const Shape shape{3};
  for (const Stated& one : {
           Stated{response_norm(5, "1e-4", "0.75", "1", false), "1.31878806942804799530",
                  "0.00803901563438018735", "1", "138.726381676260573"},
           Stated{response_norm(5, "1e-4", "0.75", "2"), "0.78415607767226858349",
                  "0.00755788676500500223", "0.5946035575013605333", "52.169486002442910553"},
           Stated{response_norm(3, "1", "1", "1", false), "1.3578475614000269654",
                  "1.2803300858899106432", "1", "0.866025403784438646"},
           Stated{response_norm(2, "1", "0.5", "1"), "1.2619796324000608024",
                  "1.3141314128713183745", "1", "1"},
       }) {
    const MapConstants a = constants_of(one.component, shape, 1);
    expect_just_above(a.lipschitz, one.l);
    expect_just_above(a.smoothness, one.L);
    expect_just_above(a.slope_at_zero, one.slope);
    EXPECT_TRUE(a.at_zero.value.is_zero());
    EXPECT_EQ(a.at_zero.source, "a(0) = 0");
    const std::int64_t run = one.component.size / 2 + one.component.size % 2;
    const double runs = static_cast<double>((3 + run - 1) / run);
    EXPECT_DOUBLE_EQ(a.bound.value.to_double() / std::sqrt(runs), std::stod(one.entry));
  }
}

support::Ball power_of(const support::Ball& base, const support::Ball& exponent) {
  support::Ball result;
  arb_pow(result.raw(), base.raw(), exponent.raw(), support::Ball::precision);
  return result;
}

// Rounded up, and by no more than rounding takes, for settings that are no doubles.
TEST(LocalResponseNorm, ConstantsAreRoundedUp) {
  using support::Ball;
  const Shape shape{3};
  for (const char* const beta_text : {"0.1", "0.5", "0.5001", "0.75", "1.3", "7"}) {
    for (const char* const k_text : {"0.3", "1", "2.1"}) {
      for (const char* const alpha : {"1e-4", "0.7", "31"}) {
        SCOPED_TRACE(std::string(beta_text) + " " + k_text + " " + alpha);
        const Ball beta = Ball::decimal(beta_text);
        const Ball k = Ball::decimal(k_text);
        const Ball a = Ball::decimal(alpha) / Ball(3);
        const Ball q = Ball(2) * beta + Ball(1);
        const Ball r = square_root((q + Ball(1)) * (Ball(3) * q + Ball(1)));
        const Ball w = (Ball(2) * q + Ball(1) + r) / (q * q);
        const Ball t = power_of(q / (q + Ball(1)), beta + Ball(1)) / square_root(q);
        const Ball own =
            square_root(w) * (difference(q * w, Ball(1))) / power_of(Ball(1) + w, beta + Ball(2));
        const Ball half = Ball(1) / Ball(2);
        const Ball slope = Ball(1) / power_of(k, beta);
        const Ball l = slope * square_root(Ball(1) + Ball(4) * beta / (beta + Ball(1)) *
                                                         power_of(q / (q + Ball(1)), q));
        const Ball L =
            square_root(a) / power_of(k, beta + half) *
            (Ball(4) * beta * t + Ball(2) * square_root(Ball(2)) * beta * larger(t, own));
        const MapConstants found =
            constants_of(response_norm(3, alpha, beta_text, k_text, false), shape, 1);
        EXPECT_EQ(check_upper(found.slope_at_zero.value, slope), "");
        EXPECT_EQ(check_upper(found.lipschitz.value, l), "");
        EXPECT_EQ(check_upper(found.smoothness.value, L), "");
        if (beta_text == std::string("0.1")) continue;
        Ball entry = Ball(1) / square_root(a);
        if (beta_text != std::string("0.5")) {
          const Ball above = difference(beta, half);
          entry = entry * power_of(Ball(2) * above, above) / power_of(k, above) /
                  power_of(Ball(2) * beta, beta);
        }
        // Two runs of two channels.
        EXPECT_EQ(check_upper(found.bound.value, square_root(Ball(2)) * entry), "");
      }
    }
  }
}

TEST(LocalResponseNorm, BothMethodsAndPositionsAndBatch) {
  const LocalResponseNorm c = response_norm(3, "0.5", "0.8", "2");
  const Shape one{7};
  const Shape image{7, 3, 5};
  const MapConstants single = constants_of(c, one, 1);
  for (const Method method : {Method::paper, Method::sharp}) {
    const MapConstants many = only_map(c.parts({{&image, 1}, image, 4}, method));
    EXPECT_EQ(many.lipschitz.value, single.lipschitz.value);
    EXPECT_EQ(many.smoothness.value, single.smoothness.value);
    EXPECT_EQ(many.slope_at_zero.value, single.slope_at_zero.value);
    EXPECT_DOUBLE_EQ(many.bound.value.to_double(),
                     single.bound.value.to_double() * std::sqrt(3.0 * 5 * 4));
  }
}

TEST(LocalResponseNorm, OneChannelHasItsSlopeAtZero) {
  const Shape one{1, 6};
  const Shape several{4};
  const MapConstants alone = constants_of(response_norm(5, "2", "0.75", "3"), one, 2);
  EXPECT_EQ(alone.lipschitz.value, alone.slope_at_zero.value);
  const MapConstants narrow = constants_of(response_norm(1, "2", "0.75", "3"), several, 2);
  EXPECT_EQ(narrow.lipschitz.value, narrow.slope_at_zero.value);
}

TEST(LocalResponseNorm, GrowsWithoutBoundBelowAHalf) {
  const Shape shape{4};
  const MapConstants a = constants_of(response_norm(3, "1", "0.49", "1"), shape, 1);
  EXPECT_TRUE(a.bound.value.is_infinite());
  EXPECT_EQ(a.bound.source, "beta is below 1/2: it grows without bound");
  EXPECT_TRUE(a.lipschitz.value.is_finite());
  EXPECT_TRUE(constants_of(response_norm(3, "1", "0.5", "1"), shape, 1).bound.value.is_finite());
}

struct Searched {
  std::int64_t size;
  const char* beta;
};
class ResponseSearch : public testing::TestWithParam<Searched> {};

INSTANTIATE_TEST_SUITE_P(All, ResponseSearch,
                         testing::Values(Searched{1, "0.75"}, Searched{2, "0.5"}, Searched{2, "1"},
                                         Searched{3, "0.1"}, Searched{3, "0.75"},
                                         Searched{4, "0.75"}, Searched{4, "2.5"},
                                         Searched{5, "0.75"}, Searched{5, "1.3"},
                                         Searched{6, "0.6"}));

// Ascent in point and direction never exceeds the constants, and comes as near as is known: the
// slope at 0, two thirds of L, and all of the bound.
TEST_P(ResponseSearch, AscentNeverExceedsTheConstants) {
  const char* const k = "0.7";
  const LocalResponseNorm c = response_norm(GetParam().size, "1.6", GetParam().beta, k);
  constexpr std::size_t channels = 7;
  const Shape shape{static_cast<std::int64_t>(channels)};
  const MapConstants a = constants_of(c, shape, 1);
  const long double where_it_bends = std::sqrt(c.k.nearest / c.factor());
  long double most_first = 0;
  long double most_second = 0;
  long double most_value = 0;
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    Random random(seed);
    const auto split = [&](const Vector& xu, auto&& score) {
      const Vector x = scaled(Vector(xu.begin(), xu.begin() + channels), where_it_bends);
      return score(respond(c, x, unit(Vector(xu.begin() + channels, xu.end()))));
    };
    const Vector start = scaled(random.vector(2 * channels), seed % 2 == 0 ? 1.0L : 0.1L);
    const auto first = [&](const Vector& xu) {
      return split(xu, [](const Response& y) { return norm(y.first); });
    };
    const auto second = [&](const Vector& xu) {
      return split(xu, [](const Response& y) { return norm(y.second); });
    };
    const auto value = [&](const Vector& xu) {
      return split(xu, [](const Response& y) { return norm(y.value); });
    };
    most_first = std::max(most_first, climb(first, start, random, 4000));
    most_second = std::max(most_second, climb(second, start, random, 4000));
    if (a.bound.value.is_infinite()) continue;
    // At the best spread of entries that do not see each other.
    Vector apart(2 * channels, 1);
    const auto run = static_cast<std::size_t>((c.size + 1) / 2);
    for (std::size_t i = 0; i < channels; ++i) {
      apart[i] = i % run == 0 ? 1 / std::sqrt(2 * c.beta.nearest - 1 + 1e-9) : 0;
    }
    most_value =
        std::max({most_value, climb(value, start, random, 2000), climb(value, apart, random, 200)});
  }
  EXPECT_LE(most_first, a.lipschitz.value.to_double() * response_rounding);
  EXPECT_LE(most_second, a.smoothness.value.to_double() * response_rounding);
  EXPECT_GE(most_first, 0.7 * a.slope_at_zero.value.to_double());
  EXPECT_GE(most_second, 0.5 * a.smoothness.value.to_double());
  if (a.bound.value.is_infinite()) return;
  EXPECT_LE(most_value, a.bound.value.to_double() * response_rounding);
  if (c.size % 2 == 1) {
    EXPECT_GE(most_value, 0.999 * a.bound.value.to_double());
  }
}

// At 0 the slope is k^-beta in every direction.
TEST(LocalResponseNorm, SlopeAtZeroIsReached) {
  const LocalResponseNorm c = response_norm(3, "1.6", "0.75", "0.7");
  Random random(2);
  const Response y = respond(c, Vector(5), unit(random.vector(5)));
  const Shape shape{5};
  EXPECT_TRUE(is_near(norm(y.first) / constants_of(c, shape, 1).slope_at_zero.value.to_double(), 1,
                      1e-15L));
}

TEST(LocalResponseNorm, CountsTheEntriesOfItsGradient) {
  for (const std::int64_t size : {1, 2, 3, 6, 40}) {
    const LocalResponseNorm c = response_norm(size, "1", "0.75", "1");
    const Shape shape{5, 2};
    std::int64_t pairs = 0;
    for (std::int64_t i = 0; i < 5; ++i) {
      for (std::int64_t j = 0; j < 5; ++j) {
        if (j >= i - size / 2 && j <= i + (size - 1) / 2) ++pairs;
      }
    }
    EXPECT_EQ(c.work({{&shape, 1}, shape, 3}).sparsity.map, Magnitude::from_count(pairs * 2 * 3));
  }
}

}  // namespace
}  // namespace smoothbound
