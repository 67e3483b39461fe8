#include "smoothbound/steps/second_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/runtime/machine.hpp"
#include "smoothbound/steps/dense_step.hpp"

namespace smoothbound::steps {
namespace {

constexpr std::int64_t most_dense_parameters = 3000;

std::int64_t parameters_of(const Graph& graph) {
  return Network<double>(graph, 1, Purpose::values, Storage::none).parameter_layout().elements;
}

// A sweep along a chain has a few matrices with a row and a column for each output of a layer on
// all samples.
double bytes_of_sweep(const Graph& graph, std::int64_t batch) {
  constexpr double matrices = 3;
  double most = 0;
  for (const Layer& layer : graph.layers) {
    most = std::max(most, static_cast<double>(layer.output.elements()));
  }
  const double outputs = most * static_cast<double>(batch);
  return matrices * outputs * outputs * static_cast<double>(sizeof(double));
}

}  // namespace

SecondOrder::SecondOrder(const Graph& graph, std::int64_t batch, StepKind kind,
                         double dual_residual)
    : kind_(kind) {
  dual_.relative_residual = dual_residual;
  if (kind != StepKind::newton) return;
  const bool is_chain = reason_against_chain(graph).empty();
  const double bytes = bytes_of_sweep(graph, batch);
  const std::int64_t available = available_memory();
  if (is_chain && bytes <= static_cast<double>(available)) {
    chain_ = std::make_unique<SplitChain>(graph, batch);
    return;
  }
  const std::int64_t parameters = parameters_of(graph);
  if (parameters > most_dense_parameters && is_chain) {
    constexpr double largest = 0x1p62;
    throw TooManyParameters(
        fmt::format("Newton steps of a chain of layers take matrices of all outputs of a layer on "
                    "{} samples, about {}, and there are {}",
                    batch, memory_to_text(static_cast<std::int64_t>(std::min(bytes, largest))),
                    memory_to_text(available)));
  }
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
