#include "riccati.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "eigen.hpp"
#include "gamma.hpp"

namespace smoothbound {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// cost_l(z) = 1/2 z^T C z + c^T z + constant: (36).
struct CostToGo {
  MatrixXd C;
  VectorXd c;
  double constant = 0;
};

// v~_l = K z~_{l-1} + k
struct Policy {
  MatrixXd K;
  VectorXd k;
};

void require_finite(const LqProblem& problem) {
  const auto finite = [](const std::vector<double>& entries) {
    return std::all_of(entries.begin(), entries.end(), [](double x) { return std::isfinite(x); });
  };
  for (std::size_t l = 0; l < problem.stages.size(); ++l) {
    const LqStage& s = problem.stages[l];
    if (finite(s.A.entries) && finite(s.B.entries) && finite(s.P.entries) && finite(s.R.entries) &&
        finite(s.Q.entries) && finite(s.p) && finite(s.q)) {
      continue;
    }
    throw NotFinite(fmt::format("the quadratic model is not finite at layer {}", l + 1));
  }
}

// The Bellman equation of Prop C.1 for one stage: from cost_l to the policy of the stage and
// cost_{l-1}, without the P and p of that. False: not bounded below. Products with an empty factor
// are left out, which BLAS would refuse.
bool bellman(const LqStage& stage, double inverse_gamma, CostToGo& cost, Policy& policy) {
  const auto A = view(stage.A);
  const auto B = view(stage.B);
  const auto parameters = static_cast<Eigen::Index>(stage.q.size());
  const Eigen::Index inputs = A.cols();
  policy = {MatrixXd(parameters, inputs), VectorXd(parameters)};
  MatrixXd CA(A.rows(), inputs);
  CostToGo before{MatrixXd(inputs, inputs), VectorXd(inputs), cost.constant};
  if (inputs > 0) {
    CA = cost.C * A;
    before.C = A.transpose() * CA;
    before.c = A.transpose() * cost.c;
  }
  if (parameters > 0) {
    MatrixXd M = view(stage.Q);
    M.noalias() += B.transpose() * (cost.C * B);
    M.diagonal().array() += inverse_gamma;
    const Eigen::LLT<MatrixXd> cholesky(M);
    if (cholesky.info() != Eigen::Success) return false;
    const VectorXd m = view(stage.q) + B.transpose() * cost.c;
    policy.k = -cholesky.solve(m);
    before.constant += m.dot(policy.k) / 2;
    if (inputs > 0) {
      const MatrixXd N = view(stage.R) + CA.transpose() * B;
      policy.K = -cholesky.solve(N.transpose());
      before.C.noalias() += N * policy.K;
      before.c.noalias() += N * policy.k;
    }
  }
  before.C = (before.C + before.C.transpose().eval()) / 2;
  cost = std::move(before);
  return true;
}

// `minimum` is cost_0(0), the value of the problem.
Attempt backward(const LqProblem& problem, double gamma, std::vector<Policy>& policies,
                 double& minimum) {
  CostToGo cost{view(problem.stages.back().P), view(problem.stages.back().p)};
  policies.resize(problem.stages.size());
  for (std::size_t l = problem.stages.size(); l-- > 0;) {
    if (!bellman(problem.stages[l], 1 / gamma, cost, policies[l])) return {false, l};
    if (l == 0) break;
    cost.C += view(problem.stages[l - 1].P);
    cost.c += view(problem.stages[l - 1].p);
  }
  minimum = cost.constant;
  return {};
}

std::vector<double> rollout(const LqProblem& problem, const std::vector<Policy>& policies) {
  std::vector<double> steps(static_cast<std::size_t>(problem.parameters()));
  std::span<double> rest = steps;
  VectorXd z(0);
  for (std::size_t l = 0; l < problem.stages.size(); ++l) {
    const LqStage& stage = problem.stages[l];
    VectorXd v = policies[l].k;
    if (l > 0 && v.size() > 0) v += policies[l].K * z;
    view(rest.first(stage.q.size())) = v;
    rest = rest.subspan(stage.q.size());
    VectorXd next = VectorXd::Zero(static_cast<Eigen::Index>(stage.p.size()));
    if (l > 0) next += view(stage.A) * z;
    if (v.size() > 0) next += view(stage.B) * v;
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

}  // namespace smoothbound
