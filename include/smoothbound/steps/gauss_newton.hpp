// First-order and Gauss-Newton steps by automatic differentiation alone, for any graph.
#pragma once

#include <functional>
#include <span>

#include "smoothbound/runtime/losses/evaluate.hpp"
#include "smoothbound/runtime/losses/regularizer.hpp"
#include "smoothbound/runtime/oracle.hpp"
#include "smoothbound/steps/step.hpp"

namespace smoothbound::steps {

/// psi linearized at w: all that a step needs to know of a network.
struct LinearizedNetwork {
  std::span<const double> w;
  std::int64_t outputs = 0;  // q, of all samples
  /// (w_dot, y_dot): y_dot = grad psi(w)^T w_dot
  std::function<void(std::span<const double>, std::span<double>)> jvp;
  /// (mu, w_bar): w_bar = grad psi(w) mu
  std::function<void(std::span<const double>, std::span<double>)> vjp;
};

/// Refers to the trajectory, which has to be that of a forward pass.
LinearizedNetwork linearize(Trajectory<double>& trajectory);

/// -gamma grad F(w), (12): one call of the oracle.
Direction gradient_direction(const LinearizedNetwork& psi, const LossEvaluation& loss,
                             const Regularizer& regularizer, double gamma);

struct DualOptions {
  /// Stops where the residual of the dual problem, in the norm of the loss's Hessian, is this part
  /// of that of mu = grad f. 0: the exact step, up to rounding.
  double relative_residual = 0;
  /// Iterations; 0: q, after which conjugate gradient is done in exact arithmetic.
  std::int64_t iterations = 0;
  /// Residuals kept, 2 q numbers each, to which later ones are made orthogonal again: what keeps
  /// the count of iterations below q in floating point. 0: none.
  std::int64_t kept_residuals = 1024;
};

struct GaussNewtonDirection : Direction {
  std::int64_t oracle_calls = 0;  // of jvp and vjp together
  std::int64_t iterations = 0;
  double relative_residual = 0;  // of the dual problem; 0 for the exact step
};

/// The Gauss-Newton step (13) through its dual (Prop 3.5), for a convex loss and regularizer: at
/// most 2q + 1 calls of the oracle, two for each iteration of conjugate gradient and one.
///
/// With J = grad psi(w)^T, H = hess f, g = grad f and a = 1/gamma + lambda the step is
/// w~ = -(J^T mu + lambda w) / a for mu = g + H nu, where (a I + J J^T H) nu = -J (J^T g + lambda
/// w). That matrix is symmetric in the inner product <x, H y>: conjugate gradient in it never
/// leaves the range of H, where alone f* is finite (singular for logistic), and its spectrum begins
/// at a. The paper's q~_r drops the factor 1/gamma of the proximal term.
///
/// Where it stops early, the w~ that belongs to nu may be no descent at all (its error is that of
/// nu over a); the step is the minimizer of the model over what the oracle calls have spanned
/// instead: it decreases the model by as much as its minimum along the gradient, at least.
///
/// Throws std::invalid_argument for gamma that is not positive and finite, a negative lambda and
/// sizes that do not fit; NotBoundedBelow if the loss's Hessian is found not to be positive
/// semi-definite; NotFinite; NotDifferentiable.
GaussNewtonDirection gauss_newton_direction(const LinearizedNetwork& psi,
                                            const LossEvaluation& loss,
                                            const Regularizer& regularizer, double gamma,
                                            const DualOptions& options = {});

}  // namespace smoothbound::steps
