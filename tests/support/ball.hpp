// Non-negative extended numbers as Arb balls of 256 bits: what the library's bounds are held
// against. The conventions are those of bounds: 0 * inf = 0 and x / 0 = inf for x > 0.
#pragma once

#include <arb.h>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound::support {

class Ball {
 public:
  static constexpr slong precision = 256;
  /// e^-1000 is far below the last of these bits of 1.
  static constexpr int largest_exponent = 1000;

  Ball() { arb_init(x_); }
  Ball(std::int64_t n) : Ball() { arb_set_si(x_, n); }  // NOLINT: numbers are balls of radius 0
  Ball(int n) : Ball(static_cast<std::int64_t>(n)) {}   // NOLINT: likewise
  Ball(const Ball& other) : Ball() { *this = other; }
  Ball& operator=(const Ball& other) {
    if (this != &other) arb_set(x_, other.x_);
    infinite_ = other.infinite_;
    return *this;
  }
  ~Ball() { arb_clear(x_); }

  static Ball infinity() {
    Ball result;
    result.infinite_ = true;
    return result;
  }
  /// The value of a decimal literal, enclosed.
  static Ball decimal(const std::string& literal) {
    Ball result;
    if (arb_set_str(result.x_, literal.c_str(), precision) != 0) {
      throw std::invalid_argument("not a number: " + literal);
    }
    return result;
  }
  static Ball pi() {
    Ball result;
    arb_const_pi(result.x_, precision);
    return result;
  }
  static Ball log_two() {
    Ball result;
    arb_const_log2(result.x_, precision);
    return result;
  }
  /// The exact value of a number of the library.
  template <Rounding d>
  static Ball of(const Bound<d>& bound) {
    if (bound.is_infinite()) return infinity();
    Ball result;
    if (bound.is_zero()) return result;
    arb_set_ui(result.x_, bound.significand());
    arb_mul_2exp_si(result.x_, result.x_, bound.exponent());
    arb_mul_2exp_si(result.x_, result.x_, -64);
    return result;
  }

  [[nodiscard]] bool is_infinite() const { return infinite_; }
  /// Whether it says anything.
  [[nodiscard]] bool is_known() const { return infinite_ || arb_is_finite(x_) != 0; }
  [[nodiscard]] bool is_zero() const { return !infinite_ && arb_is_zero(x_) != 0; }
  [[nodiscard]] const arb_t& raw() const { return x_; }
  [[nodiscard]] arb_t& raw() { return x_; }
  [[nodiscard]] double to_double() const {
    return infinite_ ? std::numeric_limits<double>::infinity()
                     : arf_get_d(arb_midref(x_), ARF_RND_NEAR);
  }
  [[nodiscard]] std::string to_text() const {
    if (infinite_) return "inf";
    char* digits = arb_get_str(x_, 25, ARB_STR_MORE);
    std::string text = digits;
    flint_free(digits);
    return text;
  }

  /// What the library has for the number, or the next one below.
  [[nodiscard]] Magnitude not_above() const {
    if (infinite_) return Magnitude::infinity();
    const Ball below = *this / (Ball(1) + decimal("1e-40"));
    char* digits = arb_get_str(below.x_, 60, ARB_STR_NO_RADIUS);
    const std::string text = digits;
    flint_free(digits);
    return Magnitude::from_decimal(text);
  }

