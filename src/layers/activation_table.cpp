// One row per activation. Irrational constants are decimals rounded up in the 30th digit; the tests
// hold each against ball arithmetic and against sampling.

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "activation_branches.hpp"
#include "activation_growth.hpp"
#include "activation_kinks.hpp"
#include "activation_parts.hpp"
#include "smoothbound/layers/activation.hpp"

namespace smoothbound {
namespace activations {
namespace {

// Rounded up in the last digit.
const Magnitude gelu_slope = Magnitude::from_decimal("1.12890414518515478634074444227");
const Magnitude gelu_curvature = Magnitude::from_decimal("0.797884560802865355879892119869");
const Magnitude gelu_tanh_slope = Magnitude::from_decimal("1.12899306865877176545590447040");
const Magnitude silu_slope = Magnitude::from_decimal("1.09983932012886691695818492433");
const Magnitude mish_slope = Magnitude::from_decimal("1.08849816125172786122829362740");
const Magnitude mish_curvature = Magnitude::from_decimal("0.644204637236972429517659047057");
const Magnitude half_pi = Magnitude::from_decimal("1.57079632679489661923132169164");
const Magnitude erf_slope = Magnitude::from_decimal("1.12837916709551257389615890313");
const Magnitude erf_curvature = Magnitude::from_decimal("0.967882898076573399191320771743");

double normal_density(double x) {
  return std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

constexpr ActivationParameter no_parameter{};
constexpr std::string_view no_smooth_form{};
constexpr bool has_no_scale = false;

constexpr std::array<std::string_view, 3> scale_samples{"0.25", "3", "40"};
constexpr std::array<std::string_view, 3> slope_samples{"0", "0.3", "1.5"};
constexpr std::array<std::string_view, 2> mild_samples{"0.5", "2"};
constexpr std::array<std::string_view, 1> rate_samples{"0.1"};

ScalarConstants softplus_constants(Method /*method*/, const Real& beta) {
  return {one("f' is the sigmoid of beta x"),
          {beta.upper / LowerBound::from_count(4), "beta/4", "f'' = beta s(1-s) <= beta/4"},
          {log_two() / beta.lower, "sqrt(n_out) log(2)/beta", "f(0) = log(2)/beta"},
          slope(1, 2, "1/2"),
          unbounded()};
}

ScalarConstants sigmoid_constants(Method method, const Real& /*none*/) {
  const Constant paper{Magnitude::from_count(1) / LowerBound::from_count(10), "1/10",
                       "appendix B.4"};
  const Constant sharp{Magnitude::from_count(1) / (LowerBound::from_count(6) * root_three()),
                       "1/(6 sqrt 3)", "f'' = s(1-s)(1-2s), extremal at s = 1/2 -+ 1/(2 sqrt 3)"};
  return {slope(1, 4, "1/4"),
          method == Method::paper ? paper : sharp,
          {slope(1, 2, "").value, "sqrt(n_out)/2", "f(0) = 1/2"},
          slope(1, 4, "1/4"),
          bounded_by_one()};
}

ScalarConstants tanh_constants(Method /*method*/, const Real& /*none*/) {
  return {one("f' = 1 - tanh^2"),
          {Magnitude::from_count(4) / (LowerBound::from_count(3) * root_three()), "4/(3 sqrt 3)",
           "f'' = -2 t(1-t^2), extremal at t = -+ 1/sqrt 3"},
          zero(),
          one("|f'(0)|"),
          bounded_by_one()};
}

ScalarConstants gelu_constants(Method /*method*/, const Real& /*none*/) {
  return {
      {gelu_slope, "Phi(sqrt 2) + sqrt(2) phi(sqrt 2)", "f'' = phi(x)(2 - x^2) vanishes at sqrt 2"},
      {gelu_curvature, "sqrt(2/pi)", "f'' = phi(x)(2 - x^2), largest at 0: 2 phi(0)"},
      zero(),
      slope(1, 2, "1/2"),
      unbounded()};
}

ScalarConstants gelu_tanh_constants(Method /*method*/, const Real& /*none*/) {
  return {{gelu_tanh_slope, "sup f' = f'(1.41850400...)", "root of f'' in ball arithmetic"},
          {gelu_curvature, "sqrt(2/pi)", "f'' is largest at 0"},
          zero(),
          slope(1, 2, "1/2"),
          unbounded()};
}

ScalarConstants silu_constants(Method /*method*/, const Real& /*none*/) {
  return {{silu_slope, "sup f' = f'(2.39935728...)", "root of f'' in ball arithmetic"},
          slope(1, 2, "1/2"),  // f'' = s(1-s)(2 + x(1-2s)) is largest at 0
          zero(),
          slope(1, 2, "1/2"),
          unbounded()};
}

ScalarConstants mish_constants(Method /*method*/, const Real& /*none*/) {
  return {{mish_slope, "sup f' = f'(1.49057117...)", "root of f'' in ball arithmetic"},
          {mish_curvature, "sup f'' = f''(-0.08793443...)", "root of f''' in ball arithmetic"},
          zero(),
          slope(3, 5, "3/5"),
          unbounded()};
}

ScalarConstants softsign_constants(Method /*method*/, const Real& /*none*/) {
  return {one("f' = 1/(1+|x|)^2"), exactly(2, "2", "|f''| = 2/(1+|x|)^3"), zero(), one("|f'(0)|"),
          bounded_by_one()};
}

ScalarConstants atan_constants(Method /*method*/, const Real& /*none*/) {
  const Magnitude three = Magnitude::from_count(3);
  return {one("f' = 1/(1+x^2)"),
          {three * square_root(three) / LowerBound::from_count(8), "3 sqrt(3)/8",
           "|f''| = 2|x|/(1+x^2)^2, extremal at x = 1/sqrt 3"},
          zero(),
          one("|f'(0)|"),
          {half_pi, "(pi/2) sqrt(n_out)", "|f| <= pi/2"}};
}

ScalarConstants sin_constants(Method /*method*/, const Real& /*none*/) {
  return {one("f' = cos"), one("f'' = -sin"), zero(), one("|f'(0)|"), bounded_by_one()};
}

ScalarConstants erf_constants(Method /*method*/, const Real& /*none*/) {
  const Constant slope_at_zero{erf_slope, "2/sqrt(pi)", "f' = 2/sqrt(pi) exp(-x^2)"};
  return {slope_at_zero,
          {erf_curvature, "2 sqrt(2/(pi e))",
           "|f''| = 4/sqrt(pi) |x| exp(-x^2), extremal at x = 1/sqrt 2"},
          zero(),
          slope_at_zero,
          bounded_by_one()};
}

ScalarConstants identity_constants(Method /*method*/, const Real& /*none*/) {
  return {one("linear"), {{}, "0", "linear"}, zero(), one("linear"), unbounded()};
}

Jet evaluate_gelu_tanh(double x, double /*none*/) {
  const double c = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
  const double u = c * (x + gelu_cubic * x * x * x);
  const double du = c * (1 + 3 * gelu_cubic * x * x);
  const double ddu = c * 6 * gelu_cubic * x;
  const double t = std::tanh(u);
  const double s = 1 - t * t;
  return {x / 2 * (1 + t), (1 + t) / 2 + x / 2 * s * du,
          s * du + x / 2 * (s * ddu - 2 * t * s * du * du)};
}

Jet evaluate_mish(double x, double /*none*/) {
  const double t = std::tanh(log_one_plus_exp(x));
  const double s = 1 - t * t;
  const double o = logistic(x);
  return {x * t, t + x * s * o, 2 * s * o + x * (s * o * (1 - o) - 2 * t * s * o * o)};
}

constexpr std::array table{
    ActivationRow{
        "softplus",
        "log(1 + exp(beta x)) / beta",
        {"beta", "scale; the larger, the closer to relu", "1", text::RealRange::positive,
         scale_samples},
        [](double x, double beta) {
          const double s = logistic(beta * x);
          return Jet{log_one_plus_exp(beta * x) / beta, s, beta * s * logistic(-beta * x)};
        },
        softplus_constants,
        softplus_branches,
        no_smooth_form,
        has_no_scale,
        softplus_growth},
    ActivationRow{"sigmoid", "1 / (1 + exp(-x))", no_parameter,
                  [](double x, double) {
                    const double s = logistic(x);
                    const double d = s * logistic(-x);
                    return Jet{s, d, d * (1 - 2 * s)};
                  },
                  sigmoid_constants, sigmoid_branches, no_smooth_form, has_no_scale,
                  sigmoid_growth},
    ActivationRow{"tanh", "tanh(x)", no_parameter,
                  [](double x, double) {
                    const double t = std::tanh(x);
                    return Jet{t, 1 - t * t, -2 * t * (1 - t * t)};
                  },
                  tanh_constants, tanh_branches, no_smooth_form, has_no_scale, tanh_growth},
    ActivationRow{"gelu", "x Phi(x), Phi the normal distribution function", no_parameter,
                  [](double x, double) {
                    const double p = std::erfc(-x / std::numbers::sqrt2) / 2;
                    const double d = normal_density(x);
                    return Jet{x * p, p + x * d, d * (2 - x * x)};
                  },
                  gelu_constants, gelu_branches, no_smooth_form, has_no_scale, below_identity},
    ActivationRow{"gelu_tanh", "x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2", no_parameter,
                  evaluate_gelu_tanh, gelu_tanh_constants, gelu_tanh_branches, no_smooth_form,
                  has_no_scale, below_identity},
    ActivationRow{"silu", "x / (1 + exp(-x))", no_parameter,
                  [](double x, double) {
                    const double s = logistic(x);
                    const double d = s * logistic(-x);
                    return Jet{x * s, s + x * d, d * (2 + x * (1 - 2 * s))};
                  },
                  silu_constants, silu_branches, no_smooth_form, has_no_scale, below_identity},
    ActivationRow{"mish", "x tanh(log(1 + exp(x)))", no_parameter, evaluate_mish, mish_constants,
                  mish_branches, no_smooth_form, has_no_scale, below_identity},
    ActivationRow{
        "elu",
        "x above 0, alpha (exp(x) - 1) below",
        {"alpha", "depth below 0; smooth only at 1", "1", text::RealRange::positive, mild_samples},
        [](double x, double alpha) {
          if (x > 0) return Jet{x, 1, 0};
          return Jet{alpha * std::expm1(x), alpha * std::exp(x), alpha * std::exp(x)};
        },
        elu_constants,
        elu_branches,
        "celu"},
    ActivationRow{"celu",
                  "x above 0, alpha (exp(x/alpha) - 1) below",
                  {"alpha", "depth below 0", "1", text::RealRange::positive, mild_samples},
                  evaluate_celu,
                  celu_constants,
                  celu_branches},
    ActivationRow{"softsign", "x / (1 + |x|)", no_parameter,
                  [](double x, double) {
                    const double d = 1 + std::abs(x);
                    return Jet{x / d, 1 / (d * d), (x > 0 ? -2 : 2) / (d * d * d)};
                  },
                  softsign_constants, softsign_branches},
    ActivationRow{"atan", "arctan(x)", no_parameter,
                  [](double x, double) {
                    const double d = 1 / (1 + x * x);
                    return Jet{std::atan(x), d, -2 * x * d * d};
                  },
                  atan_constants, atan_branches, no_smooth_form, has_no_scale, atan_growth},
    ActivationRow{"sin", "sin(x)", no_parameter,
                  [](double x, double) {
                    return Jet{std::sin(x), std::cos(x), -std::sin(x)};
                  },
                  sin_constants, sin_branches, no_smooth_form, has_no_scale, sin_growth},
    ActivationRow{"erf", "2/sqrt(pi) int_0^x exp(-t^2) dt", no_parameter,
                  [](double x, double) {
                    const double d = 2 * std::numbers::inv_sqrtpi * std::exp(-x * x);
                    return Jet{std::erf(x), d, -2 * x * d};
                  },
                  erf_constants, erf_branches, no_smooth_form, has_no_scale, erf_growth},
    ActivationRow{"relu", "max(x, 0)", no_parameter,
                  [](double x, double) {
                    return x > 0 ? Jet{x, 1, 0} : Jet{};
                  },
                  relu_constants, relu_branches, "softplus"},
    ActivationRow{"relu6", "min(max(x, 0), 6)", no_parameter,
                  [](double x, double) {
                    if (x > 6) return Jet{6, 0, 0};
                    return x > 0 ? Jet{x, 1, 0} : Jet{};
                  },
                  relu6_constants, relu6_branches, "smooth_relu6"},
    ActivationRow{"smooth_relu6",
                  "g(x) - g(x - 6), g(x) = log(1 + exp(beta x)) / beta",
                  {"beta", "scale; the larger, the closer to relu6", "1", text::RealRange::positive,
                   mild_samples},
                  evaluate_smooth_relu6,
                  smooth_relu6_constants,
                  smooth_relu6_branches},
    ActivationRow{"leaky_relu",
                  "x above 0, slope x below",
                  {"slope", "slope below 0", "0.01", text::RealRange::non_negative, slope_samples},
                  [](double x, double slope_below) {
                    return x > 0 ? Jet{x, 1, 0} : Jet{slope_below * x, slope_below, 0};
                  },
                  leaky_relu_constants,
                  leaky_relu_branches,
                  "smooth_leaky_relu"},
    ActivationRow{
        "smooth_leaky_relu",
        "slope x + (1 - slope) log(1 + exp(beta x)) / beta",
        {"slope", "slope far below 0", "0.01", text::RealRange::non_negative, slope_samples},
        [](double x, double slope_below) {
          const double bend = 1 - slope_below;
          const double s = logistic(x);
          return Jet{slope_below * x + bend * log_one_plus_exp(x), slope_below + bend * s,
                     bend * s * logistic(-x)};
        },
        smooth_leaky_relu_constants,
        smooth_leaky_relu_branches,
        /*smooth_form=*/"",
        /*has_scale=*/true,
        smooth_leaky_relu_growth},
    ActivationRow{"selu",
                  "lambda x above 0, lambda alpha (exp(x) - 1) below; lambda = 1.0507..., "
                  "alpha = 1.6732...",
                  no_parameter, evaluate_selu, selu_constants, selu_branches, "smooth_selu"},
    ActivationRow{"smooth_selu",
                  "lambda x above 0, lambda alpha (exp(x/alpha) - 1) below: lambda celu(x), with "
                  "lambda and alpha of selu",
                  no_parameter, evaluate_smooth_selu, smooth_selu_constants, smooth_selu_branches},
    ActivationRow{"hard_tanh", "min(max(x, -1), 1)", no_parameter,
                  [](double x, double) {
                    if (x > 1) return Jet{1, 0, 0};
                    return x > -1 ? Jet{x, 1, 0} : Jet{-1, 0, 0};
                  },
                  hard_tanh_constants, hard_tanh_branches, "tanh"},
    ActivationRow{"hard_sigmoid", "min(max(x/6 + 1/2, 0), 1)", no_parameter,
                  [](double x, double) {
                    if (x > 3) return Jet{1, 0, 0};
                    return x > -3 ? Jet{x / 6 + 0.5, 1.0 / 6, 0} : Jet{};
                  },
                  hard_sigmoid_constants, hard_sigmoid_branches, "sigmoid"},
    ActivationRow{"hard_swish", "x min(max(x + 3, 0), 6) / 6", no_parameter,
                  [](double x, double) {
                    if (x > 3) return Jet{x, 1, 0};
                    return x > -3 ? Jet{x * (x + 3) / 6, (2 * x + 3) / 6, 1.0 / 3} : Jet{};
                  },
                  hard_swish_constants, hard_swish_branches, "silu", has_no_scale, below_identity},
    ActivationRow{"capped_exp",
                  "min(exp(x), cap)",
                  {"cap", "largest value", "100", text::RealRange::positive, mild_samples},
                  [](double x, double cap) {
                    if (x > std::log(cap)) return Jet{cap, 0, 0};
                    const double e = std::exp(x);
                    return Jet{std::min(e, cap), e, e};
                  },
                  capped_exp_constants,
                  capped_exp_branches,
                  "smooth_capped_exp"},
    ActivationRow{"smooth_capped_exp",
                  "cap / (1 + cap exp(-x))",
                  {"cap", "bound of the values", "100", text::RealRange::positive, mild_samples},
                  evaluate_smooth_capped_exp,
                  smooth_capped_exp_constants,
                  smooth_capped_exp_branches},
    ActivationRow{"identity", "x", no_parameter,
                  [](double x, double) {
                    return Jet{x, 1, 0};
                  },
                  identity_constants, identity_branches},
    ActivationRow{"dropout",
                  "x (at evaluation)",
                  {"rate", "share of scalars dropped in training; without effect on the bounds",
                   "0.5", text::RealRange::non_negative, rate_samples},
                  [](double x, double) {
                    return Jet{x, 1, 0};
                  },
                  identity_constants,
                  identity_branches},
};

}  // namespace
}  // namespace activations

std::span<const ActivationRow> activation_table() { return activations::table; }

}  // namespace smoothbound
