// A stage of (15) for a layer a o b, with only those unknowns left that the batch sees.
#pragma once

#include "cost_to_go.hpp"
#include "smoothbound/runtime/losses/regularizer.hpp"
#include "split_layer.hpp"

namespace smoothbound::steps {

/// With F the Cholesky factor of the stage's matrix: (t; u~) = -F^-T (V z~_{l-1} + f).
struct ReducedPolicy {
  linalg::DenseMatrix F;  // lower triangle
  linalg::DenseMatrix V;
  std::vector<double> f;
  double curvature = 0;  // 1/gamma + lambda
};

/// For each filter o of a group with patches X (rows x features) the weights are s_o = Q t_o +
/// rest, where X^T = Q R (thin): X s_o = L t_o for L = R^T, and the rest is orthogonal to Q. So
/// db/dv = X kron I acts on t alone, the rest has the curvature 1/gamma + lambda in all directions,
/// and its minimizer is known. Where X has no fewer rows than columns, t = s, Q = I and there is no
/// rest.
///
/// With y = b(v, z), Y the cotangent of y, G = hess (lambda^T a) + A^T C A (over y and u), and Z =
/// db/dz the stage's matrix is I (1/gamma + lambda) + L^T G L, and its coupling to z~_{l-1} is
/// L^T G Z + Q^T T^T. T, the mixed derivative of <Y, b>, takes z~ to the sum over patches
/// Y[o]^T X(z~).
class ReducedStage {
 public:
  /// `layer` stands after a forward pass, z_bar is the cotangent of its output. `first`: z~_{l-1}
  /// is 0, and what belongs to it is left out.
  ReducedStage(SplitLayer& layer, std::span<const double> z_bar, const Regularizer& regularizer,
               StepKind kind, bool first);

  /// Cotangent of the layer's input; empty for the first.
  [[nodiscard]] const std::vector<double>& input_cotangent() const { return input_cotangent_; }
  [[nodiscard]] bool is_finite() const;

  /// From cost_l to the policy and cost_{l-1} (Prop C.1). False: not bounded below.
  bool bellman(double gamma, CostToGo& cost, ReducedPolicy& policy) const;
  /// v~_l at z~_{l-1}, and z~_l.
  [[nodiscard]] std::vector<double> rollout(const ReducedPolicy& policy, std::span<const double> z,
                                            std::span<double> v) const;

 private:
  using Vector = std::vector<double>;
  struct Group {
    linalg::DenseMatrix L;     // rows x unknowns of a filter
    linalg::DenseMatrix Qt;    // unknowns of a filter x features: Q^T; empty: I
    linalg::DenseMatrix rest;  // I - Q Q^T; empty: 0
  };

  [[nodiscard]] std::int64_t rows() const { return batch_ * part_->positions(); }
  [[nodiscard]] std::int64_t unknowns_of_filter() const { return groups_.front().L.columns; }
  [[nodiscard]] std::int64_t y_size() const { return batch_ * part_->outputs(); }
  [[nodiscard]] std::int64_t rest_size() const { return static_cast<std::int64_t>(u_.size()); }
  [[nodiscard]] std::int64_t unknowns() const {
    return part_->filters() * unknowns_of_filter() + rest_size();
  }
  [[nodiscard]] bool is_reduced() const { return !groups_.front().Qt.entries.empty(); }
  [[nodiscard]] bool is_mixed() const { return !Y_.entries.empty(); }
  [[nodiscard]] const Group& group_of(std::int64_t filter) const {
    return groups_[static_cast<std::size_t>(part_->group_of(filter))];
  }
  /// Place in y of a filter at a row of X.
  [[nodiscard]] std::int64_t place_of(std::int64_t filter, std::int64_t row) const {
    const std::int64_t positions = part_->positions();
    return row / positions * part_->outputs() + filter * positions + row % positions;
  }

  void reduce(SplitLayer& layer);
  [[nodiscard]] linalg::DenseMatrix joint_hessian(linalg::DenseMatrix& C) const;
  [[nodiscard]] linalg::DenseMatrix joint_gradient(Vector& c) const;
  [[nodiscard]] linalg::DenseMatrix push_unknowns(const linalg::DenseMatrix& M) const;
  [[nodiscard]] linalg::DenseMatrix pull_unknowns(const linalg::DenseMatrix& M) const;
  [[nodiscard]] linalg::DenseMatrix push_inputs(const linalg::DenseMatrix& G) const;
  [[nodiscard]] linalg::DenseMatrix pull_inputs(const linalg::DenseMatrix& M) const;
  void add_mixed(linalg::DenseMatrix& N) const;
  void add_patches(std::int64_t group, std::span<const double> weights,
                   std::span<const double> factors, std::span<double> z) const;
  void subtract_eliminated(double curvature, CostToGo& cost) const;
  void pull_patches(std::span<const double> z, linalg::DenseMatrix& s) const;
  void push_patches(const linalg::DenseMatrix& s, Vector& z) const;

  const PatchProduct* part_;
  std::int64_t batch_;
  bool first_;
  double regularizer_;  // lambda, where r is part of the model's curvature
  std::vector<Group> groups_;
  linalg::DenseMatrix weights_;  // gradient of r by the weights: filters x features
  Vector u_;                     // and by the parameters of a
  linalg::DenseMatrix Z_;        // d b/dz of a sample
  linalg::DenseMatrix Y_;        // filters x rows: the cotangent of y; empty: T is 0
  RestDerivatives rest_;
  Vector input_cotangent_;
};

}  // namespace smoothbound::steps
