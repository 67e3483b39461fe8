// Taylor coefficients in ball arithmetic: derivatives of a formula, and their extrema.
#pragma once

#include <arb_hypgeom.h>
#include <arb_poly.h>

#include <stdexcept>

#include "support/ball.hpp"

namespace smoothbound::test {

using support::Ball;

/// The first six Taylor coefficients of a function of x.
class Taylor {
 public:
  static constexpr slong length = 6;

  Taylor() { arb_poly_init(value_); }
  Taylor(int constant) : Taylor(Ball(constant)) {}  // NOLINT: numbers are constant functions
  explicit Taylor(const Ball& constant) : Taylor() {
    arb_poly_set_coeff_arb(value_, 0, constant.raw());
  }
  Taylor(const Taylor& other) : Taylor() { arb_poly_set(value_, other.value_); }
  Taylor& operator=(const Taylor& other) {
    arb_poly_set(value_, other.value_);
    return *this;
  }
  ~Taylor() { arb_poly_clear(value_); }

  /// The identity at x.
  static Taylor variable(const Ball& x) {
    Taylor result(x);
    arb_poly_set_coeff_si(result.value_, 1, 1);
    return result;
  }

  friend Taylor operator+(const Taylor& a, const Taylor& b) {
    return apply(arb_poly_add_series, a, b);
  }
  friend Taylor operator-(const Taylor& a, const Taylor& b) {
    return apply(arb_poly_sub_series, a, b);
  }
  friend Taylor operator*(const Taylor& a, const Taylor& b) { return apply(arb_poly_mullow, a, b); }
  friend Taylor operator/(const Taylor& a, const Taylor& b) {
    return apply(arb_poly_div_series, a, b);
  }
  friend Taylor exponential(const Taylor& a) { return apply(arb_poly_exp_series, a); }
  friend Taylor sine(const Taylor& a) { return apply(arb_poly_sin_series, a); }
  friend Taylor arc_tangent(const Taylor& a) { return apply(arb_poly_atan_series, a); }
  friend Taylor error_function(const Taylor& a) { return apply(arb_hypgeom_erf_series, a); }
  friend Taylor complementary_error_function(const Taylor& a) {
    return apply(arb_hypgeom_erfc_series, a);
  }
  friend Taylor logistic_of(const Taylor& a) {
    return Taylor(1) / (Taylor(1) + exponential(Taylor(0) - a));
  }
  /// log(1 + exp(a)), the integral of the logistic function: no digits are lost where it is small.
  friend Taylor softplus_of(const Taylor& a) {
    Taylor result;
    arb_poly_derivative(result.value_, a.value_, Ball::precision);
    result = logistic_of(a) * result;
    arb_poly_integral(result.value_, result.value_, Ball::precision);
    arb_poly_truncate(result.value_, length);
    Ball constant = exponential(a).derivative(0);
    arb_log1p(constant.raw(), constant.raw(), Ball::precision);
    arb_poly_set_coeff_arb(result.value_, 0, constant.raw());
    return result;
  }
  /// The n-th coefficient.
  [[nodiscard]] Ball coefficient(slong n) const {
    Ball result;
    arb_poly_get_coeff_arb(result.raw(), value_, n);
    return result;
  }
  /// The n-th derivative.
  [[nodiscard]] Ball derivative(slong n) const {
    Ball result = coefficient(n);
    for (slong i = 2; i <= n; ++i) result = result * Ball(static_cast<std::int64_t>(i));
    return result;
  }

 private:
  template <class Operation>
  static Taylor apply(Operation operation, const Taylor& a) {
    Taylor result;
    operation(result.value_, a.value_, length, Ball::precision);
    return result;
  }
  template <class Operation>
  static Taylor apply(Operation operation, const Taylor& a, const Taylor& b) {
    Taylor result;
    operation(result.value_, a.value_, b.value_, length, Ball::precision);
    return result;
  }

  arb_poly_t value_;
};

/// |f^(n)| where f^(n+1) changes its sign between `low` and `high`, enclosed by bisection.
inline Ball extremum(Taylor (*f)(const Taylor&), slong n, const char* low, const char* high) {
  const auto sign = [&](const Ball& x) {
    return arb_sgn_nonzero(f(Taylor::variable(x)).derivative(n + 1).raw());
  };
  Ball a = Ball::decimal(low);
  Ball b = Ball::decimal(high);
  const int sign_low = sign(a);
  if (sign_low * sign(b) != -1) throw std::logic_error("no change of sign");
  for (int i = 0; i < 150; ++i) {
    Ball middle = (a + b) / Ball(2);
    arb_get_mid_arb(middle.raw(), middle.raw());
    (sign(middle) == sign_low ? a : b) = middle;
  }
  Ball both;
  arb_union(both.raw(), a.raw(), b.raw(), Ball::precision);
  return difference(f(Taylor::variable(both)).derivative(n), 0);
}

}  // namespace smoothbound::test
