// A layer phi = a o b with all that a Newton step needs of it.
#pragma once

#include <optional>

#include "patch_product.hpp"
#include "smoothbound/graph/graph.hpp"
#include "smoothbound/runtime/oracle.hpp"
#include "smoothbound/steps/step.hpp"
#include "sparse_matrix.hpp"

namespace smoothbound::steps {

/// Derivatives of a at (u, y), u its parameters: sparse, as most parts act on single elements,
/// windows or samples. Columns: y over the batch, then u.
struct RestDerivatives {
  bool identity = false;   // a is the identity: A and H are not set
  linalg::SparseMatrix A;  // d a / d(y, u)
  linalg::SparseMatrix H;  // hess (lambda^T a)
};

class SplitLayer {
 public:
  /// Of a layer that begins with weights. Throws NotExecutable.
  SplitLayer(const Graph& graph, std::uint32_t layer, std::int64_t batch);

  [[nodiscard]] const PatchProduct& affine() const { return *affine_; }
  [[nodiscard]] std::int64_t rest_parameters() const {
    return rest_ ? rest_->network.parameter_layout().elements : 0;
  }
  [[nodiscard]] std::int64_t parameters() const {
    return affine_->parameters() + rest_parameters();
  }
  /// z_l at v = (weights and bias; u).
  std::span<const double> forward(std::span<const double> v, std::span<const double> z);
  [[nodiscard]] std::span<const double> input() const { return input_; }
  [[nodiscard]] std::span<const double> output() const;
  [[nodiscard]] std::span<const double> weights() const { return b_.network.parameters(); }
  [[nodiscard]] std::span<const double> rest() const;

  /// (d a/dy)^T lambda
  std::vector<double> pull_rest(std::span<const double> lambda);
  /// (d b/dz)^T y_bar
  std::vector<double> pull_affine(std::span<const double> y_bar);
  RestDerivatives derivatives(std::span<const double> lambda, StepKind kind);

 private:
  struct Part {
    Network<double> network;
    Trajectory<double> trajectory;
    Part(const Graph& graph, std::int64_t batch) : network(graph, batch), trajectory(network) {}
  };
  std::int64_t batch_;
  Part b_;
  std::optional<PatchProduct> affine_;
  std::unique_ptr<Part> rest_;  // null: the identity
  bool couples_samples_ = false;
  std::span<const double> input_;
};

}  // namespace smoothbound::steps
