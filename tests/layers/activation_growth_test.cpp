// What activations make of norms and where their derivatives cannot be large together, against
// sampling: never exceeded, and reached.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "smoothbound/layers/activation.hpp"

namespace smoothbound {
namespace {

Magnitude magnitude_of(double value) { return Magnitude::from_double(value); }

// Each row at its default, and at other parameters and scales.
std::vector<Activation> activations_with_growth() {
  std::vector<Activation> all;
  for (const ActivationRow& row : activation_table()) {
    if (row.growth == nullptr) continue;
    all.emplace_back(row);
    for (const std::string_view sample : row.parameter.samples) {
      Activation& other = all.emplace_back(row);
      other.parameter = Real::from_decimal(sample);
    }
  }
  return all;
}

std::string text_of(const Activation& f) {
  return fmt::format("{} {}", f.name(), f.parameter.nearest);
}

// sup of a function that is largest within [-reach, reach]: a grid, refined around its best point.
template <class Function>
double supremum(const Function& of, double reach) {
  double best = 0;
  double at = 0;
  double step = reach / 2000;
  double low = -reach;
  double high = reach;
  for (int round = 0; round < 6; ++round) {
    for (double x = low; x <= high; x += step) {
      const double value = of(x);
      if (value > best) {
        best = value;
        at = x;
      }
    }
    low = at - 2 * step;
    high = at + 2 * step;
    step /= 100;
  }
  return best;
}

double reach_of(const Activation& f) {
  const double beta = f.name() == "softplus" ? f.parameter.nearest : 1;
  return 12 / beta;
}

TEST(ActivationGrowth, JointConstantsAreSuprema) {
  int checked = 0;
  for (const Activation& f : activations_with_growth()) {
    const Magnitude joint = f.growth().joint;
    if (joint.is_infinite()) continue;
    SCOPED_TRACE(text_of(f));
    const double l = f.constants(Method::sharp).lipschitz.value.to_double();
    const double found = supremum(
        [&](double x) {
          const Jet jet = f.evaluate(x);
          const double rest = 1 - jet.first * jet.first / (l * l);
          // Near 0, where f' is l, both are small and their quotient is rounding.
          return rest > 1e-7 ? std::abs(jet.second) / std::sqrt(rest) : 0;
        },
        reach_of(f));
    EXPECT_LE(found, joint.to_double() * (1 + 1e-8));
    EXPECT_GE(found, joint.to_double() * (1 - 1e-6));
    ++checked;
  }
  EXPECT_GE(checked, 9);
}

TEST(ActivationGrowth, ThirdDerivativesAreSuprema) {
  int checked = 0;
  for (const Activation& f : activations_with_growth()) {
    const Magnitude third = f.growth().third;
    if (third.is_infinite()) continue;
    SCOPED_TRACE(text_of(f));
    const double h = 1e-5 * reach_of(f);
    const double found = supremum(
        [&](double x) {
          return std::abs(f.evaluate(x + h).second - f.evaluate(x - h).second) / (2 * h);
        },
        reach_of(f));
    EXPECT_LE(found, third.to_double() * (1 + 1e-7));
    EXPECT_GE(found, third.to_double() * (1 - 1e-6));
    ++checked;
  }
  EXPECT_GE(checked, 7);
}

// With those that take a scale at another one, too.
std::vector<Activation> activations_that_unsaturate() {
  std::vector<Activation> all;
  for (const Activation& f : activations_with_growth()) {
    if (f.growth().unsaturated.second.is_infinite()) continue;
    all.push_back(f);
    if (f.row->has_scale) all.emplace_back(f).scale = Real::from_decimal("2.5");
  }
  return all;
}

// s^2 of one scalar: x^2 |f''| over its supremum's factor L_a, and the same of what stands beside
// f' in the joint bound.
TEST(ActivationGrowth, UnsaturatedScalarsAreSuprema) {
  int checked = 0;
  for (const Activation& f : activations_that_unsaturate()) {
    SCOPED_TRACE(text_of(f) + fmt::format(" {}", f.scale.nearest));
    const MapGrowth growth = f.growth();
    const double L = f.constants(Method::sharp).smoothness.value.to_double();
    const double second =
        supremum([&](double x) { return x * x * std::abs(f.evaluate(x).second) / L; }, reach_of(f));
    EXPECT_LE(second, growth.unsaturated.second.to_double() * (1 + 1e-9));
    EXPECT_GE(second, growth.unsaturated.second.to_double() * (1 - 1e-9));
    ++checked;
    if (growth.unsaturated.joint.is_infinite()) continue;
    const double joint = supremum(
        [&](double x) {
          const Jet jet = f.evaluate(x);
          const double rest = 1 - jet.first * jet.first;
          return rest > 1e-7 ? x * x * std::abs(jet.second) / std::sqrt(rest) : 0;
        },
        reach_of(f));
    const double bound = growth.unsaturated.joint.to_double() * growth.joint.to_double();
    EXPECT_LE(joint, bound * (1 + 1e-8));
    EXPECT_GE(joint, bound * (1 - 1e-8));
    ++checked;
  }
  EXPECT_GE(checked, 8);
}

// Tangents at points, and multiples, of those behind which blocks stay known.
TEST(ActivationGrowth, FrozenOnesAreBelowThemselves) {
  int frozen = 0;
  for (const Activation& f : activations_with_growth()) {
    if (!f.growth().unsaturated.is_frozen) continue;
    SCOPED_TRACE(text_of(f));
    const double step = reach_of(f) / 20;
    for (double t = -reach_of(f); t < reach_of(f); t += step) {
      const Jet at = f.evaluate(t);
      for (double x = 0; x < reach_of(f); x += step) {
        const double value = f.evaluate(x).value * (1 + 1e-12);
        EXPECT_LE(std::abs(at.first) * x + std::abs(at.value - at.first * t), value) << t;
        EXPECT_LE(f.evaluate(3 * x).value, 3 * value);
      }
    }
    ++frozen;
  }
  EXPECT_GE(frozen, 4);
}

TEST(ActivationGrowth, SteepSlopesBelowAreNotFrozen) {
  Activation f(*find_activation("smooth_leaky_relu"));
  f.parameter = Real::from_decimal("1");
  EXPECT_TRUE(f.growth().unsaturated.is_frozen);
  f.parameter = Real::from_decimal("1.5");
  EXPECT_FALSE(f.growth().unsaturated.is_frozen);
  EXPECT_TRUE(f.growth().unsaturated.second.is_infinite());
}

// Of vectors whose entries have one size, or two: the largest norm of images at a given norm.
double largest_image(const Activation& f, double m, int n) {
  double best = 0;
  const auto value = [&](double x) {
    return std::max(std::abs(f.evaluate(x).value), std::abs(f.evaluate(-x).value));
  };
  for (int first = 0; first <= n; ++first) {
    for (int share = 0; share <= 200; ++share) {
      const double part = share / 200.0;
      const double a = first == 0 ? 0 : m * std::sqrt(part / first);
      const double b = first == n ? 0 : m * std::sqrt((1 - part) / (n - first));
      best = std::max(best, first * value(a) * value(a) + (n - first) * value(b) * value(b));
    }
  }
  return std::sqrt(best);
}

TEST(ActivationGrowth, NormsHoldAndAreReachedByEqualEntries) {
  int checked = 0;
  for (const Activation& f : activations_with_growth()) {
    const MapGrowth growth = f.growth();
    if (growth.norm == nullptr) continue;
    SCOPED_TRACE(text_of(f));
    for (const int n : {1, 2, 3, 7}) {
      for (double m = 0.01 * reach_of(f); m < reach_of(f); m *= 1.3) {
        const double bound =
            growth.norm_within(magnitude_of(m), Magnitude::from_count(n)).to_double();
        const double found = largest_image(f, m, n);
        EXPECT_LE(found, bound * (1 + 1e-12)) << n << " entries, norm " << m;
        // Exact where entries are small, and for one entry.
        const bool is_exact =
            f.name() == "tanh" ||
            (f.name() == "softplus" && (n == 1 || m < 0.8 * std::sqrt(n) * reach_of(f) / 12));
        if (is_exact) {
          EXPECT_GE(found, bound * (1 - 1e-12)) << n << " entries, norm " << m;
        }
      }
    }
    ++checked;
  }
  EXPECT_GE(checked, 9);
}

// For softplus sqrt(n) g(m/sqrt n) is exceeded at large norms: by some entries that take all.
TEST(ActivationGrowth, EqualEntriesAreNotTheWorstOfSoftplus) {
  const Activation softplus(*find_activation("softplus"));
  const double equal = 2 * std::log1p(std::exp(2.5));
  EXPECT_GT(largest_image(softplus, 5, 4), equal * 1.001);
  EXPECT_GE(
      softplus.growth().norm_within(Magnitude::from_count(5), Magnitude::from_count(4)).to_double(),
      largest_image(softplus, 5, 4));
}

TEST(ActivationGrowth, SlopesAreThoseAtTheEnds) {
  const Activation softplus(*find_activation("softplus"));
  for (const double m : {0.0, 0.5, 3.0, 30.0}) {
    const double slope = softplus.growth().slope_within(magnitude_of(m)).to_double();
    const long double exact = 1 / (1 + std::exp(-static_cast<long double>(m)));
    EXPECT_NEAR(slope, static_cast<double>(exact), 1e-15);
    EXPECT_GE(static_cast<long double>(slope), exact);
  }
  EXPECT_EQ(softplus.growth().slope_within(Magnitude::infinity()), Magnitude::from_count(1));
}

TEST(ActivationGrowth, NothingIsKnownWhereNothingIsStated) {
  const Activation relu(*find_activation("relu"));
  EXPECT_TRUE(
      relu.growth().norm_within(Magnitude::from_count(1), Magnitude::from_count(1)).is_infinite());
  EXPECT_TRUE(relu.growth().slope_within(Magnitude::from_count(1)).is_infinite());
  EXPECT_TRUE(relu.growth().joint.is_infinite());
}

}  // namespace
}  // namespace smoothbound
