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

constexpr std::array kinks{-3.0, -1.0, 0.0, 1.0, 3.0, 6.0};
constexpr double evaluation_rounding = 4e-15;  // of the evaluation in doubles

using test::ActivationCase;

class ActivationTest : public testing::TestWithParam<ActivationCase> {
 protected:
  [[nodiscard]] const ActivationRow& row() const { return *GetParam().row; }
  [[nodiscard]] Real parameter() const {
    return GetParam().parameter.empty() ? Real{} : Real::from_decimal(GetParam().parameter);
  }
  [[nodiscard]] Jet at(double x) const { return row().evaluate(x, parameter().nearest); }
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
};

INSTANTIATE_TEST_SUITE_P(Table, ActivationTest, testing::ValuesIn(test::activation_cases()),
                         test::name_of_case);

double difference(const std::function<double(double)>& f, double x, double h) {
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
}

TEST_P(ActivationTest, DerivativesAreThoseOfTheLowerOnes) {
  const double scale = std::max(1.0, parameter().nearest);
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
    const double scale = std::max(1.0, parameter().nearest);
    const Jet before = at(kink - 1e-12);
    EXPECT_NEAR(at(kink).value, before.value, 1e-11);
    EXPECT_NEAR(at(kink).value, at(kink + 1e-12).value, 1e-11);
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
    (magnitude(c) > magnitude(d) ? b : a) = magnitude(c) > magnitude(d) ? d : c;
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
    // Those with hard limits have a bound, which the paper's table does not use.
    const bool limited =
        row().name == "relu6" || row().name == "hard_tanh" || row().name == "hard_sigmoid";
    EXPECT_EQ(sampled < 1e3, limited) << sampled;
  }
}

TEST_P(ActivationTest, StepScalesByTheRootOfTheNumberOfScalars) {
  Activation activation(row());
  if (!row().parameter.name.empty()) activation.parameter = parameter();
  const Shape shape{4, 3, 3};
  for (const Method method : {Method::paper, Method::sharp}) {
    const Parts parts = activation.parts({{&shape, 1}, shape, 9}, method);
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
