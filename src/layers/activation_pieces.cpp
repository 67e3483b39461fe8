// Branches of activations that are put together from pieces.
#include <cmath>

#include "activation_branches.hpp"
#include "activation_parts.hpp"
#include "rounded.hpp"

namespace smoothbound::activations {
namespace {

template <int value>
TaylorCoefficients expand_constant(double /*x*/, double /*none*/) {
  return taylor_of({Rounded(value)});
}

double no_slope(int /*m*/, double /*low*/, double /*high*/, double /*none*/) { return 0; }

TaylorCoefficients expand_identity(double x, double /*none*/) { return taylor_of({x, 1.0}); }

double unit_slope(int m, double /*low*/, double /*high*/, double /*none*/) {
  return m == 1 ? 1 : 0;
}

double unit_change(int /*kink*/, double /*low*/, double /*high*/, double /*none*/) { return 1; }

template <int value>
constexpr SmoothBranch constant_branch{expand_constant<value>, no_slope};

constexpr SmoothBranch identity_branch{expand_identity, unit_slope};

Branches one_kink(const SmoothBranch& left, const SmoothBranch& right, double kink,
                  decltype(Branches::slope_change) change) {
  return {.branch = {left, right}, .kink = {kink}, .slope_change = change, .kinks = 1};
}

Branches two_kinks(const SmoothBranch& left, const SmoothBranch& middle, const SmoothBranch& right,
                   std::array<double, 2> kinks, decltype(Branches::slope_change) change) {
  return {.branch = {left, middle, right}, .kink = kinks, .slope_change = change, .kinks = 2};
}

// height (exp(x / width) - 1): of elu with the width 1, of celu with both alike, of selu.
TaylorCoefficients expand_exponential(double x, const Rounded& height, const Rounded& width) {
  const Rounded z = x / width;
  Series f{height * exponential_minus_one(z)};
  Rounded next = height * exponential(z);
  for (std::size_t m = 1; m < f.size(); ++m) {
    next = next / (width * static_cast<double>(m));
    f[m] = next;
  }
  return taylor_of(f);
}

// All derivatives are largest at the right end. x / width is less than 3 unit roundoffs of it off,
// which where exp is finite and not 0 are less than 2250 of exp. The least exponential comes before
// the division, as the width may be small.
double exponential_envelope(int m, double high, double height, double width) {
  double bound = rounded_up(std::exp(high / width)) * height;
  for (int i = 0; i < m; ++i) bound /= width;
  return rounded_up(bound);
}

// sup |right - left exp(z)| for z between those of the ends, by monotony at one of these. The
// second summand covers errors of exp and of z, by 3 unit roundoffs of it.
double exponential_change(double low, double high, double left, double right) {
  const auto change = [&](double end) {
    const double z = std::clamp(end, -1e300, 1e300);
    const double moved = left * std::expm1(z);
    const double jump = right - left;
    return std::abs(jump - moved) +
           16 * unit_roundoff *
               (std::abs(jump) + std::abs(moved) + left * (std::abs(z) * std::exp(z)));
  };
  return rounded_up(std::max(change(low), change(high)));
}

TaylorCoefficients expand_elu(double x, double alpha) { return expand_exponential(x, alpha, 1); }

double elu_envelope(int m, double /*low*/, double high, double alpha) {
  return exponential_envelope(m, high, alpha, 1);
}

double elu_change(int /*kink*/, double low, double high, double alpha) {
  return exponential_change(low, high, alpha, 1);
}

TaylorCoefficients expand_celu(double x, double alpha) {
  return expand_exponential(x, alpha, alpha);
}

double celu_envelope(int m, double /*low*/, double high, double alpha) {
  return exponential_envelope(m - 1, high, 1, alpha);
}

double celu_change(int /*kink*/, double low, double high, double alpha) {
  return exponential_change(low / alpha, high / alpha, 1, 1);
}

TaylorCoefficients expand_selu(double x, double /*none*/) {
  return expand_exponential(x, nearest(selu_scale) * nearest(selu_alpha), 1);
}

double selu_envelope(int m, double /*low*/, double high, double /*none*/) {
  return exponential_envelope(m, high, selu_scale * selu_alpha, 1);
}

double selu_change(int /*kink*/, double low, double high, double /*none*/) {
  return exponential_change(low, high, selu_scale * selu_alpha, selu_scale);
}

TaylorCoefficients expand_smooth_selu(double x, double /*none*/) {
  return expand_exponential(x, nearest(selu_scale) * nearest(selu_alpha), nearest(selu_alpha));
}

double smooth_selu_envelope(int m, double /*low*/, double high, double /*none*/) {
  return exponential_envelope(m - 1, high, selu_scale, selu_alpha);
}

double smooth_selu_change(int /*kink*/, double low, double high, double /*none*/) {
  return exponential_change(low / selu_alpha, high / selu_alpha, selu_scale, selu_scale);
}

TaylorCoefficients expand_selu_right(double x, double /*none*/) {
  return taylor_of({nearest(selu_scale) * x, nearest(selu_scale)});
}

double selu_right_envelope(int m, double /*low*/, double /*high*/, double /*none*/) {
  return m == 1 ? rounded_up(selu_scale) : 0;
}

constexpr SmoothBranch selu_right{expand_selu_right, selu_right_envelope};

// x / (1 + |x|) = 1 - 1/(1 + x) on the right, and odd: with d = 1 + |x| coefficients -(-1/d)^m / d.
Series softsign_series(double magnitude) {
  const Rounded d = 1 + Rounded(magnitude);
  Series f{magnitude / d};
  Rounded next = 1 / d;
  for (std::size_t m = 1; m < f.size(); ++m) {
    next = next / d;
    f[m] = m % 2 == 1 ? next : -next;
  }
  return f;
}

// The derivatives m! / (1 + x)^(m+1) in absolute value fall up to the pole at -1.
double softsign_right_envelope(int m, double low, double /*high*/, double /*none*/) {
  const double d = 1 + low;
  if (!(d > 0)) return std::numeric_limits<double>::infinity();
  double bound = factorial[static_cast<std::size_t>(m)] / d;
  for (int i = 0; i < m; ++i) bound = rounded_up(bound / d);
  return bound;
}

double softsign_left_envelope(int m, double low, double high, double none) {
  return softsign_right_envelope(m, -high, -low, none);
}

TaylorCoefficients expand_softsign_right(double x, double /*none*/) {
  return taylor_of(softsign_series(x));
}

TaylorCoefficients expand_softsign_left(double x, double /*none*/) {
  Series f = softsign_series(-x);
  for (std::size_t m = 0; m < f.size(); m += 2) f[m] = -f[m];
  return taylor_of(f);
}

// |1/(1+x)^2 - 1/(1-x)^2| = 4 |x| / (1 - x^2)^2, rising with |x|.
double softsign_change(int /*kink*/, double low, double high, double /*none*/) {
  const double far = Interval{low, high}.far();
  if (!(far < 1)) return std::numeric_limits<double>::infinity();
  const double d = (1 - far) * (1 + far);
  return rounded_up(4 * far / (d * d));
}

TaylorCoefficients expand_leak(double x, double slope) {
  return taylor_of({Rounded(slope) * x, slope});
}

double leak_envelope(int m, double /*low*/, double /*high*/, double slope) {
  return m == 1 ? rounded_up(slope) : 0;
}

double leak_change(int /*kink*/, double /*low*/, double /*high*/, double slope) {
  return rounded_up(std::abs(1 - slope));
}

TaylorCoefficients expand_hard_sigmoid(double x, double /*none*/) {
  return taylor_of({Rounded(x) / 6 + 0.5, nearest(1.0 / 6)});
}

double hard_sigmoid_envelope(int m, double /*low*/, double /*high*/, double /*none*/) {
  return m == 1 ? rounded_up(1.0 / 6) : 0;
}

double hard_sigmoid_change(int /*kink*/, double /*low*/, double /*high*/, double /*none*/) {
  return rounded_up(1.0 / 6);
}

TaylorCoefficients expand_hard_swish(double x, double /*none*/) {
  return taylor_of({Rounded(x) * (Rounded(x) + 3) / 6, (2 * Rounded(x) + 3) / 6, nearest(1.0 / 6)});
}

// sup |2x + c| / 6
double sixth_of_largest(double low, double high, double c) {
  return rounded_up(std::max(std::abs(2 * low + c), std::abs(2 * high + c)) / 6);
}

double hard_swish_envelope(int m, double low, double high, double /*none*/) {
  if (m == 1) return sixth_of_largest(low, high, 3);
  return m == 2 ? rounded_up(1.0 / 3) : 0;
}

// (2x+3)/6 - 0 and 1 - (2x+3)/6
double hard_swish_change(int kink, double low, double high, double /*none*/) {
  return sixth_of_largest(low, high, kink == 0 ? 3 : -3);
}

// What has these branches is min(exp(x), exp(c)) for the double c next to log(cap), and differs
// from min(exp(x), cap) by no more than |exp(c) - cap|, so many units, everywhere: an error of
// both.
double error_of_cap(double cap) { return 2 * library_error * cap * std::abs(std::log(cap)); }

TaylorCoefficients expand_capped_exp(double x, double cap) {
  const Rounded e = exponential(x);
  return taylor_of({Rounded{e.value, e.error + error_of_cap(cap)}, e, e / 2, e / 6, e / 24});
}

double capped_exp_envelope(int /*m*/, double /*low*/, double high, double /*cap*/) {
  return rounded_up(std::exp(high));
}

TaylorCoefficients expand_cap(double /*x*/, double cap) {
  return taylor_of({Rounded{cap, error_of_cap(cap)}});
}

double capped_exp_change(int /*kink*/, double /*low*/, double high, double /*cap*/) {
  return rounded_up(std::exp(high));
}

}  // namespace

Branches elu_branches(double /*alpha*/) {
  return one_kink({expand_elu, elu_envelope}, identity_branch, 0, elu_change);
}

Branches celu_branches(double /*alpha*/) {
  return one_kink({expand_celu, celu_envelope}, identity_branch, 0, celu_change);
}

Branches softsign_branches(double /*none*/) {
  return one_kink({expand_softsign_left, softsign_left_envelope},
                  {expand_softsign_right, softsign_right_envelope}, 0, softsign_change);
}

Branches relu_branches(double /*none*/) {
  Branches relu = one_kink(constant_branch<0>, identity_branch, 0, unit_change);
  relu.slope_below = 0;
  return relu;
}

Branches relu6_branches(double /*none*/) {
  return two_kinks(constant_branch<0>, identity_branch, constant_branch<6>, {0, 6}, unit_change);
}

Branches leaky_relu_branches(double slope_below) {
  Branches leaky = one_kink({expand_leak, leak_envelope}, identity_branch, 0, leak_change);
  leaky.slope_below = slope_below;
  return leaky;
}

Branches selu_branches(double /*none*/) {
  return one_kink({expand_selu, selu_envelope}, selu_right, 0, selu_change);
}

Branches smooth_selu_branches(double /*none*/) {
  return one_kink({expand_smooth_selu, smooth_selu_envelope}, selu_right, 0, smooth_selu_change);
}

Branches hard_tanh_branches(double /*none*/) {
  return two_kinks(constant_branch<-1>, identity_branch, constant_branch<1>, {-1, 1}, unit_change);
}

Branches hard_sigmoid_branches(double /*none*/) {
  return two_kinks(constant_branch<0>, {expand_hard_sigmoid, hard_sigmoid_envelope},
                   constant_branch<1>, {-3, 3}, hard_sigmoid_change);
}

Branches hard_swish_branches(double /*none*/) {
  return two_kinks(constant_branch<0>, {expand_hard_swish, hard_swish_envelope}, identity_branch,
                   {-3, 3}, hard_swish_change);
}

Branches capped_exp_branches(double cap) {
  return one_kink({expand_capped_exp, capped_exp_envelope}, {expand_cap, no_slope}, std::log(cap),
                  capped_exp_change);
}

Branches identity_branches(double /*none*/) { return {.branch = {identity_branch}}; }

}  // namespace smoothbound::activations
