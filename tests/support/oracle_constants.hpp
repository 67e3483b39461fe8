// The local constants of every component as balls, by the formulas of the theory and with overlaps
// counted one by one; nothing here knows the library's layers.
#pragma once

#include <arb_hypgeom.h>
#include <arb_poly.h>

#include <functional>
#include <string>
#include <string_view>

#include "ball.hpp"
#include "plain_network.hpp"

namespace smoothbound::support {

struct OracleAffine {
  Ball bilinear;  // L_beta
  Ball parameters;
  Ball input;
  Ball offset;
};

struct OracleMap {
  Ball bound = Ball::infinity();
  Ball lipschitz;
  Ball smoothness;
  Ball at_zero;
  Ball slope_at_zero;
};

namespace oracle {

inline Ball ratio(std::int64_t a, std::int64_t b) { return Ball(a) / Ball(b); }
inline Ball root(std::int64_t n) { return square_root(Ball(n)); }
inline Ball negative(const Ball& a) {
  Ball result;
  arb_neg(result.raw(), a.raw());
  return result;
}

/// Taylor coefficients of order 0 to 3 of a function at a ball.
class Series {
 public:
  static constexpr slong length = 4;
  Series() { arb_poly_init(p_); }
  Series(const Series& other) : Series() { arb_poly_set(p_, other.p_); }
  Series& operator=(const Series& other) {
    arb_poly_set(p_, other.p_);
    return *this;
  }
  ~Series() { arb_poly_clear(p_); }
  static Series variable(const Ball& x) {
    Series s = constant(x);
    arb_poly_set_coeff_si(s.p_, 1, 1);
    return s;
  }
  static Series constant(const Ball& c) {
    Series s;
    arb_poly_set_coeff_arb(s.p_, 0, c.raw());
    return s;
  }
  /// The n-th derivative.
  [[nodiscard]] Ball derivative(slong n) const {
    Ball result;
    arb_poly_get_coeff_arb(result.raw(), p_, n);
    for (slong i = 2; i <= n; ++i) result = result * Ball(static_cast<std::int64_t>(i));
    return result;
  }
  friend Series operator+(const Series& a, const Series& b) {
    Series s;
    arb_poly_add(s.p_, a.p_, b.p_, Ball::precision);
    return s;
  }
  friend Series operator*(const Series& a, const Series& b) {
    Series s;
    arb_poly_mullow(s.p_, a.p_, b.p_, length, Ball::precision);
    return s;
  }
  friend Series operator/(const Series& a, const Series& b) {
    Series s;
    arb_poly_div_series(s.p_, a.p_, b.p_, length, Ball::precision);
    return s;
  }
  friend Series exp(const Series& a) {
    Series s;
    arb_poly_exp_series(s.p_, a.p_, length, Ball::precision);
    return s;
  }

