// Errors of numbers that know theirs, against numbers that are moved by as much.
#include "layers/rounded.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace smoothbound::activations {
namespace {

// Far above what functions and operations add, and small enough for slopes.
constexpr double moved = 0x1p20;

long double shifted(const Rounded& a, int direction) {
  return a.value + static_cast<long double>(unit_roundoff) * a.error * direction;
}

// What is exact at the ends of the arguments is covered, and by no more than `slack` times the
// most.
template <class Exact>
void expect_covered(const Rounded& result, const Rounded& a, const Rounded& b, const Exact& exact,
                    long double slack) {
  long double most = 0;
  for (const int i : {-1, 1}) {
    for (const int j : {-1, 1}) {
      most = std::max(most, std::abs(exact(shifted(a, i), shifted(b, j)) - result.value));
    }
  }
  const long double covered = static_cast<long double>(unit_roundoff) * result.error;
  EXPECT_LE(most, covered * (1 + 0x1p-20L)) << a.value << ", " << b.value;
  EXPECT_LE(covered, most * slack + 0x1p-48L * std::abs(result.value) + negligible)
      << a.value << ", " << b.value;
}

TEST(Rounded, OperationsCoverErrorsOfBoth) {
  std::mt19937 random(3);  // NOLINT: a fixed seed
  std::normal_distribution<double> normal;
  for (int i = 0; i < 500; ++i) {
    const Rounded a{normal(random), moved * std::abs(normal(random))};
    const Rounded b{normal(random), i % 2 == 0 ? 0 : moved * std::abs(normal(random))};
    constexpr long double slack = 1 + 0x1p-15L;
    expect_covered(
        a + b, a, b, [](auto x, auto y) { return x + y; }, slack);
    expect_covered(
        a - b, a, b, [](auto x, auto y) { return x - y; }, slack);
    expect_covered(
        -a, a, b, [](auto x, auto /*y*/) { return -x; }, slack);
    expect_covered(
        a * b, a, b, [](auto x, auto y) { return x * y; }, slack);
    expect_covered(
        a / b, a, b, [](auto x, auto y) { return x / y; }, slack);
  }
}

TEST(Rounded, ProductsOfErrorsAlone) {
  const Rounded a{0, 0x1p30};
  expect_covered(
      a * a, a, a, [](auto x, auto y) { return x * y; }, 1 + 0x1p-20L);
}

TEST(Rounded, NothingIsKnownOfAQuotientByWhatMayBeZero) {
  EXPECT_TRUE(std::isinf((1 / Rounded(0x1p-53, 1)).error));
  EXPECT_FALSE(std::isinf((1 / Rounded(0x1p-52, 1)).error));
}

TEST(Rounded, FunctionsCoverErrorsOfTheirArgument) {
  constexpr long double slack = 1 + 0x1p-15L;
  for (const double x : {-39.0, -12.0, -3.0, -0.5, -1e-5, 0.0, 1e-5, 0.7, 2.0, 9.0, 30.0}) {
    const Rounded a{x, moved};
    expect_covered(
        exponential(a), a, a, [](auto y, auto) { return std::exp(y); }, slack);
    expect_covered(
        exponential_minus_one(a), a, a, [](auto y, auto) { return std::expm1(y); }, slack);
    expect_covered(
        hyperbolic_tangent(a), a, a, [](auto y, auto) { return std::tanh(y); }, slack);
    const auto logistic = [](auto y) { return 1 / (1 + std::exp(-y)); };
    const Shares shares = logistic_shares(a);
    // Counted twice, in the numerator and below, and against the larger one in full.
    expect_covered(
        shares.above, a, a, [&](auto y, auto) { return logistic(y); }, 3);
    expect_covered(
        shares.below, a, a, [&](auto y, auto) { return logistic(-y); }, 3);
    if (x > 0)
      expect_covered(
          log_one_plus(a), a, a, [](auto y, auto) { return std::log1p(y); }, 40);
  }
}

TEST(Rounded, LibraryIsTrustedToFourUnits) {
  EXPECT_EQ(from_library(-3).error, 12 + negligible);
  EXPECT_DOUBLE_EQ(exponential(1).error, 4 * std::exp(1.0));
  EXPECT_DOUBLE_EQ(exponential_minus_one(1).error, 4 * std::expm1(1.0));
  EXPECT_DOUBLE_EQ(log_one_plus(1).error, 4 * std::log1p(1.0));
  EXPECT_DOUBLE_EQ(hyperbolic_tangent(-1).error, 4 * std::tanh(1.0));
  EXPECT_EQ(nearest(-3).error, 3);
}

// 1 unit for each operation, at the least.
TEST(Rounded, OperationsRound) {
  EXPECT_EQ((Rounded(1) + 2).error, 3);
  EXPECT_EQ((Rounded(1) - 3).error, 2);
  EXPECT_GE((Rounded(2) * 3).error, 6);
  EXPECT_GE((Rounded(6) / 4).error, 1.5);
  EXPECT_GT((Rounded(0x1p-600) * 0x1p-600).error, 0);
  EXPECT_GT((Rounded(0x1p-600) / 0x1p600).error, 0);
  EXPECT_GT(exponential(-1e4).error, 0);
}

TEST(Rounded, FortySevenErrorsAreOneOfAbsolute) {
  const TaylorCoefficients f = taylor_of({Rounded{1, 94}, Rounded{-3, 47}});
  EXPECT_EQ(f.value[1], -3);
  EXPECT_EQ(f.absolute[0], 2);
  EXPECT_EQ(f.absolute[1], 3);
}

TEST(Interval, IsWidenedAndStaysWithinTheDoubles) {
  const Interval x = Interval::around({-1, 1}, {2, 2});
  EXPECT_LE(x.low, -1 - 0x1p-53);
  EXPECT_GE(x.high, std::nextafter(2, 3));
  EXPECT_EQ(x.near(), 0);
  EXPECT_EQ(x.far(), x.high);
  constexpr double inf = std::numeric_limits<double>::infinity();
  const Interval beyond = Interval::around({-inf, inf}, {-inf, inf});
  EXPECT_LE(beyond.low, beyond.high);
  EXPECT_LT(beyond.high, -1e307);
  EXPECT_EQ((Interval{-3, -2}).near(), 2);
  EXPECT_EQ((Interval{-3, -2}).far(), 3);
  EXPECT_EQ((Interval{2, 3}).near(), 2);
}

TEST(Bounds, AreRoundedUp) {
  EXPECT_GT(rounded_up(0), 0);
  EXPECT_GE(rounded_up(3), 3 * (1 + 0x1p-40));
}

}  // namespace
}  // namespace smoothbound::activations
