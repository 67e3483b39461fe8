#include "runtime/kernels/vector_math.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string_view>
#include <vector>

#include "smoothbound/layers/activation.hpp"

namespace smoothbound::kernels {
namespace {

struct Row {
  std::string_view name;
  float parameter;
  double most_ulp;
};

// Close neighbours near 0, where results are small, and all magnitudes up to 100.
std::vector<float> make_points() {
  std::vector<float> x;
  constexpr float step = 1e-5F;
  for (float size = 1e-30F; size < 87; size *= 1 + step) {
    x.push_back(size);
    x.push_back(-size);
  }
  x.insert(x.end(), {0.0F, -0.0F, 100.0F, 1e30F});
  return x;
}

class FastActivations : public ::testing::TestWithParam<Row> {
 protected:
  static const std::vector<float>& points() {
    static const std::vector<float> all = make_points();
    return all;
  }
  static double ulp(double exact) {
    const auto rounded = static_cast<float>(std::fabs(exact));
    return static_cast<double>(std::nextafter(rounded, INFINITY)) - static_cast<double>(rounded);
  }

  const ActivationRow& row_ = *find_activation(GetParam().name);
  const FastActivation& fast_ = *find_fast_activation(row_.name);
};

TEST_P(FastActivations, ValuesAreCloseToFloat64) {
  const std::vector<float>& x = points();
  std::vector<float> y(x.size());
  fast_.value(x.data(), GetParam().parameter, static_cast<std::int64_t>(x.size()), y.data());
  double worst = 0;
  float where = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (GetParam().parameter * x[i] < -87) continue;  // the value is below 2^-125 and becomes 0
    const double exact = row_.evaluate(static_cast<double>(x[i]), GetParam().parameter).value;
    const double error = std::fabs(static_cast<double>(y[i]) - exact) / ulp(exact);
    if (error > worst) {
      worst = error;
      where = x[i];
    }
  }
  const double allowance = vector_math::rounds_once() ? 0 : 1.5;
  EXPECT_LT(worst, GetParam().most_ulp + allowance) << "at " << where;
}

TEST_P(FastActivations, DerivativesFollowFromTheValue) {
  std::vector<float> x;
  for (float v = -12; v < 12; v += 0.013F) x.push_back(v);
  const auto count = static_cast<std::int64_t>(x.size());
  std::vector<float> y(x.size());
  const std::vector<float> a(x.size(), 2);
  const std::vector<float> b(x.size(), -3);
  const std::vector<float> c(x.size(), 0.5);
  std::vector<float> scaled(x.size());
  std::vector<float> curved(x.size());
  std::vector<float> without(x.size());
  const float parameter = GetParam().parameter;
  fast_.value(x.data(), parameter, count, y.data());
  fast_.scale(y.data(), a.data(), parameter, count, scaled.data());
  // a plays s(y) x_dot with x_dot = 1
  const std::vector<float> ones(x.size(), 1);
  std::vector<float> slope(x.size());
  fast_.scale(y.data(), ones.data(), parameter, count, slope.data());
  fast_.curve(y.data(), slope.data(), b.data(), c.data(), parameter, count, curved.data());
  fast_.curve(y.data(), slope.data(), b.data(), nullptr, parameter, count, without.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Jet jet = row_.evaluate(static_cast<double>(x[i]), parameter);
    // Where f saturates, y tells its slope only to the spacing of floats.
    constexpr double spacing = 2e-6;
    const double scale = std::max(1.0, static_cast<double>(parameter));
    EXPECT_NEAR(scaled[i], 2 * jet.first, spacing * scale) << x[i];
    EXPECT_NEAR(curved[i], -3 * jet.second + 0.5 * jet.first, 3 * spacing * scale) << x[i];
    EXPECT_NEAR(without[i], -3 * jet.second, 3 * spacing * scale) << x[i];
  }
}

TEST_P(FastActivations, WorkInPlace) {
  std::vector<float> x{-3, -1, -0.25, 0, 0.5, 2, 7};
  std::vector<float> y(x.size());
  const auto count = static_cast<std::int64_t>(x.size());
  fast_.value(x.data(), GetParam().parameter, count, y.data());
  fast_.value(x.data(), GetParam().parameter, count, x.data());
  EXPECT_EQ(x, y);
}

// At a scale that is no power of two, beta x is rounded before exp magnifies its error.
INSTANTIATE_TEST_SUITE_P(All, FastActivations,
                         ::testing::Values(Row{"softplus", 1, 2}, Row{"softplus", 2, 2.5},
                                           Row{"softplus", 0.3F, 50}, Row{"sigmoid", 0, 3},
                                           Row{"tanh", 0, 3}, Row{"relu", 0, 0.5},
                                           Row{"leaky_relu", 0.25F, 0.75}));

// Every row that has fast code is held against its formula above.
TEST(FastActivationTable, IsTestedWhole) {
  std::vector<std::string_view> fast;
  for (const ActivationRow& row : activation_table()) {
    if (find_fast_activation(row.name) != nullptr) fast.push_back(row.name);
  }
  EXPECT_EQ(fast,
            (std::vector<std::string_view>{"softplus", "sigmoid", "tanh", "relu", "leaky_relu"}));
}

}  // namespace
}  // namespace smoothbound::kernels
