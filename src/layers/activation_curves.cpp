// Branches of activations that are smooth on all of R. `most_of_...` are sup |f^(m)|, rounded up in
// the last digit; the first entry is not used.
#include <cmath>
#include <numbers>

#include "activation_branches.hpp"
#include "activation_parts.hpp"
#include "rounded.hpp"

namespace smoothbound::activations {
namespace {

using Suprema = std::array<double, most_activation_derivative + 1>;

constexpr Suprema most_of_softplus{0, 1, 0.25, 0.0962250448650, 0.125, 0.1276839219679};
constexpr Suprema most_of_sigmoid{0, 0.25, 0.0962250448650, 0.125, 0.1276839219679, 0.25};
constexpr Suprema most_of_tanh{0, 1, 0.7698003589196, 2, 4.0858855029698, 16};
constexpr Suprema most_of_gelu{
    0, 1.1289041451852, 0.7978845608029, 0.7787696350559, 1.5957691216058, 2.8425250144433};
constexpr Suprema most_of_gelu_tanh{
    0, 1.1289930686588, 0.7978845608029, 0.7766914503987, 1.6036674522602, 2.8657641644810};
constexpr Suprema most_of_silu{0, 1.0998393201289, 0.5, 0.3081815157966, 0.5, 0.6580282624145};
constexpr Suprema most_of_mish{
    0, 1.0884981612518, 0.6442046372371, 0.5884120448692, 1.1009779097527, 2.2331355584990};
constexpr Suprema most_of_erf{
    0, 1.1283791670956, 0.9678828980766, 2.2567583341912, 4.4047027160067, 13.5405500051465};
constexpr Suprema most_of_atan{0, 1, 0.6495190528384, 2, 4.6685592841553, 24};

double supremum(const Suprema& most, int m) { return most[static_cast<std::size_t>(m)]; }

Branches smooth(const SmoothBranch& f) { return {.branch = {f}}; }

// s(x) s(-x), s the logistic function.
double bell(double x) {
  const double e = std::exp(-std::abs(x));
  return e / ((1 + e) * (1 + e));
}

// Where x^k times a decay falls from `turn` on, that is largest next to 0, else x is at most far.
double size_beyond(const Interval& x, double turn) { return x.near() >= turn ? x.near() : x.far(); }

// What s is made of at an exact x. In unit roundoffs of themselves, to first order, e is off by 4,
// the larger share by 4, the smaller one by 9, q by 14; t by 6, and by 2 besides. From 1/4 on,
// where e is below 0.78, and before it, where t is not a difference, t is off by 21 of itself at
// most.
struct Logistic {
  bool is_near;            // |x| < 1/4
  double below;            // exp(-|x|) - 1, if so
  double e;                // exp(-|x|)
  double larger, smaller;  // s(|x|), s(-|x|)
  double q;                // their product
  double t;                // their difference

