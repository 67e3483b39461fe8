#include "smoothbound/layers/prelu.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "numeric.hpp"
#include "smoothbound/rules/compose.hpp"
#include "support/ball.hpp"

namespace smoothbound {
namespace {

using support::Ball;
using support::check_upper;
using support::square;
using test::Random;
using test::Vector;

// Of three channels at two positions.
Vector rectified(const Vector& alpha, const Vector& x) {
  Vector y;
  for (std::size_t i = 0; i < x.size(); ++i) {
    y.push_back(std::max(x[i], 0.0L) + alpha[alpha.size() == 1 ? 0 : i / 2] * std::min(x[i], 0.0L));
  }
  return y;
}

long double smooth_value(long double alpha, long double x, long double beta) {
  const auto g = [&](long double t) { return std::log1p(std::exp(beta * t)) / beta; };
  return g(x) - alpha * g(-x);
}

Prelu smooth_of(std::size_t per, std::string_view beta) {
  Prelu prelu;
  prelu.per = per;
  return prelu.smooth_form(Real::from_decimal(beta)).value();
}

TEST(Prelu, PartsAreASplitAndAnAffinePart) {
  const Shape shape{3, 2};
  for (const std::size_t per : {0U, 1U}) {
    Prelu prelu;
    prelu.per = per;
    prelu.radius = Real::from_decimal("1.5");
    const Site site{{&shape, 1}, shape, 4};
    EXPECT_EQ(prelu.block(site)->elements, per == 0 ? 3 : 1);
    EXPECT_EQ(prelu.block(site)->radius.value().upper, prelu.radius->upper);
    EXPECT_EQ(prelu.output_shape({&shape, 1}), shape);
    const Parts parts = prelu.parts(site, Method::sharp);
    ASSERT_EQ(parts.end() - parts.begin(), 2);
    const auto& split = std::get<MapConstants>(*parts.begin());
    EXPECT_EQ(split.lipschitz.value, Magnitude::from_count(1));
    EXPECT_TRUE(split.smoothness.value.is_infinite());
    EXPECT_EQ(split.smoothness.source, "prelu has a kink at 0");
    EXPECT_EQ(split.smoothness.remedy, Remedy::smooth_form);
    EXPECT_TRUE(split.at_zero.value.is_zero());
    const auto& b = std::get<AffineConstants>(*(parts.begin() + 1));
    EXPECT_EQ(b.bilinear.value, Magnitude::from_count(1));
    EXPECT_EQ(b.linear_input.value, Magnitude::from_count(1));
    EXPECT_TRUE(b.linear_parameters.value.is_zero());
    EXPECT_TRUE(b.offset.value.is_zero());
  }
}

// f = u + alpha w + c (1 - alpha) with u = g(x) - c, w = c - g(-x), c = log(2)/beta, over 4 samples
// of 3 channels at 2 positions.
TEST(SmoothPrelu, StatesItsParts) {
  const Shape shape{3, 2};
  const Ball c = Ball::log_two() / Ball(4);
  for (const std::size_t per : {0U, 1U}) {
    const Prelu smooth = smooth_of(per, "4");
    EXPECT_EQ(smooth.name(), "smooth_prelu");
    EXPECT_FALSE(smooth.smooth_form(smooth.beta).has_value());
    const Site site{{&shape, 1}, shape, 4};
    EXPECT_EQ(smooth.block(site)->elements, per == 0 ? 3 : 1);
    for (const Method method : {Method::paper, Method::sharp}) {
      const Parts parts = smooth.parts(site, method);
      const auto& split = std::get<MapConstants>(*parts.begin());
      EXPECT_EQ(split.lipschitz.value, Magnitude::from_count(1));
      EXPECT_EQ(split.smoothness.value, Magnitude::from_count(2));  // 2 beta/4
      EXPECT_TRUE(split.at_zero.value.is_zero());
      EXPECT_EQ(split.slope_at_zero.value, Magnitude::from_count(1));
      const auto& b = std::get<AffineConstants>(*(parts.begin() + 1));
      EXPECT_TRUE(b.acts_on_different_entries);
      EXPECT_EQ(b.bilinear.value, Magnitude::from_count(1));
      EXPECT_EQ(b.linear_input.value, Magnitude::from_count(1));
      EXPECT_EQ(check_upper(b.linear_parameters.value, c * square_root(Ball(per == 0 ? 8 : 24))),
                "");
      EXPECT_EQ(check_upper(b.offset.value, c * square_root(Ball(24))), "");
    }
  }
}

// What is learned and where keeps its settings.
TEST(SmoothPrelu, IsThatOfThePrelu) {
  Prelu prelu;
  prelu.per = 1;
  prelu.radius = Real::from_decimal("1.5");
  const Prelu smooth = prelu.smooth_form(Real::from_decimal("3")).value();
  EXPECT_TRUE(smooth.is_smooth);
  EXPECT_EQ(smooth.per, 1);
  EXPECT_EQ(smooth.radius->upper, prelu.radius->upper);
  EXPECT_EQ(smooth.beta.nearest, 3);
}

// What the rules make of these constants, R = 1/2 and 3, x = 1 and l = 1, L = 0 before: m = max{1,
// R} + (1 + R) c for one entry, l = sqrt(max{1, R}^2 + (1 + c)^2), H = [max{1, R} beta/2, 1; 1, 0].
TEST(SmoothPrelu, MakesTheseBounds) {
  const Shape shape{1};
  const Ball c = Ball::log_two() / Ball(4);
  for (const auto& [radius, R] : {std::pair("0.5", Ball(1) / Ball(2)), {"3", Ball(3)}}) {
    const Ball A = larger(Ball(1), R);
    for (const Method method : {Method::paper, Method::sharp}) {
      rules::Composition composition(Triple{Magnitude::from_count(1), Magnitude::from_count(1), {}},
                                     method);
      for (const Part& part : smooth_of(0, "4").parts({{&shape, 1}, shape, 1}, method)) {
        if (const auto* split = std::get_if<MapConstants>(&part)) composition.apply(*split);
        if (const auto* b = std::get_if<AffineConstants>(&part)) {
          composition.apply(*b, Magnitude::from_decimal(radius));
        }
      }
      const Triple bounds = composition.result();
      const bool sharp = method == Method::sharp;
      const Ball B = Ball(1) + c;
      const Ball h = Ball(2) * A;
      EXPECT_EQ(check_upper(bounds.m, A + (Ball(1) + R) * c), "");
      EXPECT_EQ(check_upper(bounds.lipschitz, sharp ? square_root(square(A) + square(B)) : A + B),
                "");
      EXPECT_EQ(check_upper(bounds.smoothness,
                            sharp ? (h + square_root(square(h) + Ball(4))) / Ball(2) : h + Ball(2)),
                "");
    }
  }
}

// sup |f''| is reached at x = 0 and alpha = -R: (1 + R) beta/4, which is max{1, R} beta/2 for R
// = 1.
TEST(SmoothPrelu, ItsCurvatureIsReached) {
  constexpr long double beta = 4;
  constexpr long double h = 1e-3L;
  const auto f = [](long double x) { return smooth_value(-1, x, beta); };
  EXPECT_TRUE(test::is_near((f(h) - 2 * f(0) + f(-h)) / (h * h), beta / 2, 1e-5L));
}

// Slopes by x lie between 1 and alpha, by alpha it is g(-x) at most |x| + c.
TEST(SmoothPrelu, DifferencesAreWithinTheConstants) {
  Random random(4);
  const auto c = [](long double beta) { return std::log(2.0L) / beta; };
  long double by_x = 0;
  for (int i = 0; i < 20000; ++i) {
    const long double beta = i % 2 == 0 ? 1 : 7;
    const long double alpha = 1.5L * std::sin(random.normal());
    const long double x = random.normal() * (i % 3 == 0 ? 5 : 0.5L);
    const long double step = 0.01L * random.normal();
    const long double value = smooth_value(alpha, x, beta);
    const long double slope = (smooth_value(alpha, x + step, beta) - value) / step;
    EXPECT_LE(std::abs(slope), std::max(1.0L, std::abs(alpha)) * (1 + 1e-12L));
    EXPECT_LE(std::abs(smooth_value(alpha + 1, x, beta) - value),
              (std::abs(x) + c(beta)) * (1 + 1e-12L));
    EXPECT_LE(std::abs(value),
              (1 + std::abs(alpha)) * c(beta) + std::max(1.0L, std::abs(alpha)) * std::abs(x));
    // Its distance from the kinked one.
    EXPECT_LE(std::abs(value - rectified({alpha}, {x})[0]),
              std::abs(1 - alpha) * c(beta) * (1 + 1e-12L));
    by_x = std::max(by_x, std::abs(slope));
  }
  EXPECT_GE(by_x, 1.45L);
}

// The slope by alpha is at most ||x||, and reaches it; the slope by x at most max{1, R} <= 1 + R.
TEST(Prelu, DifferencesAreWithinTheConstants) {
  Random random(3);
  long double by_alpha = 0;
  for (int i = 0; i < 2000; ++i) {
    const Vector alpha = test::scaled(test::unit(random.vector(i % 2 == 0 ? 3 : 1)), 1.5L);
    const Vector x = test::unit(random.vector(6));
    const Vector step = test::scaled(random.vector(6), 0.1L);
    const Vector other = random.vector(alpha.size());
    const Vector moved =
        test::along(rectified(alpha, test::along(x, 1, step)), -1, rectified(alpha, x));
    EXPECT_LE(test::norm(moved), 1.5L * test::norm(step) * (1 + 1e-15L));
    const Vector turned =
        test::along(rectified(test::along(alpha, 1, other), x), -1, rectified(alpha, x));
    by_alpha = std::max(by_alpha, test::norm(turned) / test::norm(other));
  }
  EXPECT_LE(by_alpha, 1 + 1e-12L);
  EXPECT_GE(by_alpha, 0.95L);
}

}  // namespace
}  // namespace smoothbound
