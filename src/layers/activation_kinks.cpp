// Constants of activations with kinks and of their smooth forms; these beside each other, as they
// share numbers.
#include "activation_kinks.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "activation_parts.hpp"

namespace smoothbound::activations {
namespace {

// Rounded up in the last digit.
const Magnitude selu_slope = Magnitude::from_decimal("1.75809934084737685994021752082");
const Magnitude selu_upper = Magnitude::from_decimal("1.05070098735548049341933498530");
const Magnitude selu_bend = Magnitude::from_decimal("0.627935258935757163615977245398");

Constant bounded_by_six(std::string_view source) { return exactly(6, "6 sqrt(n_out)", source); }

// cap / (1 + cap), the logistic function of log cap.
Magnitude share_of(const Real& cap) { return cap.upper / (LowerBound::from_count(1) + cap.lower); }

}  // namespace

ScalarConstants elu_constants(Method /*method*/, const Real& alpha) {
  const Magnitude unit = Magnitude::from_count(1);
  const bool smooth = alpha.upper == unit && alpha.lower == LowerBound::from_count(1);
  const Constant largest{std::max(unit, alpha.upper), "max(1, alpha)",
                         "f' = alpha exp(x) below 0, 1 above"};
  return {largest,
          smooth ? one("f'' = exp(x) below 0")
                 : kink("elu with alpha other than 1 has a kink at 0, celu has none"),
          zero(), largest, unbounded()};
}

ScalarConstants relu_constants(Method /*method*/, const Real& /*none*/) {
  return {one("slopes 0 and 1"), kink("relu has a kink at 0", Remedy::softplus_for_relu), zero(),
          one("slopes 0 and 1"), unbounded()};
}

ScalarConstants relu6_constants(Method /*method*/, const Real& /*none*/) {
  return {one("slopes 0 and 1"), kink("relu6 has kinks at 0 and 6, smooth_relu6 has none"), zero(),
          one("slopes 0 and 1"), bounded_by_six("0 <= f <= 6")};
}

// With c = 3 beta and v = beta (x - 3), f' = s(v + c) - s(v - c) is even in v and falls on both
// sides, and |f''| = beta sinh|v| sinh c / (cosh v + cosh c)^2, largest where X = cosh v solves
// X^2 - X cosh c - 2 = 0.
ScalarConstants smooth_relu6_constants(Method /*method*/, const Real& beta) {
  const Magnitude three = Magnitude::from_count(3);
  const LowerBound unit = LowerBound::from_count(1);
  const Magnitude c = three * beta.upper;
  const Magnitude cosh = hyperbolic_cosine(c);
  const LowerBound cosh_below = hyperbolic_cosine(LowerBound::from_count(3) * beta.lower);
  const auto place = [](const auto& h) {
    using Side = std::remove_cvref_t<decltype(h)>;
    return scale(h + square_root(h * h + Side::from_count(8)), -1);
  };
  const Magnitude x = place(cosh);
  const LowerBound sum = place(cosh_below) + cosh_below;
  // The fraction alone is inf where cosh c is beyond the largest number.
  const Magnitude curvature =
      std::min(beta.upper * hyperbolic_sine(c) * square_root(excess(x * x, unit)) / (sum * sum),
               scale(beta.upper, -2));
  return {{hyperbolic_tangent(scale(c, -1)), "tanh(3 beta/2)", "f' is largest at 3"},
          {curvature, "beta sinh(c) sqrt(X^2-1)/(X+C)^2",
           "c = 3 beta, C = cosh c, X = (C + sqrt(C^2+8))/2; at most beta/4"},
          {log_one_plus(hyperbolic_tangent(c)) / beta.lower,
           "sqrt(n_out) log(1 + tanh(3 beta))/beta", "f(0) = (log 2 - log(1 + exp(-6 beta)))/beta"},
          {scale(hyperbolic_tangent(c), -1), "tanh(3 beta)/2", "|f'(0)|"},
          bounded_by_six("0 < f < 6")};
}

ScalarConstants leaky_relu_constants(Method /*method*/, const Real& slope_below) {
  const Magnitude unit = Magnitude::from_count(1);
  const Constant largest{std::max(unit, slope_below.upper), "max(1, slope)",
                         "slopes 'slope' and 1"};
  return {largest, kink("leaky_relu has a kink at 0, smooth_leaky_relu has none"), zero(), largest,
          unbounded()};
}

// At scale 1: f' = slope + (1 - slope) s lies between slope and 1.
ScalarConstants smooth_leaky_relu_constants(Method /*method*/, const Real& slope_below) {
  const Magnitude unit = Magnitude::from_count(1);
  const LowerBound unit_below = LowerBound::from_count(1);
  const Magnitude bend =
      std::max(excess(unit, slope_below.lower), excess(slope_below.upper, unit_below));
  return {
      {std::max(unit, slope_below.upper), "max(1, slope)", "f' lies between slope and 1"},
      {scale(bend, -2), "|1 - slope| beta/4", "f'' = (1 - slope) beta s(1-s)"},
      {log_two() * bend, "sqrt(n_out) |1 - slope| log(2)/beta", "f(0) = (1 - slope) log(2)/beta"},
      {scale(unit + slope_below.upper, -1), "(1 + slope)/2", "|f'(0)|"},
      unbounded()};
}

ScalarConstants selu_constants(Method /*method*/, const Real& /*none*/) {
  const Constant largest{selu_slope, "lambda alpha",
                         "f' = lambda alpha exp(x) below 0, lambda above"};
  return {largest, kink("selu has a kink at 0, smooth_selu has none"), zero(), largest,
          unbounded()};
}

ScalarConstants smooth_selu_constants(Method /*method*/, const Real& /*none*/) {
  const Constant largest{selu_upper, "lambda", "f' = lambda exp(x/alpha) below 0, lambda above"};
  return {largest,
          {selu_bend, "lambda/alpha", "f'' = lambda exp(x/alpha)/alpha below 0"},
          zero(),
          largest,
          unbounded()};
}

ScalarConstants celu_constants(Method /*method*/, const Real& alpha) {
  return {one("f' = exp(x/alpha) below 0, 1 above"),
          {Magnitude::from_count(1) / alpha.lower, "1/alpha", "f'' = exp(x/alpha)/alpha below 0"},
          zero(),
          one("|f'(0)|"),
          unbounded()};
}

ScalarConstants hard_tanh_constants(Method /*method*/, const Real& /*none*/) {
  return {one("slopes 0 and 1"), kink("hard_tanh has kinks at -1 and 1, tanh has none"), zero(),
          one("|f'(0)|"), bounded_by_one()};
}

ScalarConstants hard_sigmoid_constants(Method /*method*/, const Real& /*none*/) {
  return {slope(1, 6, "1/6"),
          kink("hard_sigmoid has kinks at -3 and 3, sigmoid has none"),
          {slope(1, 2, "").value, "sqrt(n_out)/2", "f(0) = 1/2"},
          slope(1, 6, "1/6"),
          bounded_by_one()};
}

ScalarConstants hard_swish_constants(Method /*method*/, const Real& /*none*/) {
  return {{slope(3, 2, "").value, "3/2", "f' = (2x+3)/6 up to x = 3"},
          kink("hard_swish has kinks at -3 and 3, silu has none"),
          zero(),
          slope(1, 2, "1/2"),
          unbounded()};
}

// The slope at a kink is that from the left, as that of exp up to log cap.
ScalarConstants capped_exp_constants(Method /*method*/, const Real& cap) {
  const Magnitude unit = Magnitude::from_count(1);
  const Constant largest{cap.upper, "cap", "f' = exp up to log(cap)"};
  return {largest,
          kink("capped_exp has a kink at log(cap), smooth_capped_exp has none"),
          {std::min(unit, cap.upper), "sqrt(n_out) min(1, cap)", "f(0) = min(1, cap)"},
          {cap.upper < unit ? Magnitude{} : unit, "1 if cap >= 1", "|f'(0)|"},
          {cap.upper, "cap sqrt(n_out)", "0 < f <= cap"}};
}

ScalarConstants smooth_capped_exp_constants(Method /*method*/, const Real& cap) {
  const Magnitude share = share_of(cap);
  return {{scale(cap.upper, -2), "cap/4", "f' = cap s(1-s)"},
          {cap.upper / (LowerBound::from_count(6) * root_three()), "cap/(6 sqrt 3)",
           "f'' = cap s(1-s)(1-2s)"},
          {share, "sqrt(n_out) cap/(1+cap)", "f(0) = cap/(1+cap)"},
          {share * share, "(cap/(1+cap))^2", "|f'(0)|"},
          {cap.upper, "cap sqrt(n_out)", "0 < f < cap"}};
}

Jet evaluate_celu(double x, double alpha) {
  if (x > 0) return {x, 1, 0};
  const double e = std::exp(x / alpha);
  return {alpha * std::expm1(x / alpha), e, e / alpha};
}

// f(6 - x) = 6 - f(x); on the left no term is far above the result.
Jet evaluate_smooth_relu6(double x, double beta) {
  if (x > 3) {
    const Jet mirrored = evaluate_smooth_relu6(6 - x, beta);
    return {6 - mirrored.value, mirrored.first, -mirrored.second};
  }
  const double up = logistic(beta * x);
  const double down = logistic(beta * (x - 6));
  return {(log_one_plus_exp(beta * x) - log_one_plus_exp(beta * (x - 6))) / beta, up - down,
          beta * (up * logistic(-beta * x) - down * logistic(-beta * (x - 6)))};
}

Jet evaluate_selu(double x, double /*none*/) {
  if (x > 0) return {selu_scale * x, selu_scale, 0};
  const double e = selu_scale * selu_alpha * std::exp(x);
  return {selu_scale * selu_alpha * std::expm1(x), e, e};
}

Jet evaluate_smooth_selu(double x, double /*none*/) {
  const Jet f = evaluate_celu(x, selu_alpha);
  return {selu_scale * f.value, selu_scale * f.first, selu_scale * f.second};
}

Jet evaluate_smooth_capped_exp(double x, double cap) {
  const double s = logistic(x - std::log(cap));
  const double d = cap * s * logistic(std::log(cap) - x);
  return {cap * s, d, d * (1 - 2 * s)};
}

}  // namespace smoothbound::activations
