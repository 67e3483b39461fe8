// A step as a linear-quadratic problem over the layers of a chain, (15): plain data, no solver.
#pragma once

#include <span>
#include <vector>

#include "smoothbound/runtime/losses/evaluate.hpp"
#include "smoothbound/runtime/losses/regularizer.hpp"
#include "smoothbound/runtime/stages.hpp"
#include "smoothbound/steps/step.hpp"

namespace smoothbound::steps {

/// Stage l of (15): z~_l = A z~_{l-1} + B v~_l at the cost
/// 1/2 z~_l^T P z~_l + p^T z~_l + z~_{l-1}^T R v~_l + 1/2 v~_l^T Q v~_l + q^T v~_l.
/// As z~_0 = 0, A of the first stage has no columns and R no rows.
struct LqStage {
  linalg::DenseMatrix A, B, P, R, Q;
  std::vector<double> p, q;
};

struct LqProblem {
  std::vector<LqStage> stages;
  double gamma = 1;  // the cost has ||v~||^2 / (2 gamma) in addition

  [[nodiscard]] std::int64_t parameters() const;
};

/// The problem whose solution is the step of that kind (Prop 3.1), for f o psi + r where `network`
/// stands after `forward` and `loss` is f at its output. Every matrix is dense: for small networks.
/// Throws std::invalid_argument for gamma that is not positive and finite and for a loss of another
/// size, NotDifferentiable if the loss has no derivative there.
LqProblem lq_problem(StagedNetwork& network, const LossEvaluation& loss,
                     const Regularizer& regularizer, StepKind kind, double gamma);

/// The objective of (15) at v~ = (v~_1; ...; v~_tau), by rollout. Throws std::invalid_argument for
/// another size, as below.
double value(const LqProblem& problem, std::span<const double> v);

/// The derivative of `value` by v~: by rollout and adjoint states.
std::vector<double> value_gradient(const LqProblem& problem, std::span<const double> v);

/// ||value_gradient(v)|| / ||value_gradient(0)||, or its numerator if the denominator is 0: how far
/// v~ is from satisfying the optimality conditions. 0 at a solution and, if the problem is not
/// bounded below, at its saddle points. Shares no code with the solvers, which it judges.
double residual(const LqProblem& problem, std::span<const double> v);

}  // namespace smoothbound::steps
