// What parts of a layer state, for tests of the rules.
#pragma once

#include "smoothbound/rules/constants.hpp"

namespace smoothbound::rules {

inline Magnitude number(double value) { return Magnitude::from_double(value); }

/// L_beta, l_{beta^v}, l_{beta^z} and ||beta^0||.
inline AffineConstants affine(double bilinear, double parameters, double input = 0,
                              double offset = 0) {
  AffineConstants b;
  b.bilinear.value = number(bilinear);
  b.linear_parameters.value = number(parameters);
  b.linear_input.value = number(input);
  b.offset.value = number(offset);
  return b;
}

}  // namespace smoothbound::rules
