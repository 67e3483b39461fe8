#include "smoothbound/steps/dense_step.hpp"

#include "gamma.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound::steps {
using namespace linalg;

Direction dense_step(Objective<double>& objective, StepKind kind, double gamma) {
  require_gamma(gamma);
  const std::int64_t count = objective.parameter_layout().elements;
  std::vector<double> gradient(static_cast<std::size_t>(count));
  objective.gradient(gradient);
  DenseMatrix model(count, count);
  std::vector<double> unit(gradient.size());
  for (std::int64_t j = 0; j < count && kind != StepKind::gradient; ++j) {
    double& entry = unit[static_cast<std::size_t>(j)];
    entry = 1;
    if (kind == StepKind::newton) {
      objective.hessian_product(unit, model.row(j));
    } else {
      objective.gauss_newton_product(unit, model.row(j));
    }
    entry = 0;
  }
  if (!all_finite(model.entries) || !all_finite(gradient)) {
    throw NotFinite("the quadratic model is not finite");
  }
  Direction direction;
  const Feasible found = halve_gamma(gamma, most_halvings, [&](double tried) {
    DenseMatrix matrix = model;
    add_to_diagonal(1 / tried, matrix);
    if (!cholesky(matrix)) return Attempt{false};
    direction.step = gradient;
    scale(-1, direction.step);
    solve_lower(matrix, direction.step);
    solve_lower_transposed(matrix, direction.step);
    return Attempt{};
  });
  direction.gamma = found.gamma;
  direction.halvings = found.halvings;
  direction.predicted_decrease = -dot(gradient, direction.step) / 2;
  return direction;
}

}  // namespace smoothbound::steps
