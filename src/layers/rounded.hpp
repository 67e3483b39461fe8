// Numbers in double that know how far they are from what they stand for.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "smoothbound/layers/activation_taylor.hpp"

namespace smoothbound::activations {

constexpr double unit_roundoff = 0x1p-53;
/// Far above what an underflow loses in units of unit_roundoff, far below anything of interest.
constexpr double negligible = 0x1p-1000;
/// Functions of the C library are within this many unit roundoffs of theirs.
constexpr double library_error = 4;

/// The exact number is within unit_roundoff `error` of `value`. Errors are computed without regard
/// to their own roundings and to terms of second order in those of functions: what reads them has
/// 1/47 to spare, and no formula here has as many as 10^6 operations.
struct Rounded {
  double value = 0;
  double error = 0;

  constexpr Rounded() = default;
  constexpr Rounded(double exact) : value(exact) {}  // NOLINT: doubles are exact
  constexpr Rounded(double v, double e) : value(v), error(e) {}

  Rounded operator-() const { return {-value, error}; }
  friend Rounded operator+(const Rounded& a, const Rounded& b) {
    const double v = a.value + b.value;
    return {v, a.error + b.error + std::abs(v)};
  }
  friend Rounded operator-(const Rounded& a, const Rounded& b) { return a + -b; }
  // a'b' - ab = (a'-a) b + a (b'-b) + (a'-a)(b'-b)
  friend Rounded operator*(const Rounded& a, const Rounded& b) {
    const double v = a.value * b.value;
    return {v, std::abs(a.value) * b.error + std::abs(b.value) * a.error +
                   unit_roundoff * a.error * b.error + std::abs(v) + negligible};
  }
  // a'/b' - a/b = ((a'-a) - (a/b)(b'-b)) / b'
  friend Rounded operator/(const Rounded& a, const Rounded& b) {
    const double v = a.value / b.value;
    const double least = std::abs(b.value) - unit_roundoff * b.error;
    if (!(least > 0)) return {v, std::numeric_limits<double>::infinity()};
    return {v, (a.error + std::abs(v) * b.error) / least + std::abs(v) + negligible};
  }
};

/// What the C library gives at an argument that is exact.
inline Rounded from_library(double value) {
  return {value, library_error * std::abs(value) + negligible};
}

/// A constant to the nearest double.
constexpr Rounded nearest(double constant) {
  return {constant, constant < 0 ? -constant : constant};
}

// Where exp is 0 or infinite, so it is at the exact argument: these are within 2^-30 here.
inline Rounded exponential(const Rounded& x) {
  const double v = std::exp(x.value);
  if (v == 0) return {0, negligible};
  return {v, (library_error + x.error) * v + negligible};
}

// Left of -40 the distance from -1 is below a unit roundoff, whatever the error of x.
inline Rounded exponential_minus_one(const Rounded& x) {
  const double v = std::expm1(x.value);
  const double moved = x.value > -40 ? (v + 1) * x.error : 1;
  return {v, library_error * std::abs(v) + moved + negligible};
}

/// Of x >= 0, where the slope is at most 1.
inline Rounded log_one_plus(const Rounded& x) {
  const double v = std::log1p(x.value);
  return {v, library_error * v + x.error + negligible};
}

// The slope 1 - tanh^2 is that at another point, which is less than the error of x away, from a
// tanh that is off by library_error.
inline Rounded hyperbolic_tangent(const Rounded& x) {
  const double v = std::tanh(x.value);
  const double slope = 1 - v * v + unit_roundoff * (16 + x.error);
  return {v, library_error * std::abs(v) + slope * x.error + negligible};
}

/// s(x) and s(-x) of the logistic function s.
struct Shares {
  Rounded above;
  Rounded below;
};

inline Shares logistic_shares(const Rounded& x) {
  const Rounded e = exponential({-std::abs(x.value), x.error});
  const Rounded larger = 1 / (1 + e);
  const Rounded smaller = e / (1 + e);
  return x.value >= 0 ? Shares{larger, smaller} : Shares{smaller, larger};
}

/// Taylor coefficients.
using Series = std::array<Rounded, most_activation_derivative>;

/// 48 unit roundoffs of `absolute` are its errors and 1/47 of them.
inline TaylorCoefficients taylor_of(const Series& series) {
  TaylorCoefficients result;
  for (std::size_t m = 0; m < series.size(); ++m) {
    result.value[m] = series[m].value;
    result.absolute[m] = std::max(std::abs(series[m].value), series[m].error / 47);
  }
  return result;
}

constexpr std::array<double, 6> factorial{1, 1, 2, 6, 24, 120};

/// An upper bound that was computed with fewer than 2^12 unit roundoffs of relative error, or from
/// numbers that underflow.
inline double rounded_up(double bound) { return bound * (1 + 0x1p-40) + negligible; }

struct Interval {
  double low;
  double high;

  /// The distance from 0 to the next and to the last number of it.
  [[nodiscard]] double near() const { return std::max({low, -high, 0.0}); }
  [[nodiscard]] double far() const { return std::max(-low, high); }

  /// From `a` to `b`, of which each is off by so many units; what is beyond the doubles counts as
  /// the last of them, as the bounds here do not change there.
  static Interval around(const Rounded& a, const Rounded& b) {
    static constexpr double most = std::numeric_limits<double>::max();
    const auto moved = [](const Rounded& end, double units) {
      const double by = units * unit_roundoff * std::min(end.error, most);
      return std::clamp(std::clamp(end.value, -most, most) + by, -most, most);
    };
    return {moved(a, -2), moved(b, 2)};
  }
};

/// A bound of |f^(m)| on `range`: `known(m)`, a bound there as well, or what the derivatives at the
/// centre and the `known` of a higher one give by Taylor's formula. For m up to `exact` the bound
/// that is known is the supremum.
template <class Known, class Expand>
double bound_by_taylor(int m, const Interval& range, const Known& known, const Expand& expand,
                       int exact = 0) {
  double best = known(m);
  if (m <= exact) return best;
  const double centre = range.low / 2 + range.high / 2;
  const double radius = std::max(range.high - centre, centre - range.low);
  // Otherwise wide: not worth the coefficients.
  if (m == most_activation_derivative || !(radius * known(m + 1) < best)) return best;
  const TaylorCoefficients f = expand(centre);
  double sum = 0;
  double weight = 1;  // radius^k / k!
  for (int n = m; n < most_activation_derivative; ++n) {
    const auto i = static_cast<std::size_t>(n);
    const double most = std::abs(f.value[i]) + 48 * unit_roundoff * f.absolute[i];
    sum += factorial[i] * most * weight;
    weight *= radius / (n - m + 1);
    best = std::min(best, sum + known(n + 1) * weight);
  }
  return best;
}

}  // namespace smoothbound::activations
