// Taylor coefficients and bounds of derivatives of activations: what their rows refer to.
#pragma once

#include "smoothbound/layers/activation_taylor.hpp"

namespace smoothbound::activations {

// Smooth on all of R.
Branches softplus_branches(double beta);
Branches sigmoid_branches(double none);
Branches tanh_branches(double none);
Branches gelu_branches(double none);
Branches gelu_tanh_branches(double none);
Branches silu_branches(double none);
Branches mish_branches(double none);
Branches atan_branches(double none);
Branches sin_branches(double none);
Branches erf_branches(double none);
Branches smooth_relu6_branches(double beta);
Branches smooth_leaky_relu_branches(double slope_below);
Branches smooth_capped_exp_branches(double cap);
Branches identity_branches(double none);

// `expand_array` of their branches, at a beta of 1.
void expand_softplus_array(const double* x, std::int64_t count, const CoefficientArrays& f);
void expand_sigmoid_array(const double* x, std::int64_t count, const CoefficientArrays& f);
void expand_tanh_array(const double* x, std::int64_t count, const CoefficientArrays& f);

// Of pieces; the derivatives of some of these agree at the kink up to an order.
Branches elu_branches(double alpha);
Branches celu_branches(double alpha);
Branches softsign_branches(double none);
Branches relu_branches(double none);
Branches relu6_branches(double none);
Branches leaky_relu_branches(double slope_below);
Branches selu_branches(double none);
Branches smooth_selu_branches(double none);
Branches hard_tanh_branches(double none);
Branches hard_sigmoid_branches(double none);
Branches hard_swish_branches(double none);
Branches capped_exp_branches(double cap);

}  // namespace smoothbound::activations
