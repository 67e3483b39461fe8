// The minima of Prop 4.4 (i) and (ii) for a map, by its constants at one level.
#pragma once

#include <algorithm>

#include "smoothbound/rules/constants.hpp"

namespace smoothbound::rules {

/// l_{l,j} = min{l_a, ||grad a(0)|| + L_a m_{l,j-1}}, Prop 4.4 (ii)
inline Magnitude slope_within(const MapAtLevel& a, const Magnitude& m) {
  return std::min(a.lipschitz, a.slope_at_zero + a.smoothness * m);
}

/// The second and third bound of m_{l,j} in Prop 4.4 (i). Sharp: Taylor's formula has L_a/2.
inline Magnitude by_slope(const MapAtLevel& a, const Magnitude& m) {
  return a.at_zero + a.lipschitz * m;
}

inline Magnitude by_curvature(const MapAtLevel& a, const Magnitude& m, const Magnitude& m_inner,
                              Method method) {
  const Magnitude curvature = method == Method::paper ? a.smoothness : scale(a.smoothness, -1);
  return a.at_zero + (a.slope_at_zero + curvature * m_inner) * m;
}

}  // namespace smoothbound::rules
