#include "smoothbound/steps/second_order.hpp"

#include <fmt/format.h>

#include <utility>

#include "smoothbound/steps/dense_step.hpp"

namespace smoothbound::steps {
namespace {

constexpr std::int64_t most_dense_parameters = 3000;

std::int64_t parameters_of(const Graph& graph) {
  return Network<double>(graph, 1, Purpose::values, Storage::none).parameter_layout().elements;
}

}  // namespace

SecondOrder::SecondOrder(const Graph& graph, std::int64_t batch, StepKind kind,
                         double dual_residual)
    : kind_(kind) {
  dual_.relative_residual = dual_residual;
  if (kind != StepKind::newton) return;
  if (reason_against_chain(graph).empty()) {
    chain_ = std::make_unique<SplitChain>(graph, batch);
    return;
  }
  const std::int64_t parameters = parameters_of(graph);
  if (parameters > most_dense_parameters) {
    throw TooManyParameters(
        fmt::format("Newton steps of a network that is no chain of layers with weights take the "
                    "whole Hessian, and {} parameters are more than {}",
                    parameters, most_dense_parameters));
  }
}

Direction SecondOrder::direction(Objective<double>& objective, std::span<const double> x,
                                 const Regularizer& regularizer, double gamma) {
  const LossEvaluation& loss = objective.loss();
  if (kind_ == StepKind::gauss_newton) {
    LinearizedNetwork psi;
    psi.w = objective.point();
    psi.outputs = objective.samples() * objective.outputs();
    psi.jvp = [&](std::span<const double> w_dot, std::span<double> y_dot) {
      objective.jvp(w_dot, y_dot);
    };
    psi.vjp = [&](std::span<const double> mu, std::span<double> w_bar) {
      objective.vjp(mu, w_bar);
    };
    GaussNewtonDirection found = gauss_newton_direction(psi, loss, regularizer, gamma, dual_);
    return {std::move(found.step), found.gamma, found.halvings, found.predicted_decrease};
  }
  if (chain_ == nullptr) return dense_step(objective, StepKind::newton, gamma);
  chain_->forward(objective.point(), x);
  return newton_direction(*chain_, loss, regularizer, gamma);
}

}  // namespace smoothbound::steps
