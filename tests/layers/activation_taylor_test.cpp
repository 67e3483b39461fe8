// Taylor coefficients of activations and bounds of their derivatives, against 256-bit ball
// arithmetic. A row with branches that are not stated here fails.
#include "smoothbound/layers/activation_taylor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "activation_cases.hpp"
#include "exact_branches.hpp"

namespace smoothbound {
namespace {

using support::Ball;
using test::ActivationCase;
using test::ball;
using test::exact_branches;
using test::ExactBranch;
using test::Taylor;

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double huge = std::numeric_limits<double>::max();

// An activation with branches, and what these are.
struct Stated {
  Activation activation;
  ScaledBranches branches;
  std::vector<ExactBranch> exact;

  // At the doubles that the library computes with.
  [[nodiscard]] Taylor at(int branch, double x) const {
    const Taylor scale(ball(activation.scale.nearest));
    return exact[static_cast<std::size_t>(branch)](scale * Taylor::variable(ball(x)),
                                                   ball(activation.parameter.nearest)) /
           scale;
  }
  [[nodiscard]] int count() const { return branches.layout().kinks + 1; }
};

bool below(const Ball& a, const Ball& b) { return certainly_less(a, b); }

Ball magnitude(const Ball& a) { return difference(a, 0); }

Ball error_allowed(double absolute) { return ball(48 * absolute) / Ball(std::int64_t{1} << 53); }

// To 40 digits, or as near as what is left of a difference of numbers around 1 can be.
bool is_precise(const Ball& a) {
  const double radius = mag_get_d(arb_radref(a.raw()));
  return a.is_known() && radius <= 1e-70 + 1e-40 * std::abs(a.to_double());
}

std::vector<double> points(const Stated& f, std::mt19937& random) {
  std::vector<double> all{0, 1e-8, 0.5, 1, 3, 7, 20, 40, 150, 700};
  for (std::size_t i = all.size(); i-- > 1;) all.push_back(-all[i]);
  for (int i = 0; i < f.branches.layout().kinks; ++i) {
    const double kink = f.branches.layout().kink[static_cast<std::size_t>(i)];
    for (const double x : {kink, std::nextafter(kink, -infinite), std::nextafter(kink, infinite)}) {
      all.push_back(x);
    }
  }
  std::normal_distribution<double> normal;
  for (int i = 0; i < 40; ++i) {
    for (const double size : {0.01, 1.0, 4.0, 30.0}) all.push_back(size * normal(random));
  }
  return all;
}

using Range = std::pair<double, double>;

// Wide, narrow, around 0, far away.
std::vector<Range> ranges(std::mt19937& random) {
  std::vector<Range> all{{-8, 8}, {0, 0}, {-0.2, 0.3}, {-1, 1}, {-3, 0.9}, {-0.8, 4}, {5, 9}};
  std::normal_distribution<double> normal;
  for (int i = 0; i < 6; ++i) {
    for (const double size : {0.5, 3.0, 25.0}) {
      for (const double width : {1e-6, 0.1, 2.0}) {
        const double centre = size * normal(random);
        const double radius = width * std::abs(normal(random));
        all.emplace_back(centre - radius, centre + radius);
      }
    }
  }
  return all;
}

class ActivationTaylor : public testing::TestWithParam<ActivationCase> {
 protected:
  void SetUp() override {
    if (GetParam().row->branches == nullptr) GTEST_SKIP() << "nothing encloses it";
    ASSERT_TRUE(exact_branches.contains(GetParam().row->name)) << "state its branches above";
  }
  static Stated stated() {
    const Activation f = GetParam().activation();
    return {f, f.branches().value(), exact_branches.at(f.row->name)};
  }

