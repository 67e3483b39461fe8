// Numbers for recursions of Taylor coefficients: with their absolute terms, which bound what
// rounding does, or at all points of a part of the line at once.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "taylor_parts.hpp"

namespace smoothbound::kernels {

/// Of the coefficients 0 .. K + 1 of many numbers.
template <class Number>
using Orders = std::array<std::vector<Number>, most_degree + 2>;

/// A number, and the same with every term in absolute value.
struct Tracked {
  double value = 0;
  double absolute = 0;
  friend Tracked operator+(Tracked a, Tracked b) {
    return {a.value + b.value, a.absolute + b.absolute};
  }
  friend Tracked operator-(Tracked a, Tracked b) {
    return {a.value - b.value, a.absolute + b.absolute};
  }
  friend Tracked operator*(Tracked a, Tracked b) {
    return {a.value * b.value, a.absolute * b.absolute};
  }
  friend Tracked operator*(double a, Tracked b) { return {a * b.value, std::abs(a) * b.absolute}; }
  friend Tracked operator/(Tracked a, double b) { return {a.value / b, a.absolute / std::abs(b)}; }
};

/// All numbers as far from the centre as the radius. The rounding of centres is in the radius, that
/// of radii, and what underflows, is left to whoever uses them.
struct Ball {
  double centre = 0;
  double radius = 0;
  static Ball rounded(double centre, double radius) {
    return {centre, radius + 2 * unit_roundoff * std::abs(centre)};
  }
  static Ball between(double low, double high) {
    return rounded(
        low + (high - low) / 2,
        (high - low) / 2 * inflation() + 2 * unit_roundoff * (std::abs(low) + std::abs(high)));
  }
  friend Ball operator+(Ball a, Ball b) {
    return rounded(a.centre + b.centre, a.radius + b.radius);
  }
  friend Ball operator-(Ball a, Ball b) {
    return rounded(a.centre - b.centre, a.radius + b.radius);
  }
  friend Ball operator*(Ball a, Ball b) {
    return rounded(a.centre * b.centre,
                   std::abs(a.centre) * b.radius + a.radius * (std::abs(b.centre) + b.radius));
  }
  friend Ball operator*(double a, Ball b) { return rounded(a * b.centre, std::abs(a) * b.radius); }
  friend Ball operator/(Ball a, double b) { return rounded(a.centre / b, a.radius / std::abs(b)); }
};

/// One of equal parts of [0, T].
class Piece {
 public:
  /// So many that what moves by `motion` on [0, T] moves little on each of them.
  static int count(double motion) {
    constexpr double finest = 8;
    const double wanted = std::ceil(finest * motion);
    return wanted < finest ? std::max(1, static_cast<int>(wanted)) : static_cast<int>(finest);
  }

  Piece(double length, int index, int pieces, int degree)
      : degree_(static_cast<std::size_t>(degree)) {
    // All points from 2 middle - end on.
    const double middle = length * (2 * index + 1) / (2 * pieces);
    const double end = length * (index + 1) / pieces * (1 + 0x1p-49);
    centre_[0] = outer_[0] = 1;
    for (std::size_t j = 1; j <= degree_; ++j) {
      centre_[j] = centre_[j - 1] * middle;
      outer_[j] = outer_[j - 1] * end;
    }
  }

  /// The c-th Taylor coefficient at all of its points, sum_j C(j, c) q_j tau^(j-c), of the
  /// polynomial of coefficients q(0) .. q(K): |tau^a - middle^a| <= end^a - middle^a.
  template <class Coefficient>
  [[nodiscard]] Ball coefficient(std::size_t c, const Coefficient& q) const {
    double value = 0;
    double radius = 0;
    double absolute = 0;
    double choose = 1;  // C(j, c)
    for (std::size_t j = c; j <= degree_; ++j) {
      if (j > c) choose = choose * static_cast<double>(j) / static_cast<double>(j - c);
      const double term = choose * q(j);
      value += term * centre_[j - c];
      absolute += std::abs(term) * outer_[j - c];
      radius += std::abs(term) * (outer_[j - c] - centre_[j - c]);
    }
    return {value, (radius + 0x1p-46 * absolute) * inflation()};
  }

 private:
  std::size_t degree_;
  std::array<double, most_degree + 1> centre_{};
  std::array<double, most_degree + 1> outer_{};
};

}  // namespace smoothbound::kernels
