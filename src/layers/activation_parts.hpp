// What rows of the table of activations are put together from.
#pragma once

#include <cmath>
#include <string_view>

#include "smoothbound/layers/activation.hpp"

namespace smoothbound::activations {

inline Constant exactly(std::int64_t value, std::string_view formula, std::string_view source) {
  return {Magnitude::from_count(value), formula, source};
}

inline Constant one(std::string_view source) { return exactly(1, "1", source); }

inline Constant zero() { return {{}, "0", "f(0) = 0"}; }

/// Of rows with a smooth form, which the reason names.
inline Constant kink(std::string_view reason, Remedy remedy = Remedy::smooth_form) {
  return {Magnitude::infinity(), "inf", reason, remedy};
}

inline Constant unbounded() { return {Magnitude::infinity(), "inf", "unbounded"}; }

/// Bounded by 1: m = sqrt(n_out).
inline Constant bounded_by_one() { return exactly(1, "sqrt(n_out)", "|f| <= 1"); }

/// |f'(0)|
inline Constant slope(std::int64_t numerator, std::int64_t denominator, std::string_view formula) {
  return {Magnitude::from_count(numerator) / LowerBound::from_count(denominator), formula,
          "|f'(0)|"};
}

inline LowerBound root_three() {
  static const LowerBound root = square_root(LowerBound::from_count(3));
  return root;
}

/// Rounded up in the last digit.
inline Magnitude log_two() {
  static const Magnitude log = Magnitude::from_decimal("0.693147180559945309417232121459");
  return log;
}

constexpr double gelu_cubic = 0.044715;
constexpr double selu_scale = 1.0507009873554804934193349852946;
constexpr double selu_alpha = 1.6732632423543772848170429916717;

inline double logistic(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1 + e);
}

inline double log_one_plus_exp(double x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

}  // namespace smoothbound::activations
