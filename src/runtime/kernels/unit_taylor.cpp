#include "unit_taylor.hpp"

#include <limits>

namespace smoothbound::kernels {
namespace {

constexpr int pieces = 8;
constexpr auto order = static_cast<std::size_t>(most_activation_derivative);

// What bounds |f_m|, m = 2 .. 5, within `radius` of x: Taylor's formula, from the coefficients
// there and a bound of |f_5| on all of the unit's values.
using Bounds = std::array<double, order + 1>;

Bounds bounds_near(const TaylorCoefficients& f, double radius, double last) {
  const auto size = [&f](std::size_t m) { return std::abs(f.value[m]) + 0x1p-46 * f.absolute[m]; };
  const double fourth = size(4);
  const double third = size(3);
  Bounds bounds{};
  bounds[5] = last;
  bounds[4] = fourth + radius * 5 * last;
  bounds[3] = third + radius * (4 * fourth + radius * (10 * last));
  bounds[2] = size(2) + radius * (3 * third + radius * (6 * fourth + radius * (10 * last)));
  return bounds;
}

// What bounds the Taylor coefficients of P within `half` of t.
struct Speeds {
  double first = 0, second = 0, third;

  Speeds(const Polynomial& q, double t, double half) : third(std::abs(q[3])) {
    const double bend = 3 * q[3] * t;
    second = std::abs(q[2] + bend) + 3 * third * half + 0x1p-50 * (std::abs(q[2]) + std::abs(bend));
    const double twice = 2 * q[2] * t;
    first = std::abs(q[1] + twice + bend * t) +
            half * (2 * std::abs(q[2] + bend) + 3 * third * half) +
            0x1p-49 * (std::abs(q[1]) + std::abs(twice) + std::abs(bend) * t);
    first *= inflation();
    second *= inflation();
  }
};

// The coefficient of x^(K+2) in sum_m f_m (a x + b x^2 + c x^3)^m, for numbers that are not
// negative.
double composed_coefficient(int degree, const Bounds& f, const Speeds& speeds) {
  const double a = speeds.first;
  const double b = speeds.second;
  const double c = speeds.third;
  const double square = a * a;
  double sum = 0;
  if (degree == 1) sum = f[3] * square * a;
  if (degree == 2) sum = f[2] * b * b + 3 * f[3] * square * b + f[4] * square * square;
  if (degree == 3) {
    sum = 2 * f[2] * b * c + 3 * f[3] * a * (a * c + b * b) + 4 * f[4] * square * a * b +
          f[5] * square * square * a;
  }
  return sum * inflation();
}

// A polynomial at t, and what bounds the error of its evaluation.
struct Evaluated {
  double value = 0;
  double error = 0;
};
Evaluated evaluate(const Polynomial& p, double t) {
  constexpr double error = gamma(4 * most_degree + 8) * inflation();
  const double value = ((p[3] * t + p[2]) * t + p[1]) * t + p[0];
  const double absolute =
      ((std::abs(p[3]) * t + std::abs(p[2])) * t + std::abs(p[1])) * t + std::abs(p[0]);
  return {value, error * absolute};
}

}  // namespace

SlopeRange narrow(const ScaledBranches& f, int branch, const ExpandedUnit& expanded,
                  const Coefficients& p, std::int64_t i, const Powers& t, UnitQuotient& quotient) {
  const Motion& unit = expanded.motion;
  const int degree = t.degree();
  const double half = t[1] / (2 * pieces) * inflation();
  const double roundings = 0x1p-48 * (std::abs(unit.start) + t[1] * unit.speed);
  SlopeRange slopes;
  const double last = expanded.highest / 120 * inflation();
  Polynomial inner = unit.q;
  inner[0] = unit.start;
  Polynomial outer{};
  for (std::size_t j = 0; j < outer.size(); ++j) outer[j] = p[j] == nullptr ? 0 : p[j][i];
  double change = 0;  // sup |R'| up to the end of a piece
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  double steepest = -low;
  double flattest = low;
  double blur = 0;
  double first_power = 0;  // the least t^(K+1)
  for (int k = 0; k <= pieces; ++k) {
    const double at = k == pieces ? t[1] : t[1] * k / pieces;
    const Evaluated x = evaluate(inner, at);
    const TaylorCoefficients around = k == 0 ? expanded.f : f.expand(branch, x.value);
    const Speeds speeds(unit.q, at, half);
    const double radius = speeds.first * half * inflation() + roundings;
    slopes.gap = larger(slopes.gap, radius);
    change =
        larger(change, composed_coefficient(degree, bounds_near(around, radius, last), speeds));
    double value = quotient.next;
    double error = 0;
    if (k > 0) {
      const Evaluated y = evaluate(outer, at);
      double power = 1;
      for (int j = 0; j <= degree; ++j) power *= at;
      if (k == 1) first_power = power;
      const double over = 1 / power;
      value = (around.value[0] - y.value) * over;
      // Rounding is allowed for once, over T^(K+1).
      error =
          (quotient.rounding + 0x1p-47 * around.absolute[0] + x.error * quotient.slope + y.error) *
              over * inflation() +
          0x1p-50 * std::abs(value);
    }
    const double slack = (error + change * half) * inflation();
    low = smaller(low, value - slack);
    high = larger(high, value + slack);
    flattest = smaller(flattest, around.value[1]);
    steepest = larger(steepest, around.value[1]);
    blur = larger(blur, around.absolute[1]);
  }
  // Where a derivative is without bound, or powers of t underflow, nothing is narrowed.
  if (std::isfinite(low) && std::isfinite(high) && std::isnormal(first_power)) {
    quotient.low = larger(quotient.low, low);
    quotient.high = smaller(quotient.high, high);
  }
  slopes.middle = (flattest + steepest) / 2;
  slopes.radius = ((steepest - flattest) / 2 + 0x1p-46 * blur) * inflation();
  return slopes;
}

}  // namespace smoothbound::kernels
