// The constants of a linear map without parameters.
#pragma once

#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// With l = ||grad a(0)|| = `norm`.
inline MapConstants linear_map(const Constant& norm) {
  MapConstants a;
  a.lipschitz = norm;
  a.smoothness = {{}, "0", "linear"};
  a.at_zero = {{}, "0", "linear"};
  a.slope_at_zero = {norm.value, "l_a", "linear"};
  return a;
}

}  // namespace smoothbound
