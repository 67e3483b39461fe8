// The constants of linear maps without parameters, and of translations.
#pragma once

#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// With l = ||grad a(0)|| = `norm` for a batch and for each of its samples, |a(z)|_A <=
/// at_positions |z|_A at levels with positions (inf: nothing is known) and |a(z)|_inf <=
/// `at_maximum` |z|_inf.
inline MapConstants linear_map(const Constant& norm,
                               const Magnitude& at_positions = Magnitude::infinity(),
                               const Magnitude& at_maximum = Magnitude::from_count(1)) {
  MapConstants a;
  a.lipschitz = norm;
  a.smoothness = {{}, "0", "linear"};
  a.at_zero = {{}, "0", "linear"};
  a.slope_at_zero = {norm.value, "l_a", "linear"};
  a.inner = per_sample;
  a.at_positions = at_positions;
  a.at_maximum = linear_at_level(reading_of(maximum), at_maximum);
  return a;
}

/// z + c with ||c|| = `at_zero` for a batch, `at_zero_of` for its parts and |c|_inf = `at_maximum`.
inline MapConstants translation(const Constant& at_zero, const Repeated& at_zero_of,
                                const Magnitude& at_maximum) {
  MapConstants a = linear_map({Magnitude::from_count(1), "1", "a translation"});
  a.smoothness.source = "affine";
  a.at_zero = at_zero;
  a.slope_at_zero.source = "affine";
  a.inner = maximum;
  a.at_zero_of = at_zero_of;
  a.at_maximum->at_zero = at_maximum;
  return a;
}

}  // namespace smoothbound