 private:
  arb_poly_t p_;
};

/// |f^(n)| where f^(n+1) changes its sign between a and b, enclosed by bisection.
inline Ball extremum(const std::function<Series(const Series&)>& f, slong n, const char* a,
                     const char* b) {
  const auto sign = [&](const Ball& x) {
    return arb_sgn_nonzero(f(Series::variable(x)).derivative(n + 1).raw());
  };
  Ball low = Ball::decimal(a);
  Ball high = Ball::decimal(b);
  const int sign_low = sign(low);
  if (sign_low * sign(high) != -1) throw std::logic_error("no change of sign");
  for (int i = 0; i < 150; ++i) {
    Ball middle = low + high;
    arb_mul_2exp_si(middle.raw(), middle.raw(), -1);
    arb_get_mid_arb(middle.raw(), middle.raw());
    (sign(middle) == sign_low ? low : high) = middle;
  }
  Ball both;
  arb_union(both.raw(), low.raw(), high.raw(), Ball::precision);
  Ball value = f(Series::variable(both)).derivative(n);
  arb_abs(value.raw(), value.raw());
  return value;
}

inline Series silu(const Series& x) {
  const Series minus = Series::constant(negative(Ball(1))) * x;
  return x / (Series::constant(1) + exp(minus));
}

// tanh(log(1 + e^x)) = ((1 + e^x)^2 - 1) / ((1 + e^x)^2 + 1)
inline Series mish(const Series& x) {
  const Series one = Series::constant(1);
  const Series e = exp(x);
  const Series squared = e * e + e + e;
  return x * squared / (squared + one + one);
}

// x (1 + tanh u)/2 = x / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3)
inline Series gelu_tanh(const Series& x) {
  const Ball scale = square_root(Ball(2) / Ball::pi());
  const Series u =
      Series::constant(scale) * (x + Series::constant(Ball::decimal("0.044715")) * x * x * x);
  return x / (Series::constant(1) + exp(Series::constant(negative(Ball(2))) * u));
}

inline Ball log_two() {
  Ball result;
  arb_const_log2(result.raw(), Ball::precision);
  return result;
}

// Phi(sqrt 2) + sqrt 2 phi(sqrt 2) = (1 + erf(1))/2 + 1/(e sqrt pi)
inline Ball gelu_slope() {
  Ball erf;
  arb_hypgeom_erf(erf.raw(), Ball(1).raw(), Ball::precision);
  Ball e;
  arb_const_e(e.raw(), Ball::precision);
  return (Ball(1) + erf) / Ball(2) + Ball(1) / (e * square_root(Ball::pi()));
}

inline Ball erf_curvature() {
  Ball e;
  arb_const_e(e.raw(), Ball::precision);
  return Ball(2) * square_root(Ball(2) / (Ball::pi() * e));
}

/// Constants of the scalar function.
inline OracleMap activation(const PlainPart& part, bool sharp) {
  const std::string& f = part.kind;
  const auto parameter = [&](const char* fallback) {
    return Ball::decimal(part.parameter.empty() ? fallback : part.parameter);
  };
  static const Ball inf = Ball::infinity();
  static const Ball root_two_over_pi = square_root(Ball(2) / Ball::pi());
  static const Ball silu_slope = extremum(silu, 1, "2", "3");
  static const Ball gelu_tanh_slope = extremum(gelu_tanh, 1, "1.2", "1.6");
  static const Ball mish_slope = extremum(mish, 1, "1.2", "1.8");
  static const Ball mish_curvature = extremum(mish, 2, "-0.5", "0.3");
  // order: m, l, L, |f(0)|, |f'(0)|
  if (f == "softplus") {
    const Ball beta = parameter("1");
    return {inf, 1, beta / Ball(4), log_two() / beta, ratio(1, 2)};
  }
  if (f == "sigmoid") {
    const Ball curvature = sharp ? Ball(1) / (Ball(6) * root(3)) : ratio(1, 10);
    return {1, ratio(1, 4), curvature, ratio(1, 2), ratio(1, 4)};
  }
  if (f == "tanh") return {1, 1, Ball(4) / (Ball(3) * root(3)), 0, 1};
  if (f == "gelu") return {inf, gelu_slope(), root_two_over_pi, 0, ratio(1, 2)};
  if (f == "gelu_tanh") return {inf, gelu_tanh_slope, root_two_over_pi, 0, ratio(1, 2)};
  if (f == "silu") return {inf, silu_slope, ratio(1, 2), 0, ratio(1, 2)};
  if (f == "mish") return {inf, mish_slope, mish_curvature, 0, ratio(3, 5)};
  if (f == "elu") {
    const Ball alpha = parameter("1");
    const bool smooth = arb_is_one(alpha.raw()) != 0;
    const Ball slope = larger(1, alpha);
    return {inf, slope, smooth ? Ball(1) : inf, 0, slope};
  }
  if (f == "softsign") return {1, 1, 2, 0, 1};
  if (f == "atan") return {Ball::pi() / Ball(2), 1, Ball(3) * root(3) / Ball(8), 0, 1};
  if (f == "sin") return {1, 1, 1, 0, 1};
  if (f == "erf") {
    const Ball slope = Ball(2) / square_root(Ball::pi());
    return {1, slope, erf_curvature(), 0, slope};
  }
  if (f == "relu" || f == "relu6" || f == "hard_tanh") return {inf, 1, inf, 0, 1};
  if (f == "leaky_relu") {
    const Ball slope = larger(1, parameter("0.01"));
    return {inf, slope, inf, 0, slope};
  }
  if (f == "selu") {
    const Ball slope = Ball::decimal("1.0507009873554804934193349852946") *
                       Ball::decimal("1.6732632423543772848170429916717");
    return {inf, slope, inf, 0, slope};
  }
  if (f == "hard_sigmoid") return {inf, ratio(1, 6), inf, ratio(1, 2), ratio(1, 6)};
  if (f == "hard_swish") return {inf, ratio(3, 2), inf, 0, ratio(1, 2)};
  if (f == "identity" || f == "dropout") return {inf, 1, 0, 0, 1};
  throw std::logic_error("unknown activation " + f);
}

inline OracleMap linear(const Ball& norm) { return {Ball::infinity(), norm, 0, 0, norm}; }

inline bool is_normalization(const PlainPart& part) { return part.kind.ends_with("_norm"); }

inline std::int64_t count_overlap(const PlainPart& part, const Sizes& input) {
  std::int64_t overlap = 1;
  for (std::size_t axis = 0; axis + 1 < input.size(); ++axis) {
    const auto window = plain_axis(part.window, is_pooling(part), axis, input[axis + 1]);
    overlap *= window.value().count_overlap();
  }
  return overlap;
}

/// How many scalars of the whole batch one feature has.
inline std::int64_t group_of(const PlainPart& part, const Sizes& shape, std::int64_t batch) {
  const std::int64_t scalars = product_of(shape);
  if (part.kind == "group_norm") return scalars / part.size;
  if (part.kind != "batch_norm") return scalars;
  return (part.per == "element" ? 1 : positions_of(shape)) * batch;
}

/// How many scalars of the whole batch one pair of scale and shift acts on.
inline std::int64_t scalars_per_pair(const PlainPart& part, const Sizes& shape,
                                     std::int64_t batch) {
  const bool per_channel =
      part.kind == "group_norm" || (part.kind == "batch_norm" && part.per != "element");
  return (per_channel ? positions_of(shape) : 1) * batch;
}

inline OracleMap normalization(const PlainPart& part, const Sizes& shape, std::int64_t batch,
                               bool sharp) {
  const Ball epsilon = Ball::decimal(part.epsilon.empty() ? "1e-5" : part.epsilon);
  const Ball scalars = Ball(product_of(shape)) * Ball(batch);
  const Ball slope = Ball(1) / square_root(epsilon);
  const Ball curvature = Ball(1) / (root(group_of(part, shape, batch)) * epsilon);
  if (!sharp) return {scalars, Ball(2) * slope, Ball(2) * curvature, 0, slope};
  return {square_root(scalars), slope, Ball(48) / (Ball(25) * root(5)) * curvature, 0, slope};
}

/// Of a non-affine part, from its input's and output's shape.
inline OracleMap map_constants(const PlainPart& part, const Sizes& input, const Sizes& output,
                               std::int64_t batch, bool sharp) {
  if (part.kind == "softmax") {
    const std::int64_t k = input.front();
    const Ball r = Ball(positions_of(input)) * Ball(batch);
    const Ball at_zero = square_root(r / Ball(k));
    if (!sharp) return {Ball::infinity(), 2, 4, at_zero, ratio(1, k)};
    return {square_root(r), ratio(1, 2), root(2) / (Ball(3) * root(3)), at_zero, ratio(1, k)};
  }
  if (part.kind == "average_pool") {
    if (!sharp) return linear(1);
    return linear(root(count_overlap(part, input)) / root(product_of(part.window.kernel)));
  }
  if (part.kind == "max_pool") {
    OracleMap a = linear(root(count_overlap(part, input)));
    a.smoothness = Ball::infinity();
    return a;
  }
  if (part.kind == "global_average_pool") {
    return linear(sharp ? Ball(1) / root(positions_of(input)) : Ball(1));
  }
  if (is_normalization(part)) return normalization(part, output, batch, sharp);
  OracleMap a = activation(part, sharp);
  const Ball root_n = square_root(Ball(product_of(output)) * Ball(batch));
  a.bound = a.bound * root_n;
  a.at_zero = a.at_zero * root_n;
  return a;
}

inline bool is_affine(const PlainPart& part) { return part.kind == "dense" || part.kind == "conv"; }

/// Of a dense or convolutional part.
inline OracleAffine affine_constants(const PlainPart& part, const Sizes& input, const Sizes& output,
                                     std::int64_t batch, bool sharp) {
  const std::int64_t patches = part.kind == "dense" ? 1 : positions_of(output);
  OracleAffine b;
  b.bilinear = 1;
  if (part.kind == "conv") b.bilinear = root(sharp ? count_overlap(part, input) : patches);
  if (part.bias) b.parameters = square_root(Ball(patches) * Ball(batch));
  return b;
}

}  // namespace oracle
}  // namespace smoothbound::support