  explicit Logistic(double x)
      : is_near(std::abs(x) < 0.25),
        below(is_near ? std::expm1(-std::abs(x)) : 0),
        e(is_near ? 1 + below : std::exp(-std::abs(x))),
        larger(1 / (1 + e)),
        smaller(e * larger),
        q(larger * smaller),
        t((is_near ? -below : 1 - e) * larger) {}
};

// A coefficient, and what its error is at most 48 unit roundoffs of.
struct Coefficient {
  double value = 0;
  double absolute = 0;
};

TaylorCoefficients as_taylor(const std::array<Coefficient, most_activation_derivative>& f) {
  TaylorCoefficients result;
  for (std::size_t m = 0; m < f.size(); ++m) {
    result.value[m] = f[m].value;
    result.absolute[m] = f[m].absolute + negligible;
  }
  return result;
}

Coefficient as_computed(double value) { return {value, std::abs(value)}; }

// With y = t or -t, and a factor that is off by one: q y is off by 38 of itself,
Coefficient second_of_sigmoid(const Logistic& s, double y, double factor) {
  return as_computed(s.q * y * factor);
}

// q (1 - 6q) by 18 q |1 - 6q| + 90 q^2,
Coefficient third_of_sigmoid(const Logistic& s, double factor) {
  const double g = 1 - 6 * s.q;
  return {s.q * g * factor, s.q * (std::abs(g) + 2 * s.q) * factor};
}

// q y (1 - 12q) by 40 q t |1 - 12q| + 180 q^2 t.
Coefficient fourth_of_sigmoid(const Logistic& s, double y, double factor) {
  const double g = 1 - 12 * s.q;
  return {s.q * y * g * factor, s.q * s.t * (std::abs(g) + 4 * s.q) * factor};
}

// Of s from s(x), s(-x) and y = s(-x) - s(x): with Q = s(x) s(-x) the derivatives are Q, Q y,
// Q (1 - 6Q), Q y (1 - 12Q).
Series sigmoid_series(const Shares& s, const Rounded& y) {
  const Rounded q = s.above * s.below;
  return {s.above, q, q * y / 2, q * (1 - 6 * q) / 6, q * y * (1 - 12 * q) / 24};
}

Series sigmoid_series(const Rounded& x) {
  const Shares s = logistic_shares(x);
  return sigmoid_series(s, s.below - s.above);
}

// Of log(1 + exp(x)), whose derivative is s: max(x, 0) alone would be off where the rest is small.
Series softplus_series(const Rounded& x) {
  const Series s = sigmoid_series(x);
  const Rounded rest = log_one_plus(exponential({-std::abs(x.value), x.error}));
  return {x.value > 0 ? x + rest : rest, s[0], s[1] / 2, s[2] / 3, s[3] / 4};
}

Series scaled(Series f, const Rounded& beta) {
  Rounded power = 1 / beta;
  for (Rounded& coefficient : f) {
    coefficient = coefficient * power;
    power = power * beta;
  }
  return f;
}

// With an exact argument errors need not be carried along: log1p is off by 4 + 4/log(2) of itself.
TaylorCoefficients expand_softplus(double x, double beta) {
  if (beta != 1) return taylor_of(scaled(softplus_series(Rounded(beta) * x), beta));
  const Logistic s(x);
  const double y = x >= 0 ? -s.t : s.t;
  return as_taylor({as_computed(std::log1p(s.e) + (x > 0 ? x : 0)),
                    as_computed(x >= 0 ? s.larger : s.smaller), as_computed(s.q / 2),
                    second_of_sigmoid(s, y, 1.0 / 6), third_of_sigmoid(s, 1.0 / 24)});
}

TaylorCoefficients expand_sigmoid(double x, double /*none*/) {
  const Logistic s(x);
  const double y = x >= 0 ? -s.t : s.t;
  return as_taylor({as_computed(x >= 0 ? s.larger : s.smaller), as_computed(s.q),
                    second_of_sigmoid(s, y, 0.5), third_of_sigmoid(s, 1.0 / 6),
                    fourth_of_sigmoid(s, y, 1.0 / 24)});
}

// |f^(m+1)| = |s^(m)| <= Q for m > 0: with y = 1 - 2s, Q = (1 - y^2)/4, what stands beside Q is 1,
// y, 1 - 6Q in [-1/2, 1], y (3y^2 - 2), at most 1, and 1 - 30Q + 120Q^2 in [-7/8, 1].
double softplus_bound(int m, const Interval& x) {
  const double decay = bell(x.near());
  const auto known = [&](int n) {
    return std::min(supremum(most_of_softplus, n), n == 1 ? logistic(x.high) : decay);
  };
  return rounded_up(bound_by_taylor(
      m, x, known, [](double centre) { return expand_softplus(centre, 1); }, 1));
}

double sigmoid_bound(int m, const Interval& x) {
  const double decay = bell(x.near());
  const auto known = [&](int n) { return std::min(supremum(most_of_sigmoid, n), decay); };
  return rounded_up(bound_by_taylor(
      m, x, known, [](double centre) { return expand_sigmoid(centre, 0); }, 1));
}

double scaled_bound(double bound, int m, double beta) {
  for (int i = 1; i < m; ++i) bound *= beta;
  return rounded_up(bound);
}

Interval scaled_range(double low, double high, double beta) {
  return Interval::around(Rounded(beta) * low, Rounded(beta) * high);
}

double softplus_envelope(int m, double low, double high, double beta) {
  return scaled_bound(softplus_bound(m, scaled_range(low, high, beta)), m, beta);
}

double sigmoid_envelope(int m, double low, double high, double /*none*/) {
  return sigmoid_bound(m, {low, high});
}

// tanh(x) = 2 s(2x) - 1.
TaylorCoefficients expand_tanh(double x, double /*none*/) {
  const Logistic s(2 * x);
  const double y = x >= 0 ? -s.t : s.t;
  return as_taylor({as_computed(-y), as_computed(4 * s.q), second_of_sigmoid(s, y, 4),
                    third_of_sigmoid(s, 16.0 / 6), fourth_of_sigmoid(s, y, 32.0 / 24)});
}

double tanh_envelope(int m, double low, double high, double none) {
  const Interval x{low, high};
  const double decay = bell(2 * x.near());
  const auto known = [&](int n) {
    return std::min(supremum(most_of_tanh, n), std::ldexp(decay, n + 1));
  };
  return rounded_up(bound_by_taylor(
      m, x, known, [&](double centre) { return expand_tanh(centre, none); }, 1));
}

// The exponential of -x^2/2 or -x^2.
Rounded gaussian(double x, double divisor) { return exponential(-(Rounded(x) * x / divisor)); }

// Phi(x) = erfc(a)/2, a = -x/sqrt(2). Where a > 0, the slope of log erfc is at most 2a + 3/2, and
// erfc is 0 from 30 on; where a < 0, the error of a moves erfc by less than a unit. The C library
// is less accurate here than elsewhere.
Rounded normal_distribution(double x) {
  const double a = -x / std::numbers::sqrt2;  // off by two units
  const double v = std::erfc(a) / 2;
  const double size = std::min(a, 30.0);
  const double moved = a > 0 ? 2 * size * (2 * size + 1.5) * v : 1;
  return {v, 3 * library_error * v + moved + negligible};
}

double normal_factor() { return std::numbers::inv_sqrtpi / std::numbers::sqrt2; }

// Where what is left of f, or of x - f, is below any double.
TaylorCoefficients expand_far_gelu(double x) {
  constexpr Rounded vanishing{0, negligible};
  if (x < 0) return taylor_of({vanishing, vanishing, vanishing, vanishing, vanishing});
  return taylor_of({x, 1, vanishing, vanishing, vanishing});
}

// f^(m) = g_m phi, g_2 = 2 - x^2, g_3 = x^3 - 4x, g_4 = -x^4 + 7x^2 - 4.
TaylorCoefficients expand_gelu(double x, double /*none*/) {
  const Rounded p = normal_distribution(x);
  const Rounded d =
      gaussian(x, 2) * nearest(std::numbers::inv_sqrtpi) / nearest(std::numbers::sqrt2);
  if (std::abs(x) > 100) return expand_far_gelu(x);
  const Rounded square = Rounded(x) * x;
  return taylor_of({p * x, p + d * x, d * (2 - square) / 2, d * (square - 4) * x / 6,
                    d * ((7 - square) * square - 4) / 24});
}

// |f'| <= Phi + |x| phi, |f^(m)| <= |g|_m phi with |coefficients|, g_5 = x^5 - 11x^3 + 18x; each
// x^k phi(x) falls from sqrt(5) on.
double gelu_envelope(int m, double low, double high, double none) {
  const Interval range{low, high};
  const double near = range.near();
  const double density = std::exp(-near * near / 2) * normal_factor();
  const double x = size_beyond(range, 2.25);
  const double square = x * x;
  const std::array<double, 6> g{0,
                                x,
                                2 + square,
                                x * (square + 4),
                                (square + 7) * square + 4,
                                x * ((square + 11) * square + 18)};
  const auto known = [&](int n) {
    // inf * 0 where nothing is left.
    const double decayed =
        near > 100 ? negligible : g[static_cast<std::size_t>(n)] * density + negligible;
    const double rest = n == 1 ? std::erfc(-high / std::numbers::sqrt2) / 2 : 0;
    return std::min(supremum(most_of_gelu, n), decayed + rest);
  };
  return rounded_up(
      bound_by_taylor(m, range, known, [&](double centre) { return expand_gelu(centre, none); }));
}

// sum_k outer_k (inner - inner_0)^k
Series composition(const Series& outer, const Series& inner) {
  const Rounded& a = inner[1];
  const Rounded& b = inner[2];
  const Rounded& c = inner[3];
  const Rounded square = a * a;
  return {outer[0], outer[1] * a, outer[1] * b + outer[2] * square,
          outer[1] * c + 2 * outer[2] * a * b + outer[3] * square * a,
          outer[1] * inner[4] + outer[2] * (2 * a * c + b * b) + 3 * outer[3] * square * b +
              outer[4] * square * square};
}

// x times the series, at x.
Series times_variable(const Series& f, double x) {
  Series result{f[0] * x};
  for (std::size_t m = 1; m < f.size(); ++m) result[m] = f[m] * x + f[m - 1];
  return result;
}

// (1 + tanh u)/2 = s(2u), u = sqrt(2/pi) (x + 0.044715 x^3).
TaylorCoefficients expand_gelu_tanh(double x, double /*none*/) {
  if (std::abs(x) > 100) return expand_far_gelu(x);
  const Rounded scale = 2 * (nearest(std::numbers::sqrt2) * nearest(std::numbers::inv_sqrtpi));
  const Rounded cubic = nearest(gelu_cubic);
  const Rounded square = Rounded(x) * x;
  const Series u{scale * (1 + cubic * square) * x, scale * (1 + 3 * cubic * square),
                 scale * (3 * cubic) * x, scale * cubic};
  return taylor_of(times_variable(composition(sigmoid_series(u[0]), u), x));
}

double gelu_tanh_envelope(int m, double low, double high, double none) {
  return rounded_up(bound_by_taylor(
      m, {low, high}, [](int n) { return supremum(most_of_gelu_tanh, n); },
      [&](double centre) { return expand_gelu_tanh(centre, none); }));
}

TaylorCoefficients expand_silu(double x, double /*none*/) {
  return taylor_of(times_variable(sigmoid_series(Rounded(x)), x));
}

// f^(m) = x s^(m) + m s^(m-1), where |s^(n)| <= Q for n > 0, and (|x| + m) Q falls where
// (x + m) tanh(x/2) > 1, for any m >= 0 from 1.55 on.
double silu_envelope(int m, double low, double high, double none) {
  const Interval x{low, high};
  const double decay = bell(x.near());
  const double size = size_beyond(x, 1.6);
  const auto known = [&](int n) {
    const double bound = n == 1 ? logistic(high) + size * decay : (size + n) * decay;
    return std::min(supremum(most_of_silu, n), bound);
  };
  return rounded_up(
      bound_by_taylor(m, x, known, [&](double centre) { return expand_silu(centre, none); }));
}

// tanh(p) = 2 s(2p) - 1 with p = log(1 + exp(x)), where s(-2p) - s(2p) is -tanh(p).
TaylorCoefficients expand_mish(double x, double /*none*/) {
  Series p = softplus_series(x);
  const Rounded t = hyperbolic_tangent(p[0]);
  for (Rounded& coefficient : p) coefficient = 2 * coefficient;
  Series g = composition(sigmoid_series(logistic_shares(p[0]), -t), p);
  for (Rounded& coefficient : g) coefficient = 2 * coefficient;
  g[0] = t;
  return taylor_of(times_variable(g, x));
}

double mish_envelope(int m, double low, double high, double none) {
  return rounded_up(bound_by_taylor(
      m, {low, high}, [](int n) { return supremum(most_of_mish, n); },
      [&](double centre) { return expand_mish(centre, none); }));
}

// With w = 1/(1+x^2) the derivatives are w, -2x w^2, (6x^2-2) w^3, 24 (x-x^3) w^4; p = x w.
TaylorCoefficients expand_atan(double x, double /*none*/) {
  const Rounded f = from_library(std::atan(x));
  if (std::abs(x) > 0x1p500) {
    constexpr Rounded vanishing{0, 2 * negligible / unit_roundoff};
    return taylor_of({f, vanishing, vanishing, vanishing, vanishing});
  }
  const Rounded w = 1 / (1 + Rounded(x) * x);
  const Rounded p = w * x;
  return taylor_of({f, w, -(p * w), w * (3 * (p * p) - w * w) / 3, p * w * (w * w - p * p)});
}

// f' is -Im 1/(x - i), so |f^(m)| <= (m-1)! (1 + x^2)^(-m/2).
double atan_envelope(int m, double low, double high, double none) {
  const Interval x{low, high};
  const double root = 1 / std::hypot(1, x.near());
  const auto known = [&](int n) {
    double bound = factorial[static_cast<std::size_t>(n - 1)];
    for (int i = 0; i < n; ++i) bound *= root;
    return std::min(supremum(most_of_atan, n), bound + negligible);
  };
  return rounded_up(
      bound_by_taylor(m, x, known, [&](double centre) { return expand_atan(centre, none); }));
}

TaylorCoefficients expand_sin(double x, double /*none*/) {
  const Rounded s = from_library(std::sin(x));
  const Rounded c = from_library(std::cos(x));
  return taylor_of({s, c, -s / 2, -c / 6, s / 24});
}

double sin_envelope(int m, double low, double high, double none) {
  return rounded_up(bound_by_taylor(
      m, {low, high}, [](int /*n*/) { return 1.0; },
      [&](double centre) { return expand_sin(centre, none); }));
}

// f^(m+1) = (-1)^m H_m f', H_m the Hermite polynomials 2x, 4x^2 - 2, 8x^3 - 12x.
TaylorCoefficients expand_erf(double x, double /*none*/) {
  const Rounded f = from_library(std::erf(x));
  if (std::abs(x) > 100) {
    constexpr Rounded vanishing{0, negligible};
    return taylor_of({f, vanishing, vanishing, vanishing, vanishing});
  }
  const Rounded d = 2 * nearest(std::numbers::inv_sqrtpi) * gaussian(x, 1);
  const Rounded square = Rounded(x) * x;
  return taylor_of({f, d, -(d * x), d * (2 * square - 1) / 3, d * (3 - 2 * square) * x / 6});
}

// H_m with |coefficients|, H_4 = 16x^4 - 48x^2 + 12; each x^k exp(-x^2) falls from sqrt(2) on.
double erf_envelope(int m, double low, double high, double none) {
  const Interval range{low, high};
  const double near = range.near();
  const double slope = 2 * std::numbers::inv_sqrtpi * std::exp(-near * near);
  const double x = size_beyond(range, 1.5);
  const double square = x * x;
  const std::array<double, 6> h{
      0, 1, 2 * x, 4 * square + 2, x * (8 * square + 12), (16 * square + 48) * square + 12};
  const auto known = [&](int n) {
    const double decayed =
        near > 100 ? negligible : h[static_cast<std::size_t>(n)] * slope + negligible;
    return std::min(supremum(most_of_erf, n), decayed);
  };
  return rounded_up(bound_by_taylor(
      m, range, known, [&](double centre) { return expand_erf(centre, none); }, 1));
}

// f(6 - x) = 6 - f(x): on the left no term is far above the result. f' = s(a) - s(b), b = a - 6
// beta, is s(a) s(-b) (1 - exp(-6 beta)).
TaylorCoefficients expand_smooth_relu6(double x, double beta) {
  const bool mirrored = x > 3;
  const Rounded left = mirrored ? 6 - Rounded(x) : Rounded(x);
  const Rounded a = beta * left;
  const Rounded b = beta * (left - 6);
  Series f = softplus_series(a);
  const Series g = softplus_series(b);
  for (std::size_t m = 0; m < f.size(); ++m) f[m] = f[m] - g[m];
  f[1] = logistic_shares(a).above * logistic_shares(b).below *
         -exponential_minus_one(-6 * Rounded(beta));
  f = scaled(f, beta);
  if (mirrored) {
    for (std::size_t m = 0; m < f.size(); m += 2) f[m] = -f[m];
    f[0] = 6 + f[0];
  }
  return taylor_of(f);
}

// f' is even around 3 and falls from there; of others, both summands are bounded. Rounding moves
// the argument of s by less than 3 unit roundoffs of it, which where s is not 0 are less than 2250.
double smooth_relu6_envelope(int m, double low, double high, double beta) {
  const double next = std::clamp(3.0, low, high);
  const double left = next > 3 ? 6 - next : next;
  const double slope = logistic(beta * left) * logistic(beta * (6 - left)) * -std::expm1(-6 * beta);
  const Interval at_zero = scaled_range(low, high, beta);
  const Interval at_six = Interval::around(beta * (Rounded(low) - 6), beta * (Rounded(high) - 6));
  const auto known = [&](int n) {
    if (n == 1) return rounded_up(slope);
    const double sum = softplus_bound(n, at_zero) + softplus_bound(n, at_six);
    return scaled_bound(sum, n, beta);
  };
  return rounded_up(bound_by_taylor(
      m, {low, high}, known, [&](double centre) { return expand_smooth_relu6(centre, beta); }));
}

TaylorCoefficients expand_smooth_leaky_relu(double x, double slope) {
  const Rounded bend = 1 - Rounded(slope);
  const Shares s = logistic_shares(x);
  Series f = softplus_series(x);
  for (Rounded& coefficient : f) coefficient = bend * coefficient;
  f[0] = Rounded(slope) * x + f[0];
  f[1] = slope * s.below + s.above;
  return taylor_of(f);
}

// f' is between that of both ends.
double smooth_leaky_relu_envelope(int m, double low, double high, double slope) {
  const auto slope_at = [&](double x) { return slope * logistic(-x) + logistic(x); };
  if (m == 1) return rounded_up(std::max(slope_at(low), slope_at(high)));
  return rounded_up(std::abs(1 - slope) * softplus_bound(m, {low, high}));
}

// cap s(x - log(cap))
TaylorCoefficients expand_smooth_capped_exp(double x, double cap) {
  Series f = sigmoid_series(x - from_library(std::log(cap)));
  for (Rounded& coefficient : f) coefficient = cap * coefficient;
  return taylor_of(f);
}

double smooth_capped_exp_envelope(int m, double low, double high, double cap) {
  const Rounded centre = from_library(std::log(cap));
  return rounded_up(cap * sigmoid_bound(m, Interval::around(low - centre, high - centre)));
}

}  // namespace

Branches softplus_branches(double beta) {
  return smooth({expand_softplus, softplus_envelope, beta == 1 ? expand_softplus_array : nullptr});
}
Branches sigmoid_branches(double /*none*/) {
  return smooth({expand_sigmoid, sigmoid_envelope, expand_sigmoid_array});
}
Branches tanh_branches(double /*none*/) {
  return smooth({expand_tanh, tanh_envelope, expand_tanh_array});
}
Branches gelu_branches(double /*none*/) { return smooth({expand_gelu, gelu_envelope}); }
Branches gelu_tanh_branches(double /*none*/) {
  return smooth({expand_gelu_tanh, gelu_tanh_envelope});
}
Branches silu_branches(double /*none*/) { return smooth({expand_silu, silu_envelope}); }
Branches mish_branches(double /*none*/) { return smooth({expand_mish, mish_envelope}); }
Branches atan_branches(double /*none*/) { return smooth({expand_atan, atan_envelope}); }
Branches sin_branches(double /*none*/) { return smooth({expand_sin, sin_envelope}); }
Branches erf_branches(double /*none*/) { return smooth({expand_erf, erf_envelope}); }
Branches smooth_relu6_branches(double /*beta*/) {
  return smooth({expand_smooth_relu6, smooth_relu6_envelope});
}
Branches smooth_leaky_relu_branches(double /*slope_below*/) {
  return smooth({expand_smooth_leaky_relu, smooth_leaky_relu_envelope});
}
Branches smooth_capped_exp_branches(double /*cap*/) {
  return smooth({expand_smooth_capped_exp, smooth_capped_exp_envelope});
}

}  // namespace smoothbound::activations
