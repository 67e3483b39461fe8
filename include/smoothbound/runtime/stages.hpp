// A chain layer by layer: each layer as a network of its own, and its derivatives as matrices.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/oracle.hpp"

namespace smoothbound {

/// phi_l(v_l, z_{l-1}) linearized, Prop 3.1: z_l + A dz + B dv.
struct LinearStage {
  linalg::DenseMatrix A;  // d phi/dz: outputs x inputs, over the batch
  linalg::DenseMatrix B;  // d phi/dv: outputs x parameters
};

/// hess (lambda^T phi_l) in blocks, Prop 3.1 (3).
struct QuadraticStage {
  linalg::DenseMatrix zz;  // inputs x inputs
  linalg::DenseMatrix zv;  // inputs x parameters
  linalg::DenseMatrix vv;  // parameters x parameters
};

/// A network whose layers form a chain, executed layer by layer in float64.
class StagedNetwork {
 public:
  /// Throws std::invalid_argument unless each layer of the graph reads the one before;
  /// NotExecutable.
  StagedNetwork(const Graph& graph, std::int64_t batch);

  [[nodiscard]] std::size_t size() const { return layers_.size(); }
  /// phi_l as a network: its parameters are v_l, its input z_{l-1}.
  [[nodiscard]] const Network<double>& layer(std::size_t l) const { return layers_[l]->network; }
  /// Parameters of all layers in the order of the chain, which is that of `Network`.
  [[nodiscard]] std::int64_t parameters() const;

  /// z_1, ..., z_tau at w = (v_1; ...; v_tau), kept for what follows. Returns z_tau.
  std::span<const double> forward(std::span<const double> w, std::span<const double> x);
  /// The trajectory of layer l after `forward`.
  [[nodiscard]] Trajectory<double>& trajectory(std::size_t l) { return layers_[l]->trajectory; }
  /// The matrices of layer l: one `jvp` a column, so for small networks.
  [[nodiscard]] LinearStage linear_stage(std::size_t l);
  /// The second derivative of <lambda, phi_l>: one `joint_hvp` a column.
  [[nodiscard]] QuadraticStage quadratic_stage(std::size_t l, std::span<const double> lambda);

 private:
  struct LayerRun {
    Network<double> network;
    Trajectory<double> trajectory;
    LayerRun(const Graph& graph, std::int64_t batch) : network(graph, batch), trajectory(network) {}
  };
  std::vector<std::unique_ptr<LayerRun>> layers_;
};

}  // namespace smoothbound
