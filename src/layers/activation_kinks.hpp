// Activations with kinks and their smooth forms: what their rows refer to.
#pragma once

#include "smoothbound/layers/activation.hpp"

namespace smoothbound::activations {

ScalarConstants elu_constants(Method method, const Real& alpha);
ScalarConstants relu_constants(Method method, const Real& none);
ScalarConstants relu6_constants(Method method, const Real& none);
ScalarConstants smooth_relu6_constants(Method method, const Real& beta);
ScalarConstants leaky_relu_constants(Method method, const Real& slope_below);
ScalarConstants smooth_leaky_relu_constants(Method method, const Real& slope_below);
ScalarConstants selu_constants(Method method, const Real& none);
ScalarConstants smooth_selu_constants(Method method, const Real& none);
ScalarConstants celu_constants(Method method, const Real& alpha);
ScalarConstants hard_tanh_constants(Method method, const Real& none);
ScalarConstants hard_sigmoid_constants(Method method, const Real& none);
ScalarConstants hard_swish_constants(Method method, const Real& none);
ScalarConstants capped_exp_constants(Method method, const Real& cap);
ScalarConstants smooth_capped_exp_constants(Method method, const Real& cap);

Jet evaluate_celu(double x, double alpha);
Jet evaluate_smooth_relu6(double x, double beta);
Jet evaluate_selu(double x, double none);
Jet evaluate_smooth_selu(double x, double none);
Jet evaluate_smooth_capped_exp(double x, double cap);

}  // namespace smoothbound::activations
