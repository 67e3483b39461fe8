// Linear-quadratic problems by dynamic programming, Algo 4.
#pragma once

#include "lq_problem.hpp"

namespace smoothbound::steps {

/// The solution by a backward Riccati sweep and a rollout (Prop C.1). While a stage's matrix
/// I/gamma + Q + B^T C B is not positive definite, which is when the problem is not bounded below,
/// gamma is halved. Cost linear in the number of stages.
///
/// Throws NotBoundedBelow after `most_halvings`, NotFinite if the problem has entries that are not
/// finite, std::invalid_argument if its gamma is not positive and finite.
Direction riccati_step(const LqProblem& problem);

}  // namespace smoothbound::steps
