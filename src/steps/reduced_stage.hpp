// A stage of (15) for a layer a o b, with only those unknowns left that the batch sees.
#pragma once

#include "smoothbound/runtime/losses/regularizer.hpp"
#include "split_layer.hpp"

namespace smoothbound {

/// cost_l(z) = 1/2 z^T C z + c^T z + constant: (36).
struct CostToGo {
  Eigen::MatrixXd C;
  Eigen::VectorXd c;
  double constant = 0;
};

/// With F the Cholesky factor of the stage's matrix: (t; u~) = -F^-T (V z~_{l-1} + f).
struct ReducedPolicy {
  Eigen::MatrixXd F;  // lower triangle
  Eigen::MatrixXd V;
  Eigen::VectorXd f;
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
  Eigen::VectorXd rollout(const ReducedPolicy& policy, const Eigen::VectorXd& z,
                          std::span<double> v) const;

 private:
  using Matrix = Eigen::MatrixXd;
  using Vector = Eigen::VectorXd;
  struct Group {
    Matrix L;     // rows x unknowns of a filter
    Matrix Q;     // features x unknowns of a filter; empty: I
    Matrix rest;  // I - Q Q^T; empty: 0
  };

  [[nodiscard]] std::int64_t rows() const { return batch_ * part_->positions(); }
  [[nodiscard]] std::int64_t unknowns_of_filter() const { return groups_.front().L.cols(); }
  [[nodiscard]] std::int64_t y_size() const { return batch_ * part_->outputs(); }
  [[nodiscard]] std::int64_t rest_size() const { return u_.size(); }
  [[nodiscard]] std::int64_t unknowns() const {
    return part_->filters() * unknowns_of_filter() + rest_size();
  }
  [[nodiscard]] const Group& group_of(std::int64_t filter) const {
    return groups_[static_cast<std::size_t>(part_->group_of(filter))];
  }

  void reduce(SplitLayer& layer);
  [[nodiscard]] Matrix joint_hessian(Matrix& C) const;
  [[nodiscard]] Vector joint_gradient(const Vector& c) const;
  [[nodiscard]] Matrix push_unknowns(const Matrix& G) const;
  [[nodiscard]] Matrix pull_unknowns(const Matrix& M) const;
  [[nodiscard]] Matrix push_inputs(const Matrix& G) const;
  [[nodiscard]] Matrix pull_inputs(const Matrix& M) const;
  void add_mixed(Matrix& N) const;
  void add_patches(std::int64_t group, const Vector& weights, const Vector& factors,
                   Eigen::Ref<Vector> z) const;
  void subtract_eliminated(double curvature, CostToGo& cost) const;
  [[nodiscard]] Matrix pull_patches(const Vector& z) const;
  void push_patches(const Matrix& s, Vector& z) const;

  const PatchProduct* part_;
  std::int64_t batch_;
  bool first_;
  double regularizer_;  // lambda, where r is part of the model's curvature
  std::vector<Group> groups_;
  Matrix weights_;  // gradient of r by the weights: features x filters
  Vector u_;        // and by the parameters of a
  Matrix Z_;        // d b/dz of a sample
  Matrix Y_;        // filters x rows: the cotangent of y; empty: T is 0
  RestDerivatives rest_;
  std::vector<double> input_cotangent_;
};

}  // namespace smoothbound
