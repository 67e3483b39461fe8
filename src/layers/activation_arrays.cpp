// Taylor coefficients of activations at many points: loops that the compiler vectorizes, for each
// of the instruction sets below; the machine's is taken at run time. All give the same bits, since
// a*b+c is not contracted.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "activation_branches.hpp"
#include "smoothbound/layers/for_each_machine.hpp"

namespace smoothbound::activations {
namespace {

constexpr double round_to_integer = 0x1.8p52;

// 2^n for an integer n, -1022 <= n <= 1023
SMOOTHBOUND_INLINE double power_of_two(double n) {
  constexpr double bias = 1023;
  constexpr int mantissa_bits = 52;
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(n + (round_to_integer + bias))
                               << mantissa_bits);
}

// exp(r) - 1 for |r| <= log(2)/2 and a little more: Taylor's polynomial of degree 13 is off by
// 0.04 unit roundoffs, r^2 p by 3.5 of at most a fifth of the sum, the sum by one.
SMOOTHBOUND_INLINE double expm1_reduced(double r) {
  double p = 1.0 / 6227020800;
  p = p * r + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  return r + r * r * p;
}

// log(1 + e) for 0 <= e <= 1: 2 artanh(s), s = e / (2 + e) <= 1/3 off by 2 unit roundoffs, which
// artanh makes 2.2; terms beyond s^33 are 0.02 of one, what stands beside s in the sum is below a
// 25th of it, and the sum is off by one: 3.4 in all.
SMOOTHBOUND_INLINE double log1p_of_fraction(double e) {
  const double s = e / (2 + e);
  const double u = s * s;
  double p = 1.0 / 33;
  p = p * u + 1.0 / 31;
  p = p * u + 1.0 / 29;
  p = p * u + 1.0 / 27;
  p = p * u + 1.0 / 25;
  p = p * u + 1.0 / 23;
  p = p * u + 1.0 / 21;
  p = p * u + 1.0 / 19;
  p = p * u + 1.0 / 17;
  p = p * u + 1.0 / 15;
  p = p * u + 1.0 / 13;
  p = p * u + 1.0 / 11;
  p = p * u + 1.0 / 9;
  p = p * u + 1.0 / 7;
  p = p * u + 1.0 / 5;
  p = p * u + 1.0 / 3;
  return 2 * s + 2 * (s * (u * p));
}

// The numbers of the same names in activation_curves.cpp, by the same formulas; y is s(-x) - s(x).
struct LogisticParts {
  double e, larger, smaller, q, y;
};

// exp(-|x|) = 2^n exp(r): log 2 in two parts, so that n times the first and the difference are
// exact; r is off by half a unit roundoff at most, exp(-|x|) by 2.1 of itself, and the power is
// taken in two steps for results that underflow. For |x| < 1/4, n is 0.
SMOOTHBOUND_INLINE LogisticParts parts_of(double x) {
  constexpr double log2_e = 0x1.71547652b82fep+0;
  constexpr double log_2_high = 0x1.62e42feep-1;
  constexpr double log_2_low = 0x1.a39ef35793c76p-33;
  constexpr double nothing_left = -746;
  const double size = std::fabs(x);
  const double argument = -size < nothing_left ? nothing_left : -size;  // NaN stays
  const double n = (argument * log2_e + round_to_integer) - round_to_integer;
  const double r = (argument - n * log_2_high) - n * log_2_low;
  const double half = (n * 0.5 + round_to_integer) - round_to_integer;
  const double below = expm1_reduced(r);
  const double e = (1 + below) * power_of_two(half) * power_of_two(n - half);
  const double larger = 1 / (1 + e);
  const double smaller = e * larger;
  const double t = (size < 0.25 ? -below : 1 - e) * larger;
  return {e, larger, smaller, larger * smaller, x >= 0 ? -t : t};
}

}  // namespace

// Templates cannot be cloned, so each function is written out.

SMOOTHBOUND_FOR_EACH_MACHINE void expand_softplus_array(const double* x, std::int64_t count,
                                                        const CoefficientArrays& f) {
  double* __restrict const f0 = f[0];
  double* __restrict const f1 = f[1];
  double* __restrict const f2 = f[2];
  double* __restrict const f3 = f[3];
  for (std::int64_t i = 0; i < count; ++i) {
    const LogisticParts s = parts_of(x[i]);
    f0[i] = log1p_of_fraction(s.e) + (x[i] > 0 ? x[i] : 0);
    f1[i] = x[i] >= 0 ? s.larger : s.smaller;
    f2[i] = s.q / 2;
    f3[i] = s.q * s.y * (1.0 / 6);
  }
}

SMOOTHBOUND_FOR_EACH_MACHINE void expand_sigmoid_array(const double* x, std::int64_t count,
                                                       const CoefficientArrays& f) {
  double* __restrict const f0 = f[0];
  double* __restrict const f1 = f[1];
  double* __restrict const f2 = f[2];
  double* __restrict const f3 = f[3];
  for (std::int64_t i = 0; i < count; ++i) {
    const LogisticParts s = parts_of(x[i]);
    f0[i] = x[i] >= 0 ? s.larger : s.smaller;
    f1[i] = s.q;
    f2[i] = s.q * s.y * 0.5;
    f3[i] = s.q * (1 - 6 * s.q) * (1.0 / 6);
  }
}

SMOOTHBOUND_FOR_EACH_MACHINE void expand_tanh_array(const double* x, std::int64_t count,
                                                    const CoefficientArrays& f) {
  double* __restrict const f0 = f[0];
  double* __restrict const f1 = f[1];
  double* __restrict const f2 = f[2];
  double* __restrict const f3 = f[3];
  for (std::int64_t i = 0; i < count; ++i) {
    const LogisticParts s = parts_of(2 * x[i]);
    f0[i] = -s.y;
    f1[i] = 4 * s.q;
    f2[i] = s.q * s.y * 4;
    f3[i] = s.q * (1 - 6 * s.q) * (16.0 / 6);
  }
}

}  // namespace smoothbound::activations
