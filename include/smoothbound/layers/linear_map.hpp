// The constants of a linear map without parameters.
#pragma once

#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// With l = ||grad a(0)|| = `norm`, and |a(z)|_inf <= `at_maximum` |z|_inf.
inline MapConstants linear_map(const Constant& norm,
                               const Magnitude& at_maximum = Magnitude::from_count(1)) {
  MapConstants a;
  a.lipschitz = norm;
  a.smoothness = {{}, "0", "linear"};
  a.at_zero = {{}, "0", "linear"};
  a.slope_at_zero = {norm.value, "l_a", "linear"};
  a.at_maximum = linear_at_level(reading_of(maximum), at_maximum);
  return a;
}

}  // namespace smoothbound
