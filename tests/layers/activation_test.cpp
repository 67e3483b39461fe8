// Every row of the table against differences and sampling.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "activation_cases.hpp"

namespace smoothbound {
namespace {

// Those of capped_exp are the logarithms of its caps.
const std::array kinks{-3.0,          -1.0,           0.0, 1.0, 3.0, 6.0, std::log(0.5),
                       std::log(2.0), std::log(100.0)};
constexpr double evaluation_rounding = 4e-15;  // of the evaluation in doubles

using test::ActivationCase;

class ActivationTest : public testing::TestWithParam<ActivationCase> {
 protected:
  [[nodiscard]] const ActivationRow& row() const { return *GetParam().row; }
  [[nodiscard]] Jet at(double x) const { return activation_.evaluate(x); }
  // By how much derivatives may be above those of the others.
  [[nodiscard]] double steepness() const {
    return std::max({1.0, activation_.parameter.nearest, activation_.scale.nearest});
  }
  [[nodiscard]] ScalarConstants constants(Method method) const {
    return GetParam().constants(method);
  }
  [[nodiscard]] bool has_kinks() const {
    return constants(Method::sharp).smoothness.value.is_infinite();
  }
  // Where second derivatives jump, differences across say nothing.
  [[nodiscard]] bool is_rough_near(double x) const {
    return std::ranges::any_of(kinks, [&](double kink) {
      if (std::abs(x - kink) >= 1e-3) return false;
      const Jet below = at(kink - 1e-9);
      const Jet above = at(kink + 1e-9);
      return std::abs(above.first - below.first) + std::abs(above.second - below.second) > 1e-3;
    });
  }