  friend Ball operator+(const Ball& a, const Ball& b) {
    if (a.infinite_ || b.infinite_) return infinity();
    Ball result;
    arb_add(result.x_, a.x_, b.x_, precision);
    return result;
  }
  friend Ball operator*(const Ball& a, const Ball& b) {
    if (a.is_zero() || b.is_zero()) return {};
    if (a.infinite_ || b.infinite_) return infinity();
    Ball result;
    arb_mul(result.x_, a.x_, b.x_, precision);
    return result;
  }
  friend Ball operator/(const Ball& a, const Ball& b) {
    if (a.is_zero()) return {};
    if (a.infinite_ || b.is_zero()) return infinity();
    if (b.infinite_) return {};
    Ball result;
    arb_div(result.x_, a.x_, b.x_, precision);
    return result;
  }
  friend Ball square_root(const Ball& a) {
    if (a.infinite_) return infinity();
    Ball result;
    arb_sqrtpos(result.x_, a.x_, precision);  // of a ball around 0, too
    return result;
  }
  friend Ball smaller(const Ball& a, const Ball& b) {
    if (a.infinite_) return b;
    if (b.infinite_) return a;
    Ball result;
    arb_min(result.x_, a.x_, b.x_, precision);
    return result;
  }
  friend Ball larger(const Ball& a, const Ball& b) {
    if (a.infinite_ || b.infinite_) return infinity();
    Ball result;
    arb_max(result.x_, a.x_, b.x_, precision);
    return result;
  }
  /// All numbers from a to b.
  friend Ball between(const Ball& a, const Ball& b) {
    if (a.infinite_ || b.infinite_) return infinity();
    Ball result;
    arb_union(result.x_, a.x_, b.x_, precision);
    return result;
  }
  /// A number that the ball contains, exactly.
  friend Ball midpoint(const Ball& a) {
    if (a.infinite_) return infinity();
    Ball result;
    arb_get_mid_arb(result.x_, a.x_);
    return result;
  }
  /// |a - b|, of finite ones.
  friend Ball difference(const Ball& a, const Ball& b) {
    Ball result;
    arb_sub(result.x_, a.x_, b.x_, precision);
    arb_abs(result.x_, result.x_);
    return result;
  }
  /// e^-a.
  friend Ball falling_exponential(const Ball& a) {
    if (a.infinite_ || certainly_less(Ball(largest_exponent), a)) return {};
    Ball result;
    arb_neg(result.x_, a.x_);
    arb_exp(result.x_, result.x_, precision);
    return result;
  }
  /// 1 / (1 + e^-a).
  friend Ball logistic_sigmoid(const Ball& a) {
    return Ball(1) / (Ball(1) + falling_exponential(a));
  }
  /// log(1 + e^a) = a + log(1 + e^-a).
  friend Ball softplus_of(const Ball& a) {
    if (a.infinite_) return infinity();
    Ball rest = falling_exponential(a);
    arb_log1p(rest.x_, rest.x_, precision);
    return a + rest;
  }
  friend Ball hyperbolic_tangent(const Ball& a) {
    if (a.infinite_ || certainly_less(Ball(largest_exponent), a)) return {1};
    Ball result;
    arb_tanh(result.x_, a.x_, precision);
    return result;
  }
  /// Whether a < b for all pairs of numbers that the balls contain.
  friend bool certainly_less(const Ball& a, const Ball& b) {
    if (a.infinite_) return false;
    if (b.infinite_) return true;
    return arb_lt(a.x_, b.x_) != 0;
  }

 private:
  arb_t x_;
  bool infinite_ = false;
};

inline Ball square(const Ball& a) { return a * a; }

/// 1 + 10^-12.
inline const Ball& tolerance() {
  static const Ball value = Ball(1) + Ball::decimal("1e-12");
  return value;
}

/// What is wrong with `value` as an upper bound of `exact`, tight to 10^-12; empty if nothing.
inline std::string check_upper(const Magnitude& value, const Ball& exact) {
  const Ball given = Ball::of(value);
  const std::string both = value.to_text(25) + " for the exact " + exact.to_text();
  if (!exact.is_known()) return both + ": nothing is known of it";
  if (given.is_infinite() != exact.is_infinite()) return both + ": one is infinite";
  if (given.is_infinite()) return {};
  if (certainly_less(given, exact)) return both + ": below";
  if (certainly_less(exact * tolerance(), given)) return both + ": not tight";
  return {};
}

/// Likewise as a lower bound.
inline std::string check_lower(const LowerBound& value, const Ball& exact) {
  const Ball given = Ball::of(value);
  const std::string both = value.to_text(25) + " for the exact " + exact.to_text();
  if (!exact.is_known()) return both + ": nothing is known of it";
  if (given.is_infinite() != exact.is_infinite()) return both + ": one is infinite";
  if (given.is_infinite()) return {};
  if (certainly_less(exact, given)) return both + ": above";
  if (certainly_less(given * tolerance(), exact)) return both + ": not tight";
  return {};
}

}  // namespace smoothbound::support
