#include "riccati.hpp"

#include <fmt/format.h>

#include "cost_to_go.hpp"
#include "gamma.hpp"

namespace smoothbound::steps {
namespace {

using namespace linalg;

using Vector = std::vector<double>;

// v~_l = K z~_{l-1} + k
struct Policy {
  DenseMatrix K;
  Vector k;
};

void require_finite(const LqProblem& problem) {
  for (std::size_t l = 0; l < problem.stages.size(); ++l) {
    const LqStage& s = problem.stages[l];
    if (all_finite(s.A.entries) && all_finite(s.B.entries) && all_finite(s.P.entries) &&
        all_finite(s.R.entries) && all_finite(s.Q.entries) && all_finite(s.p) && all_finite(s.q)) {
      continue;
    }
    throw NotFinite(fmt::format("the quadratic model is not finite at layer {}", l + 1));
  }
}

// X = -(L L^T)^-1 X
template <class Right>
void solve_negated(const DenseMatrix& L, Right& X, std::span<double> entries) {
  solve_lower(L, X);
  solve_lower_transposed(L, X);
  scale(-1, entries);
}

void make_symmetric(DenseMatrix& M) {
  for (std::int64_t i = 0; i < M.rows; ++i) {
    for (std::int64_t j = 0; j < i; ++j) M(i, j) = M(j, i) = (M(i, j) + M(j, i)) / 2;
  }
}

// The Bellman equation of Prop C.1 for one stage: from cost_l to the policy of the stage and
// cost_{l-1}, without the P and p of that. False: not bounded below.
bool bellman(const LqStage& stage, double inverse_gamma, CostToGo& cost, Policy& policy) {
  const DenseMatrix CA = product(cost.C, stage.A);
  DenseMatrix M = stage.Q;
  add_product(1, transposed(stage.B), product(cost.C, stage.B), M);
  add_to_diagonal(inverse_gamma, M);
  if (!cholesky(M)) return false;
  Vector m = stage.q;
  add_product(1, transposed(stage.B), cost.c, m);
  policy.k = m;
  solve_negated(M, policy.k, policy.k);
  DenseMatrix N = product(transposed(stage.B), CA);  // parameters x inputs
  for (std::int64_t i = 0; i < N.rows; ++i) {
    for (std::int64_t j = 0; j < N.columns; ++j) N(i, j) += stage.R(j, i);
  }
  policy.K = N;
  solve_negated(M, policy.K, policy.K.entries);
  CostToGo before{product(transposed(stage.A), CA), product(transposed(stage.A), cost.c),
                  cost.constant + dot(m, policy.k) / 2};
  add_product(1, transposed(N), policy.K, before.C);
  add_product(1, transposed(N), policy.k, before.c);
  make_symmetric(before.C);
  cost = std::move(before);
  return true;
}

// `minimum` is cost_0(0), the value of the problem.
Attempt backward(const LqProblem& problem, double gamma, std::vector<Policy>& policies,
                 double& minimum) {
  CostToGo cost{problem.stages.back().P, problem.stages.back().p};
  policies.resize(problem.stages.size());
  for (std::size_t l = problem.stages.size(); l-- > 0;) {
    if (!bellman(problem.stages[l], 1 / gamma, cost, policies[l])) return {false, l};
    if (l == 0) break;
    add_scaled(1, problem.stages[l - 1].P.entries, cost.C.entries);
    add_scaled(1, problem.stages[l - 1].p, cost.c);
  }
  minimum = cost.constant;
  return {};
}

Vector rollout(const LqProblem& problem, const std::vector<Policy>& policies) {
  Vector steps;
  Vector z;
  for (std::size_t l = 0; l < problem.stages.size(); ++l) {
    const LqStage& stage = problem.stages[l];
    Vector v = policies[l].k;
    add_product(1, policies[l].K, z, v);
    steps.insert(steps.end(), v.begin(), v.end());
    Vector next = product(stage.B, v);
    add_product(1, stage.A, z, next);
    z = std::move(next);
  }
  return steps;
}

}  // namespace

Direction riccati_step(const LqProblem& problem) {
  require_gamma(problem.gamma);
  require_finite(problem);
  std::vector<Policy> policies;
  double minimum = 0;
  const Feasible found = halve_gamma(problem.gamma, most_halvings, [&](double gamma) {
    return backward(problem, gamma, policies, minimum);
  });
  return {rollout(problem, policies), found.gamma, found.halvings, -minimum};
}

}  // namespace smoothbound::steps
