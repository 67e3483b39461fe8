// Gauss-Newton and Newton steps at the point of an objective, by what suits the graph.
#pragma once

#include <memory>
#include <span>
#include <stdexcept>

#include "smoothbound/runtime/objective.hpp"
#include "smoothbound/steps/gauss_newton.hpp"
#include "smoothbound/steps/newton.hpp"

namespace smoothbound::steps {

/// A Newton step would take a matrix of the size of the parameters squared, or of the outputs of a
/// layer. `what()` is a sentence for the user.
class TooManyParameters : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class SecondOrder {
 public:
  /// `kind` is one of the two. Throws TooManyParameters for Newton steps of a large network that is
  /// no chain of layers with weights, or one with so many outputs that a sweep along it takes more
  /// memory than there is.
  SecondOrder(const Graph& graph, std::int64_t batch, StepKind kind, double dual_residual = 0);

  /// The step where `objective` stands, at w = its point on the samples `x`. Throws as
  /// `gauss_newton_direction` and `newton_direction`.
  Direction direction(Objective<double>& objective, std::span<const double> x,
                      const Regularizer& regularizer, double gamma);

 private:
  StepKind kind_;
  DualOptions dual_;
  std::unique_ptr<SplitChain> chain_;  // of Newton steps; null: by the whole matrix
};

}  // namespace smoothbound::steps
