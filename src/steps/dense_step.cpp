#include "smoothbound/steps/dense_step.hpp"

#include "eigen.hpp"
#include "gamma.hpp"

namespace smoothbound {

Direction dense_step(Objective<double>& objective, StepKind kind, double gamma) {
  require_gamma(gamma);
  const auto count = static_cast<std::size_t>(objective.parameter_layout().elements);
  const auto size = static_cast<Eigen::Index>(count);
  std::vector<double> gradient(count);
  objective.gradient(gradient);
  Eigen::MatrixXd model = Eigen::MatrixXd::Zero(size, size);
  std::vector<double> unit(count);
  for (std::size_t j = 0; j < count && kind != StepKind::gradient; ++j) {
    const std::span<double> column(model.col(static_cast<Eigen::Index>(j)).data(), count);
    unit[j] = 1;
    if (kind == StepKind::newton) {
      objective.hessian_product(unit, column);
    } else {
      objective.gauss_newton_product(unit, column);
    }
    unit[j] = 0;
  }
  if (!model.allFinite() || !view(gradient).allFinite()) {
    throw NotFinite("the quadratic model is not finite");
  }
  Direction step;
  step.step.resize(count);
  const Feasible found = halve_gamma(gamma, most_halvings, [&](double tried) {
    Eigen::MatrixXd matrix = model;
    matrix.diagonal().array() += 1 / tried;
    const Eigen::LLT<Eigen::MatrixXd> cholesky(matrix);
    if (cholesky.info() != Eigen::Success) return Attempt{false};
    view(std::span(step.step)) = -cholesky.solve(view(gradient));
    return Attempt{};
  });
  step.gamma = found.gamma;
  step.halvings = found.halvings;
  step.predicted_decrease = -view(gradient).dot(view(step.step)) / 2;
  return step;
}

}  // namespace smoothbound
