// Ball arithmetic for tests, on Arb: every number is an enclosure of the exact one.
#pragma once

#include <acb_hypgeom.h>
#include <arb.h>
#include <arb_poly.h>

#include <utility>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound::test {

constexpr slong ball_bits = 256;

class Ball {
 public:
  Ball() { arb_init(value_); }
  Ball(slong integer) : Ball() { arb_set_si(value_, integer); }  // NOLINT: a number is a ball
  Ball(const Ball& other) : Ball() { arb_set(value_, other.value_); }
  Ball(Ball&& other) noexcept : Ball() { arb_swap(value_, other.value_); }
  Ball& operator=(Ball other) {
    arb_swap(value_, other.value_);
    return *this;
  }
  ~Ball() { arb_clear(value_); }

  /// The stored number itself.
  template <Rounding d>
  static Ball exactly(const Bound<d>& bound) {
    Ball ball;
    arb_set_ui(ball.value_, bound.significand());
    arb_mul_2exp_si(ball.value_, ball.value_, bound.exponent() - 64);
    return ball;
  }
  static Ball exactly(double x) {
    Ball ball;
    arb_set_d(ball.value_, x);
    return ball;
  }
  static Ball decimal(const char* literal) {
    Ball ball;
    arb_set_str(ball.value_, literal, ball_bits);
    return ball;
  }
  static Ball pi() {
    Ball ball;
    arb_const_pi(ball.value_, ball_bits);
    return ball;
  }

  [[nodiscard]] arb_srcptr get() const { return value_; }
  arb_ptr get() { return value_; }

  friend Ball operator+(const Ball& a, const Ball& b) { return apply(arb_add, a, b); }
  friend Ball operator-(const Ball& a, const Ball& b) { return apply(arb_sub, a, b); }
  friend Ball operator*(const Ball& a, const Ball& b) { return apply(arb_mul, a, b); }
  friend Ball operator/(const Ball& a, const Ball& b) { return apply(arb_div, a, b); }
  friend Ball square_root(const Ball& a) { return apply(arb_sqrt, a); }
  friend Ball exponential(const Ball& a) { return apply(arb_exp, a); }
  friend Ball logarithm(const Ball& a) { return apply(arb_log, a); }
  friend Ball error_function(const Ball& a) {
    Ball result;
    acb_t z;
    acb_init(z);
    acb_set_arb(z, a.value_);
    acb_hypgeom_erf(z, z, ball_bits);
    acb_get_real(result.value_, z);
    acb_clear(z);
    return result;
  }
  /// The whole of [a, b].
  friend Ball hull(const Ball& a, const Ball& b) { return apply(arb_union, a, b); }
  /// The middle of a, as an exact number.
  friend Ball middle(const Ball& a) {
    Ball result;
    arb_get_mid_arb(result.value_, a.value_);
    return result;
  }

  /// Certainly: true only if it holds for all numbers in the balls.
  friend bool certainly_less_equal(const Ball& a, const Ball& b) {
    return arb_le(a.value_, b.value_) != 0;
  }
  [[nodiscard]] bool is_certainly_positive() const { return arb_is_positive(value_) != 0; }
  [[nodiscard]] bool is_certainly_negative() const { return arb_is_negative(value_) != 0; }

 private:
  template <class Operation>
  static Ball apply(Operation operation, const Ball& a, const Ball& b) {
    Ball result;
    operation(result.value_, a.value_, b.value_, ball_bits);
    return result;
  }
  template <class Operation>
  static Ball apply(Operation operation, const Ball& a) {
    Ball result;
    operation(result.value_, a.value_, ball_bits);
    return result;
  }

  arb_t value_;
};

/// The first four Taylor coefficients of a function of x.
class Taylor {
 public:
  static constexpr slong length = 4;

  Taylor() { arb_poly_init(value_); }
  Taylor(slong constant) : Taylor() { arb_poly_set_si(value_, constant); }  // NOLINT
  explicit Taylor(const Ball& constant) : Taylor() {
    arb_poly_set_coeff_arb(value_, 0, constant.get());
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
  friend Taylor exponential(const Taylor& a) {
    Taylor result;
    arb_poly_exp_series(result.value_, a.value_, length, ball_bits);
    return result;
  }
  /// The k-th derivative.
  [[nodiscard]] Ball derivative(slong k) const {
    Ball result;
    arb_poly_get_coeff_arb(result.get(), value_, k);
    for (slong i = 2; i <= k; ++i) result = result * Ball(i);
    return result;
  }

 private:
  template <class Operation>
  static Taylor apply(Operation operation, const Taylor& a, const Taylor& b) {
    Taylor result;
    operation(result.value_, a.value_, b.value_, length, ball_bits);
    return result;
  }

  arb_poly_t value_;
};

/// A narrow ball around a root of `function` between `low` and `high`, where its signs differ.
template <class Function>
Ball find_root(Function&& function, double low, double high) {
  Ball a = Ball::exactly(low);
  Ball b = Ball::exactly(high);
  const bool rising = function(a).is_certainly_negative();
  for (int i = 0; i < 150; ++i) {
    const Ball c = middle((a + b) / Ball(2));
    const Ball value = function(c);
    const bool below = rising ? value.is_certainly_negative() : value.is_certainly_positive();
    const bool above = rising ? value.is_certainly_positive() : value.is_certainly_negative();
    if (below) {
      a = c;
    } else if (above) {
      b = c;
    } else {
      break;
    }
  }
  return hull(a, b);
}

}  // namespace smoothbound::test
