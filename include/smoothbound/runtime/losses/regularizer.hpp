// The regularizer r(w) = (lambda/2) ||w||^2 of the objective; its smoothness constant is lambda.
#pragma once

#include <span>

namespace smoothbound {

struct Regularizer {
  double lambda = 0;

  /// (lambda/2) ||w||^2
  [[nodiscard]] double value(std::span<const double> w) const;
  /// gradient += lambda w. Adding is what an objective needs, which has its gradient already.
  /// Throws std::invalid_argument if the sizes differ.
  void add_gradient(std::span<const double> w, std::span<double> gradient) const;
  /// product += lambda direction: the Hessian is lambda times the identity, at every w. Throws
  /// std::invalid_argument if the sizes differ.
  void add_hessian_product(std::span<const double> direction, std::span<double> product) const;
};

}  // namespace smoothbound
