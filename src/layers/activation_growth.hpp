// What activations make of a norm, and their slopes on an interval: section 3 of docs/theory.md.
#pragma once

#include "smoothbound/rules/constants.hpp"

namespace smoothbound::activations {

MapGrowth softplus_growth(const Real& beta);
MapGrowth smooth_leaky_relu_growth(const Real& slope_below);
MapGrowth tanh_growth(const Real& none);
/// |f(x)| <= |x|
MapGrowth below_identity(const Real& none);
MapGrowth sigmoid_growth(const Real& none);
MapGrowth sin_growth(const Real& none);
MapGrowth erf_growth(const Real& none);
MapGrowth atan_growth(const Real& none);

}  // namespace smoothbound::activations
