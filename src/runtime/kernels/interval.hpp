// A closed interval of doubles, rounded outwards after each operation.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace smoothbound::kernels {

struct Interval {
  double low = 0;
  double high = 0;

  static double below(double x) { return std::nextafter(x, -infinity); }
  static double above(double x) { return std::nextafter(x, infinity); }

  friend Interval operator+(const Interval& a, const Interval& b) {
    return {below(a.low + b.low), above(a.high + b.high)};
  }
  friend Interval operator*(const Interval& a, const Interval& b) {
    const double products[] = {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
    for (const double product : products) {
      if (product != product) return {product, product};
    }
    return {below(*std::ranges::min_element(products)), above(*std::ranges::max_element(products))};
  }
  friend Interval operator*(double a, const Interval& b) { return Interval{a, a} * b; }
  /// 1 / a for a above 0.
  friend Interval inverse(const Interval& a) { return {below(1 / a.high), above(1 / a.low)}; }
  /// Of what is not below 0.
  friend Interval root(const Interval& a) {
    return {below(std::sqrt(std::max(a.low, 0.0))), above(std::sqrt(a.high))};
  }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();
};

}  // namespace smoothbound::kernels