  const Activation activation_ = GetParam().activation();
};

INSTANTIATE_TEST_SUITE_P(Table, ActivationTest, testing::ValuesIn(test::activation_cases()),
                         test::name_of_case);

double difference(const std::function<double(double)>& f, double x, double h) {
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
}

TEST_P(ActivationTest, DerivativesAreThoseOfTheLowerOnes) {
  const double scale = steepness();
  const double h = 1e-4 / scale;
  int compared = 0;
  for (double x = -8; x <= 8; x += 0.01317) {
    if (is_rough_near(x)) continue;
    ++compared;
    const double first = difference([&](double y) { return at(y).value; }, x, h);
    ASSERT_NEAR(at(x).first, first, 1e-10 * scale * (1 + std::abs(x))) << "at " << x;
    const double second = difference([&](double y) { return at(y).first; }, x, h);
    ASSERT_NEAR(at(x).second, second, 1e-10 * scale * scale) << "at " << x;
  }
  EXPECT_GT(compared, 1000);
}

TEST_P(ActivationTest, DerivativesAtAKinkAreThoseFromTheLeft) {
  for (const double kink : kinks) {
    SCOPED_TRACE(kink);
    const double scale = steepness();
    const Jet before = at(kink - 1e-12);
    EXPECT_NEAR(at(kink).value, before.value, 1e-11 * scale);
    EXPECT_NEAR(at(kink).value, at(kink + 1e-12).value, 1e-11 * scale);
    EXPECT_NEAR(at(kink).first, before.first, 1e-10 * scale);
    EXPECT_NEAR(at(kink).second, before.second, 1e-10 * scale * scale);
  }
}

TEST_P(ActivationTest, ValuesAtZeroAreTheStatedOnes) {
  // The derivative from the left; the larger one-sided slope is what is stated at a kink.
  const double slope = std::max(std::abs(at(0).first), std::abs(at(1e-300).first));
  for (const Method method : {Method::paper, Method::sharp}) {
    const ScalarConstants f = constants(method);
    EXPECT_NEAR(f.at_zero.value.to_double(), std::abs(at(0).value), evaluation_rounding);
    EXPECT_NEAR(f.slope_at_zero.value.to_double(), slope, evaluation_rounding);
  }
}

// The largest |f(x)| over a grid that is dense near 0 and reaches far, refined by golden section.
double sampled_sup(const std::function<double(double)>& f) {
  std::vector<double> xs;
  for (int i = 0; i <= 40000; ++i) xs.push_back(-20 + i * 0.001);
  for (int i = 0; i <= 20000; ++i) {
    const double x = std::pow(10.0, -9 + i * 18.0 / 20000);
    xs.push_back(x);
    xs.push_back(-x);
  }
  std::sort(xs.begin(), xs.end());
  const auto magnitude = [&](double x) { return std::abs(f(x)); };
  std::size_t best = 0;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (magnitude(xs[i]) > magnitude(xs[best])) best = i;
  }
  double result = magnitude(xs[best]);
  double a = xs[best == 0 ? 0 : best - 1];
  double b = xs[std::min(best + 1, xs.size() - 1)];
  const double golden = (std::sqrt(5.0) - 1) / 2;
  for (int i = 0; i < 60; ++i) {
    const double c = b - golden * (b - a);
    const double d = a + golden * (b - a);
    result = std::max({result, magnitude(c), magnitude(d)});
    // Equal ones are behind a slope that ends, where it falls to 0.
    const bool is_left = magnitude(c) >= magnitude(d);
    (is_left ? b : a) = is_left ? d : c;
  }
  return result;
}

void expect_tight(const Constant& paper, const Constant& sharp, double sampled) {
  EXPECT_LE(sampled, sharp.value.to_double() * (1 + evaluation_rounding)) << sharp.formula;
  EXPECT_LE(sampled, paper.value.to_double() * (1 + evaluation_rounding)) << paper.formula;
  EXPECT_GE(sampled, sharp.value.to_double() * (1 - 1e-6)) << sharp.formula;
  EXPECT_LE(sharp.value, paper.value);
}

TEST_P(ActivationTest, SampledSlopeIsWithinTheLipschitzConstantAndReachesIt) {
  expect_tight(constants(Method::paper).lipschitz, constants(Method::sharp).lipschitz,
               sampled_sup([&](double x) { return at(x).first; }));
}

TEST_P(ActivationTest, SampledCurvatureIsWithinTheSmoothnessConstantAndReachesIt) {
  double jump = 0;
  for (const double kink : kinks) {
    const auto across = [&](double h) { return std::abs(at(kink + h).first - at(kink - h).first); };
    jump = std::max(jump, std::min(across(1e-6), across(1e-12)));
  }
  if (has_kinks()) {
    EXPECT_GT(jump, 1e-2) << "L is inf, but f' does not jump";
    EXPECT_TRUE(constants(Method::paper).smoothness.value.is_infinite());
    EXPECT_NE(constants(Method::sharp).smoothness.source.find("kink"), std::string_view::npos);
    return;
  }
  EXPECT_LT(jump, 1e-9);
  const double sampled = sampled_sup([&](double x) { return at(x).second; });
  expect_tight(constants(Method::paper).smoothness, constants(Method::sharp).smoothness, sampled);
}

TEST_P(ActivationTest, SampledValueIsWithinTheBoundAndReachesIt) {
  const ScalarConstants f = constants(Method::sharp);
  EXPECT_EQ(f.bound.value, constants(Method::paper).bound.value);
  const double sampled = sampled_sup([&](double x) { return at(x).value; });
  if (f.bound.value.is_finite()) {
    expect_tight(constants(Method::paper).bound, f.bound, sampled);
  } else {
    EXPECT_GT(sampled, 1e3) << "is it bounded?";
  }
}

TEST_P(ActivationTest, StepScalesByTheRootOfTheNumberOfScalars) {
  const Shape shape{4, 3, 3};
  for (const Method method : {Method::paper, Method::sharp}) {
    const Parts parts = activation_.parts({{&shape, 1}, shape, 9}, method);
    ASSERT_EQ(parts.end() - parts.begin(), 1);
    const auto& a = std::get<MapConstants>(*parts.begin());
    const ScalarConstants f = constants(method);
    const Magnitude root = Magnitude::from_count(18);  // sqrt(36 * 9)
    EXPECT_EQ(a.at_zero.value, f.at_zero.value * root);
    EXPECT_EQ(a.bound.value, f.bound.value * root);
    EXPECT_EQ(a.lipschitz.value, f.lipschitz.value);
    EXPECT_EQ(a.smoothness.value, f.smoothness.value);
    EXPECT_EQ(a.slope_at_zero.value, f.slope_at_zero.value);
  }
}

// How far smooth forms are from what they replace, by docs/theory.md, at the scale 2.
TEST(SmoothForms, AreAsNearAsTheySay) {
  const auto distance = [](const char* name, const char* parameter) {
    Activation kinked(*find_activation(name));
    if (*parameter != 0) kinked.parameter = Real::from_decimal(parameter);
    const Activation smooth = kinked.smooth_form(Real::from_decimal("2")).value();
    EXPECT_TRUE(smooth.constants(Method::sharp).smoothness.value.is_finite()) << name;
    return sampled_sup([&](double x) {
      return std::abs(x) < 1e6 ? kinked.evaluate(x).value - smooth.evaluate(x).value : 0;
    });
  };
  const double log_two = std::log(2.0);
  EXPECT_NEAR(distance("relu", ""), log_two / 2, 1e-9);
  EXPECT_NEAR(distance("leaky_relu", "0.2"), 0.8 * log_two / 2, 1e-9);
  EXPECT_NEAR(distance("leaky_relu", "1.5"), 0.5 * log_two / 2, 1e-9);
  EXPECT_NEAR(distance("relu6", ""), std::log1p(std::tanh(6)) / 2, 1e-9);
  EXPECT_NEAR(distance("hard_tanh", ""), 0.238405844044, 1e-11);
  EXPECT_NEAR(distance("hard_sigmoid", ""), 0.069182151774, 1e-11);
  EXPECT_NEAR(distance("hard_swish", ""), 0.142277619533, 1e-11);
  EXPECT_NEAR(distance("elu", "2"), 2 * 0.5 * 0.5, 1e-9);  // r = 1/2
  EXPECT_NEAR(distance("elu", "0.5"), 0.5 * 0.25, 1e-9);   // r = 2
  EXPECT_NEAR(distance("selu", ""), 0.329308798172, 1e-11);
  EXPECT_NEAR(distance("capped_exp", ""), 50, 1e-9);
  EXPECT_NEAR(distance("capped_exp", "0.5"), 0.25, 1e-9);
}

TEST(SmoothForms, ConstantsInNumbers) {
  const auto of = [](const char* name, const char* beta) {
    Activation f(*find_activation(name));
    (f.row->has_scale ? f.scale : f.parameter) = Real::from_decimal(beta);
    return f.constants(Method::sharp);
  };
  const auto number = [](const Constant& constant) { return constant.value.to_double(); };
  EXPECT_NEAR(number(of("smooth_relu6", "1").lipschitz), 0.90514825364486643824, 1e-15);
  EXPECT_NEAR(number(of("smooth_relu6", "1").smoothness), 0.24755713008449600427, 1e-15);
  EXPECT_NEAR(number(of("smooth_relu6", "1").at_zero), 0.69067149542221485989, 1e-15);
  EXPECT_NEAR(number(of("smooth_relu6", "4").at_zero), 0.17328679513054849099, 1e-15);
  EXPECT_NEAR(number(of("smooth_leaky_relu", "1").smoothness), 0.2475, 1e-15);
  EXPECT_NEAR(number(of("smooth_leaky_relu", "1").at_zero), 0.68621570875434585632, 1e-15);
  // Where cosh is beyond the largest number, and where it is 1.
  EXPECT_EQ(number(of("smooth_relu6", "1e300").smoothness), 0.25e300);
  EXPECT_LE(number(of("smooth_relu6", "1e-300").smoothness), 1e-300);
  EXPECT_GT(number(of("smooth_relu6", "1e-300").lipschitz), 1.49e-300);
}

// Of what has a kink, and of nothing else; with parameters kept and the scale asked for.
TEST(SmoothForms, ExistWhereThereIsAKink) {
  const Real beta = Real::from_decimal("2");
  for (const ActivationCase& one : test::activation_cases()) {
    const Activation f = one.activation();
    const bool kinked = f.constants(Method::sharp).smoothness.value.is_infinite();
    EXPECT_EQ(f.smooth_form(beta).has_value(), kinked) << f.name() << one.parameter;
  }
  Activation leaky(*find_activation("leaky_relu"));
  leaky.parameter = Real::from_decimal("0.3");
  const Activation smooth = leaky.smooth_form(beta).value();
  EXPECT_EQ(smooth.name(), "smooth_leaky_relu");
  EXPECT_EQ(smooth.parameter.nearest, 0.3);
  EXPECT_EQ(smooth.scale.nearest, 2);
}

TEST(ActivationTable, NamesAreFoundAndUnknownOnesAreNot) {
  for (const ActivationRow& row : activation_table()) {
    EXPECT_EQ(find_activation(row.name), &row);
    EXPECT_FALSE(row.formula.empty()) << row.name;
    EXPECT_EQ(row.parameter.name.empty(), row.parameter.samples.empty()) << row.name;
  }
  EXPECT_EQ(find_activation("swish-9"), nullptr);
  EXPECT_EQ(find_activation(""), nullptr);
}

}  // namespace
}  // namespace smoothbound
