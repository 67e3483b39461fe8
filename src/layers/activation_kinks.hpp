// Activations with kinks and their smooth forms: what their rows refer to.
#pragma once

#include "smoothbound/layers/activation.hpp"

namespace smoothbound::activations {

ScalarConstants elu_constants(Method method, const Real& parameter);
ScalarConstants relu_constants(Method method, const Real& parameter);
ScalarConstants relu6_constants(Method method, const Real& parameter);
ScalarConstants smooth_relu6_constants(Method method, const Real& parameter);
ScalarConstants leaky_relu_constants(Method method, const Real& parameter);
ScalarConstants smooth_leaky_relu_constants(Method method, const Real& parameter);
ScalarConstants selu_constants(Method method, const Real& parameter);
ScalarConstants smooth_selu_constants(Method method, const Real& parameter);
ScalarConstants celu_constants(Method method, const Real& parameter);
ScalarConstants hard_tanh_constants(Method method, const Real& parameter);
ScalarConstants hard_sigmoid_constants(Method method, const Real& parameter);
ScalarConstants hard_swish_constants(Method method, const Real& parameter);
ScalarConstants capped_exp_constants(Method method, const Real& parameter);
ScalarConstants smooth_capped_exp_constants(Method method, const Real& parameter);

Jet evaluate_celu(double x, double parameter);
Jet evaluate_smooth_relu6(double x, double parameter);
Jet evaluate_selu(double x, double parameter);
Jet evaluate_smooth_selu(double x, double parameter);
Jet evaluate_smooth_capped_exp(double x, double parameter);

}  // namespace smoothbound::activations
