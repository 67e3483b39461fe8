// Irrational constants of activations against 256-bit ball arithmetic.

#include <gtest/gtest.h>

#include "smoothbound/layers/activation.hpp"
#include "taylor_ball.hpp"

namespace smoothbound {
namespace {

using test::Ball;
using test::find_root;
using test::Taylor;

ScalarConstants constants_of(const char* name, const char* parameter = nullptr,
                             Method method = Method::sharp) {
  const ActivationRow* row = find_activation(name);
  return row->constants(method, parameter == nullptr ? Real{} : Real::from_decimal(parameter));
}

// An upper bound of `exact`, and off by no more than a few roundings to 63 bits.
void expect_rounded_up(const Constant& constant, const Ball& exact) {
  const Ball stored = Ball::exactly(constant.value);
  EXPECT_TRUE(certainly_less_equal(exact, stored))
      << constant.formula << ": " << constant.value.to_text(20) << " is too small";
  const Ball slack = exact / Ball(slong{1} << 60);
  EXPECT_TRUE(certainly_less_equal(stored, exact + slack))
      << constant.formula << ": " << constant.value.to_text(20) << " is not tight";
}

Ball normal_density(const Ball& x) {
  return exponential(Ball(0) - x * x / Ball(2)) / square_root(Ball(2) * Ball::pi());
}

Taylor silu(const Ball& x) {
  const Taylor z = Taylor::variable(x);
  return z / (Taylor(1) + exponential(Taylor(0) - z));
}

// tanh(log(1 + e)) = ((1 + e)^2 - 1) / ((1 + e)^2 + 1)
Taylor mish(const Ball& x) {
  const Taylor z = Taylor::variable(x);
  const Taylor w = Taylor(1) + exponential(z);
  return z * (w * w - Taylor(1)) / (w * w + Taylor(1));
}

// (1 + tanh u) / 2 = 1 / (1 + exp(-2u))
Taylor gelu_tanh(const Ball& x) {
  const Taylor z = Taylor::variable(x);
  const Taylor c(square_root(Ball(2) / Ball::pi()));
  const Taylor u = c * (z + Taylor(Ball::decimal("0.044715")) * z * z * z);
  return z / (Taylor(1) + exponential(Taylor(-2) * u));
}

template <class Function>
Ball extremum(Function&& f, slong order, double low, double high) {
  const Ball root = find_root([&](const Ball& x) { return f(x).derivative(order + 1); }, low, high);
  return f(root).derivative(order);
}

TEST(ActivationExact, Gelu) {
  const Ball x = square_root(Ball(2));
  const Ball distribution = (Ball(1) + error_function(x / square_root(Ball(2)))) / Ball(2);
  expect_rounded_up(constants_of("gelu").lipschitz, distribution + x * normal_density(x));
  expect_rounded_up(constants_of("gelu").smoothness, Ball(2) * normal_density(Ball(0)));
}

TEST(ActivationExact, GeluTanh) {
  expect_rounded_up(constants_of("gelu_tanh").lipschitz, extremum(gelu_tanh, 1, 1, 2));
  expect_rounded_up(constants_of("gelu_tanh").smoothness, gelu_tanh(Ball(0)).derivative(2));
}

TEST(ActivationExact, Silu) {
  expect_rounded_up(constants_of("silu").lipschitz, extremum(silu, 1, 2, 3));
  expect_rounded_up(constants_of("silu").smoothness, silu(Ball(0)).derivative(2));
}

TEST(ActivationExact, Mish) {
  expect_rounded_up(constants_of("mish").lipschitz, extremum(mish, 1, 1, 2));
  expect_rounded_up(constants_of("mish").smoothness, extremum(mish, 2, -0.5, 0.5));
  expect_rounded_up(constants_of("mish").slope_at_zero, mish(Ball(0)).derivative(1));
}

TEST(ActivationExact, Erf) {
  const Ball slope = Ball(2) / square_root(Ball::pi());
  expect_rounded_up(constants_of("erf").lipschitz, slope);
  expect_rounded_up(constants_of("erf").slope_at_zero, slope);
  expect_rounded_up(constants_of("erf").smoothness,
                    Ball(2) * square_root(Ball(2) / (Ball::pi() * exponential(Ball(1)))));
}

TEST(ActivationExact, AlgebraicOnes) {
  const Ball root = square_root(Ball(3));
  expect_rounded_up(constants_of("atan").smoothness, Ball(3) * root / Ball(8));
  expect_rounded_up(constants_of("atan").bound, Ball::pi() / Ball(2));
  expect_rounded_up(constants_of("tanh").smoothness, Ball(4) / (Ball(3) * root));
  expect_rounded_up(constants_of("sigmoid").smoothness, Ball(1) / (Ball(6) * root));
  expect_rounded_up(constants_of("sigmoid", nullptr, Method::paper).smoothness, Ball(1) / Ball(10));
}

TEST(ActivationExact, SoftplusAtAnyScale) {
  for (const char* beta : {"1", "0.25", "3", "0.1", "1e-300", "7e300"}) {
    SCOPED_TRACE(beta);
    const Ball scale = Ball::decimal(beta);
    expect_rounded_up(constants_of("softplus", beta).at_zero, logarithm(Ball(2)) / scale);
    expect_rounded_up(constants_of("softplus", beta).smoothness, scale / Ball(4));
  }
}

// lambda and alpha to the digits in which they are published.
TEST(ActivationExact, Selu) {
  const Ball lambda = Ball::decimal("1.0507009873554804934193349852946");
  const Ball alpha = Ball::decimal("1.6732632423543772848170429916717");
  expect_rounded_up(constants_of("selu").lipschitz, lambda * alpha);
  expect_rounded_up(constants_of("selu").slope_at_zero, lambda * alpha);
}

}  // namespace
}  // namespace smoothbound
