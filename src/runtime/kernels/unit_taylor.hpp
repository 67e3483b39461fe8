// What the rules of element-wise activations know of one unit.
#pragma once

#include <algorithm>
#include <cmath>

#include "smoothbound/layers/activation_taylor.hpp"
#include "taylor_parts.hpp"

namespace smoothbound::kernels {

/// The coefficients of a polynomial without a constant term, up to t^K.
using Polynomial = std::array<double, most_degree + 1>;

/// P(t) - p_0 of a unit, and what bounds it on [0, T].
struct Motion {
  double start = 0;          // p_0
  Polynomial q{};            // p_1 t + .. + p_K t^K
  double speed = 0;          // S: |q(t)| <= t S
  double low = 0, high = 0;  // P(t) is between them, also as computed

  Motion(const Coefficients& p, std::int64_t i, const Powers& t) : start(p[0][i]) {
    double bend = 0;
    for (int j = 1; j <= t.degree(); ++j) {
      const auto at = static_cast<std::size_t>(j);
      if (p[at] == nullptr) continue;
      q[at] = p[at][i];
      speed += std::abs(q[at]) * t[j - 1];
      if (j > 1) bend += std::abs(q[at]) * t[j];
    }
    speed *= inflation();
    const double first = q[1] * t[1];
    const double slack =
        bend * inflation() + 0x1p-48 * (std::abs(start) + t[1] * speed) + underflow;
    low = start + std::min(first, 0.0) - slack;
    high = start + std::max(first, 0.0) + slack;
  }
};

/// f(P(t)) = P'(t) + R(t) t^(K+1), with stored coefficients P' of which rounding makes at most
/// `rounding` on [0, T].
struct UnitQuotient {
  double low = 0, high = 0;  // R is between them up to `rounding` / T^(K+1), at t in [0, T]
  double next = 0;           // R(0), as it is computed
  double rounding = 0;
  double slope = 0;  // sup |f'| on what P has for values
};

/// The range of f' on the values of P: `middle` +- `radius`, and how far P is from points there at
/// most.
struct SlopeRange {
  double middle = 0, radius = 0, gap = 0;
};

/// A unit, f_m at its p_0, and a bound of |f^(5)| on what P has for values.
struct ExpandedUnit {
  const Motion& motion;
  const TaylorCoefficients& f;
  double highest = 0;
};

/// Narrows the range of R by its values at equidistant t: section 8.4 of docs/theory.md. `p` are
/// the coefficients of P'. Returns what it saw of slopes.
SlopeRange narrow(const ScaledBranches& f, int branch, const ExpandedUnit& expanded,
                  const Coefficients& p, std::int64_t i, const Powers& t, UnitQuotient& quotient);

}  // namespace smoothbound::kernels
