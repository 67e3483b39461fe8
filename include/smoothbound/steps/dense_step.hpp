// Steps from the whole matrix of the quadratic model: the reference, and for small networks.
#pragma once

#include "smoothbound/runtime/objective.hpp"
#include "smoothbound/steps/step.hpp"

namespace smoothbound::steps {

/// The step of that kind at the objective's point, its matrix from a Hessian (or Gauss-Newton)
/// product for each parameter, solved by Cholesky. Any graph. Gamma is halved while the matrix is
/// not positive definite. Throws as `riccati_step`.
Direction dense_step(Objective<double>& objective, StepKind kind, double gamma);

}  // namespace smoothbound::steps