  std::mt19937 random_{20};  // NOLINT: a fixed seed
};

void expect_near_exact(const Stated& f, int branch, double x) {
  const TaylorCoefficients computed = f.branches.expand(branch, x);
  const Taylor exact = f.at(branch, x);
  for (std::size_t m = 0; m < computed.value.size(); ++m) {
    const double value = computed.value[m];
    const double absolute = computed.absolute[m];
    const Ball expected = exact.coefficient(static_cast<slong>(m));
    SCOPED_TRACE("branch " + std::to_string(branch) + " at " + std::to_string(x) + ", f_" +
                 std::to_string(m));
    ASSERT_FALSE(std::isnan(value) || std::isnan(absolute));
    if (absolute == infinite) {  // beyond the doubles, or next to a pole
      EXPECT_FALSE(expected.is_known() && below(magnitude(expected), ball(1e290)));
      continue;
    }
    EXPECT_GE(absolute, std::abs(value));
    ASSERT_TRUE(is_precise(expected)) << expected.to_text();
    EXPECT_FALSE(below(error_allowed(absolute), difference(ball(value), expected)))
        << value << " for " << expected.to_text() << ", absolute " << absolute;
  }
}

// Those of arrays, which are longer than vector units and no multiple of them.
void expect_array_near_exact(const Stated& f, int branch, double x) {
  const std::vector<double> points(19, x);
  std::array<std::vector<double>, 4> found;
  CoefficientArrays places{};
  for (std::size_t m = 0; m < found.size(); ++m) {
    found[m].resize(points.size());
    places[m] = found[m].data();
  }
  f.branches.expand_array(branch, points.data(), static_cast<std::int64_t>(points.size()), places);
  const TaylorCoefficients alone = f.branches.expand(branch, x);
  const Taylor exact = f.at(branch, x);
  for (std::size_t m = 0; m < found.size(); ++m) {
    SCOPED_TRACE("branch " + std::to_string(branch) + " at " + std::to_string(x) + ", f_" +
                 std::to_string(m));
    if (alone.absolute[m] == infinite) continue;
    EXPECT_EQ(found[m], std::vector<double>(points.size(), found[m].front()));
    EXPECT_FALSE(
        below(error_allowed(alone.absolute[m]),
              difference(ball(found[m].front()), exact.coefficient(static_cast<slong>(m)))))
        << found[m].front();
  }
}

TEST_P(ActivationTaylor, ArraysAreWithinTheSameRounding) {
  const Stated f = stated();
  for (const double x : points(f, random_)) {
    for (int branch = 0; branch < f.count(); ++branch) expect_array_near_exact(f, branch, x);
  }
}

TEST_P(ActivationTaylor, ArraysKeepWhatIsNoNumber) {
  const Stated f = stated();
  const std::vector<double> points(5, std::numeric_limits<double>::quiet_NaN());
  for (int branch = 0; branch < f.count(); ++branch) {
    std::array<std::array<double, 5>, 4> found{};
    CoefficientArrays places{};
    for (std::size_t m = 0; m < found.size(); ++m) places[m] = found[m].data();
    f.branches.expand_array(branch, points.data(), std::ssize(points), places);
    for (const double each : found[0]) {
      EXPECT_EQ(std::isnan(each), std::isnan(f.branches.expand(branch, points[0]).value[0]));
    }
  }
}

TEST_P(ActivationTaylor, CoefficientsAreWithinTheirRounding) {
  const Stated f = stated();
  ASSERT_EQ(f.exact.size(), static_cast<std::size_t>(f.count()));
  for (const double x : points(f, random_)) {
    for (int branch = 0; branch < f.count(); ++branch) expect_near_exact(f, branch, x);
  }
}

// Of the exact derivatives on a range.
using Largest = std::array<Ball, most_activation_derivative + 1>;

Largest largest_derivatives(const Stated& f, int branch, Range range, int steps) {
  Largest result;
  for (int i = 0; i <= steps; ++i) {
    const double x = std::clamp(range.first + (range.second - range.first) * i / steps, range.first,
                                range.second);
    const Taylor exact = f.at(branch, x);
    for (std::size_t m = 1; m < result.size(); ++m) {
      const Ball size = magnitude(exact.derivative(static_cast<slong>(m)));
      if (below(result[m], size)) result[m] = size;
    }
  }
  return result;
}

// How far above the largest of the sampled derivatives the bound is at best, on ranges that are
// not narrow.
double tightest(const Stated& f, int branch, int m, const std::vector<Range>& all,
                const std::vector<Largest>& sampled) {
  double best = infinite;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double bound = f.branches.envelope(branch, m, all[i].first, all[i].second);
    const double largest = sampled[i][static_cast<std::size_t>(m)].to_double();
    if (all[i].second - all[i].first < 0.1 || bound == infinite) continue;
    best = std::min(best, bound < 1e-290 ? 1 : bound / largest);
  }
  return best;
}

// The bound of smooth_relu6 is a sum for its two bends, which add up less where they are near.
double tightness_of(const Stated& f) { return f.activation.name() == "smooth_relu6" ? 1.7 : 1.05; }

TEST_P(ActivationTaylor, EnvelopesAreNeverExceededAndReached) {
  const Stated f = stated();
  const std::vector<Range> all = ranges(random_);
  for (int branch = 0; branch < f.count(); ++branch) {
    SCOPED_TRACE(branch);
    std::vector<Largest> sampled;
    for (const Range& range : all) {
      sampled.push_back(largest_derivatives(f, branch, range, 16));
      for (int m = 1; m <= most_activation_derivative; ++m) {
        const double bound = f.branches.envelope(branch, m, range.first, range.second);
        const Ball& largest = sampled.back()[static_cast<std::size_t>(m)];
        // Nothing is known beyond a pole, where nothing is asserted, either.
        const bool exceeded = bound != infinite && below(ball(bound), largest);
        EXPECT_FALSE(std::isnan(bound) || exceeded)
            << "m = " << m << " on " << range.first << ", " << range.second << ": " << bound
            << " for " << largest.to_text();
      }
    }
    for (int m = 1; m <= most_activation_derivative; ++m) {
      EXPECT_LE(tightest(f, branch, m, all, sampled), tightness_of(f)) << "m = " << m;
    }
  }
}

// sup |f^(m)| between a and b: a grid, refined around its best point; whether that is an end.
struct Supremum {
  double value = 0;
  bool is_at_end = false;
};

Supremum supremum_between(const Stated& f, int m, double a, double b) {
  const auto size_at = [&](double x) { return std::abs(f.at(0, x).derivative(m).to_double()); };
  constexpr int steps = 100;
  const double step = (b - a) / steps;
  std::vector<double> sizes;
  for (int i = 0; i <= steps; ++i) sizes.push_back(size_at(a + step * i));
  const auto best = std::max_element(sizes.begin(), sizes.end());
  const auto at = static_cast<double>(best - sizes.begin());
  double low = a + step * (at - 1);
  double high = a + step * (at + 1);
  for (int i = 0; i < 32; ++i) {
    const double third = (high - low) / 3;
    if (size_at(low + third) < size_at(high - third)) {
      low += third;
    } else {
      high -= third;
    }
  }
  return {std::max(*best, size_at((low + high) / 2)), at == 0 || at == steps};
}

// Of all but smooth_relu6 they are next to 0, or f' rises or falls to them at infinity.
TEST_P(ActivationTaylor, SupremaAreRoundedUpInTheLastDigit) {
  const Stated f = stated();
  if (f.count() > 1) return;  // infinite or trivial
  const std::string_view name = f.activation.name();
  const double beta =
      f.activation.scale.nearest *
      (name == "softplus" || name == "smooth_relu6" ? f.activation.parameter.nearest : 1);
  const double shift = name == "smooth_capped_exp" ? std::log(f.activation.parameter.nearest) : 0;
  for (int m = 1; m <= most_activation_derivative; ++m) {
    const double bound = f.branches.envelope(0, m, -huge, huge);
    const Supremum exact = supremum_between(f, m, shift - 5 / beta, shift + 5 / beta);
    EXPECT_GE(bound, exact.value) << m;
    if (exact.value == 0) {
      EXPECT_LT(bound, 1e-290) << m;
    } else if (name == "smooth_relu6" && m > 1) {
      EXPECT_LE(bound, exact.value * 3) << m;
    } else {
      EXPECT_LE(bound, exact.value * (exact.is_at_end ? 1.01 : 1 + 1e-11)) << m;
    }
  }
}

// By Taylor's formula, which reaches the fourth derivative.
TEST_P(ActivationTaylor, EnvelopesOfNarrowRangesAreDerivatives) {
  const Stated f = stated();
  if (f.count() > 1) return;
  std::normal_distribution<double> normal;
  for (int i = 0; i < 30; ++i) {
    const double x = 3 * normal(random_);
    const Taylor exact = f.at(0, x);
    for (int m = 1; m < most_activation_derivative; ++m) {
      const double bound = f.branches.envelope(0, m, x - 1e-9, x + 1e-9);
      const double most = f.branches.envelope(0, m, -huge, huge);
      EXPECT_LE(bound, std::abs(exact.derivative(m).to_double()) + 1e-5 * most) << m << " at " << x;
    }
  }
}

// Where f and f' are far below their terms in another way of writing them.
TEST_P(ActivationTaylor, TailsKeepTheirDigits) {
  const Stated f = stated();
  if (f.activation.name() == "capped_exp") return;  // counts where its kink is, everywhere
  for (const double x : {-12.0, -7.0, -1.0, 1.0, 7.0}) {
    const int branch = f.branches.branch_of(x);
    const TaylorCoefficients computed = f.branches.expand(branch, x);
    const Taylor exact = f.at(branch, x);
    for (const std::size_t m : {0U, 1U}) {
      const double size = std::abs(exact.coefficient(static_cast<slong>(m)).to_double());
      if (size < 1e-290) continue;
      EXPECT_LE(computed.absolute[m], 60 * size) << "f_" << m << " at " << x;
    }
  }
}

// On wide ranges far away, where Taylor's formula is of no use: how far above the derivatives the
// bounds are, whose summands have signs that do not count.
TEST_P(ActivationTaylor, EnvelopesFallWithTheDerivatives) {
  const Stated f = stated();
  const std::map<std::string_view, double> above{
      {"softplus", 1.2}, {"sigmoid", 1.3}, {"tanh", 1.01}, {"gelu", 3},
      {"erf", 2},        {"atan", 6},      {"silu", 21}};
  if (!above.contains(f.activation.name()) || GetParam().parameter == "0.25") return;
  for (const Range& range : {Range{5, 60}, Range{-60, -5}}) {
    const Largest sampled = largest_derivatives(f, 0, range, 8);
    for (int m = 2; m <= most_activation_derivative; ++m) {
      const double bound = f.branches.envelope(0, m, range.first, range.second);
      const double largest = sampled[static_cast<std::size_t>(m)].to_double();
      EXPECT_LE(bound, 1e-290 + largest * above.at(f.activation.name()))
          << m << " from " << range.first;
    }
  }
}

TEST_P(ActivationTaylor, EnvelopesAreNumbersAnywhere) {
  const Stated f = stated();
  const std::array<double, 12> ends{-huge, -1e200, -1e20, -700, -39, -1, 0, 1, 39, 700, 1e20, huge};
  for (int branch = 0; branch < f.count(); ++branch) {
    for (std::size_t i = 0; i < ends.size(); ++i) {
      for (std::size_t j = i; j < ends.size(); ++j) {
        for (int m = 1; m <= most_activation_derivative; ++m) {
          const double bound = f.branches.envelope(branch, m, ends[i], ends[j]);
          EXPECT_GE(bound, 0) << branch << ' ' << m << ": " << ends[i] << ", " << ends[j];
          for (std::size_t k = i; k <= j; ++k) {
            EXPECT_LE(f.branches.envelope(branch, m, ends[k], ends[k]), bound * (1 + 1e-9))
                << branch << ' ' << m << ": " << ends[i] << ", " << ends[k] << ", " << ends[j];
          }
        }
      }
    }
  }
}

TEST_P(ActivationTaylor, IsPutTogetherFromItsBranches) {
  const Stated f = stated();
  const Branches& layout = f.branches.layout();
  for (const double x : points(f, random_)) {
    if (std::abs(x) > 40) continue;
    const int branch = f.branches.branch_of(x);
    ASSERT_TRUE(branch == 0 || layout.kink[static_cast<std::size_t>(branch - 1)] < x);
    ASSERT_TRUE(branch == layout.kinks || x <= layout.kink[static_cast<std::size_t>(branch)]);
    const TaylorCoefficients computed = f.branches.expand(branch, x);
    const Jet jet = f.activation.evaluate(x);
    EXPECT_NEAR(jet.value, computed.value[0], 1e-13 * (1 + computed.absolute[0])) << x;
    EXPECT_NEAR(jet.first, computed.value[1], 1e-12 * (1 + computed.absolute[1])) << x;
  }
  for (int kink = 0; kink < layout.kinks; ++kink) {
    const double at = layout.kink[static_cast<std::size_t>(kink)];
    const TaylorCoefficients left = f.branches.expand(kink, at);
    const TaylorCoefficients right = f.branches.expand(kink + 1, at);
    EXPECT_LE(std::abs(left.value[0] - right.value[0]),
              48 * 0x1p-53 * (left.absolute[0] + right.absolute[0]));
  }
}

Ball slope_difference(const Stated& f, int kink, double x) {
  return difference(f.at(kink, x).derivative(1), f.at(kink + 1, x).derivative(1));
}

TEST_P(ActivationTaylor, SlopesChangeByNoMoreAtKinks) {
  const Stated f = stated();
  const Branches& layout = f.branches.layout();
  std::uniform_real_distribution<double> exponent(-9, 1.5);
  for (int kink = 0; kink < layout.kinks; ++kink) {
    const double at = layout.kink[static_cast<std::size_t>(kink)];
    for (int i = 0; i < 40; ++i) {
      const double length = i < 2 ? 0 : std::pow(10, exponent(random_));
      const double low = i % 2 == 0 ? at : at - length;
      const double high = i % 2 == 0 ? at + length : at;
      const double bound = f.branches.slope_change(kink, low, high);
      ASSERT_GE(bound, 0);
      if (bound == infinite) {
        EXPECT_TRUE(f.activation.name() == "softsign" && length >= 1);
        continue;
      }
      Ball largest;
      for (const double x : {low, low / 2 + high / 2, high}) {
        largest = larger(largest, slope_difference(f, kink, x));
      }
      EXPECT_FALSE(below(ball(bound), largest)) << low << ", " << high << ": " << bound;
      EXPECT_LE(bound, 1e-290 + largest.to_double() * (1 + 1e-11)) << low << ", " << high;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, ActivationTaylor, testing::ValuesIn(test::activation_cases()),
                         test::name_of_case);

TEST(ActivationTaylorTable, HasNoOtherRows) {
  for (const auto& [name, branches] : exact_branches) {
    const ActivationRow* row = find_activation(name);
    ASSERT_NE(row, nullptr) << name;
    EXPECT_NE(row->branches, nullptr) << name;
  }
}

TEST(ActivationTaylorTable, NothingIsKnownOfARowWithoutBranches) {
  ActivationRow row = *find_activation("relu");
  row.branches = nullptr;
  EXPECT_FALSE(Activation(row).branches().has_value());
}

TEST(ActivationTaylorTable, SlopesBelowAreThoseOfReluAndItsLeaks) {
  for (const ActivationRow& row : activation_table()) {
    const Activation f(row);
    const std::optional<ScaledBranches> branches = f.branches();
    if (!branches) continue;
    const bool leaks = row.name == "relu" || row.name == "leaky_relu";
    ASSERT_EQ(branches->layout().slope_below.has_value(), leaks) << row.name;
    if (!leaks) continue;
    EXPECT_EQ(*branches->layout().slope_below, f.evaluate(-1).first);
  }
}

// The kink of min(exp(x), cap) is not a double: what ends at the one next to it is as near to it
// as `absolute` says.
TEST(ActivationTaylorTable, CappedExpCountsWhereItsKinkIs) {
  Activation f(*find_activation("capped_exp"));
  for (const char* cap : {"0.5", "2", "100", "1.0000001", "1e-300", "1e300"}) {
    f.parameter = Real::from_decimal(cap);
    const ScaledBranches branches = f.branches().value();
    const double kink = branches.layout().kink[0];
    const Ball end = exponential(Taylor(ball(kink))).coefficient(0);
    const Ball error = difference(end, ball(f.parameter.nearest));
    for (int branch = 0; branch < 2; ++branch) {
      const double absolute = branches.expand(branch, kink - 2).absolute[0];
      EXPECT_FALSE(below(error_allowed(absolute), error)) << cap;
    }
  }
}

}  // namespace
}  // namespace smoothbound
