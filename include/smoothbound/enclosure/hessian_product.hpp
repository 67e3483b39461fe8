// Products with the Hessian of an objective, and how far each is off as computed: section 6 of
// docs/theory.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/rules/magnitude.hpp"
#include "smoothbound/runtime/losses/evaluate.hpp"
#include "smoothbound/runtime/network.hpp"

namespace smoothbound {

/// An objective F at a point: `w` and the batch `x` must stay as they are.
struct ObjectivePoint {
  const Graph& graph;
  const LossRow& loss;
  std::span<const double> w;
  std::span<const double> x;
  std::int64_t batch = 1;
  double regularizer = 0;  // lambda
  /// The loss at predictions, a sample after the other.
  std::function<LossEvaluation(std::span<const double> predictions)> evaluate;
};

/// Products with hess F(w) in float64, for one thread. Memory: four numbers for each scalar between
/// kernels.
class HessianProduct {
 public:
  /// Throws NotEnclosed with the name of the layer and the component whose second derivatives are
  /// not known to be computed well, or of such a loss, or where values are not finite;
  /// NotExecutable, LossError, std::bad_alloc.
  explicit HessianProduct(const ObjectivePoint& point);
  /// The same for another thread, without finding norms anew.
  HessianProduct(const HessianProduct& other);
  HessianProduct& operator=(const HessianProduct&) = delete;
  ~HessianProduct();

  [[nodiscard]] std::int64_t size() const { return network_.parameter_layout().elements; }
  [[nodiscard]] const Network<double>& network() const { return network_; }
  /// product = hess F(w) w_dot as computed; at least ||computed - exact||. Both have `size()`
  /// numbers. What nodes before `first_node` have to say of their parameters is left out, in both.
  Magnitude operator()(std::span<const double> w_dot, std::span<double> product,
                       std::size_t first_node = 0);

 private:
  struct Value;
  using Node = Network<double>::Node;
  using Point = kernels::Point<double>;

  void allocate();
  void push_values(bool finds_norms);
  void find_norms(std::size_t index);
  void pull_cotangents();
  void push_tangents(std::span<const double> w_dot);
  void begin_second();
  void pull_second(std::size_t index, std::span<const double> w_dot, std::span<double> product);
  [[nodiscard]] Point point(const Node& node);
  [[nodiscard]] const double* tangent_of(const Node& node, std::span<const double> w_dot) const;
  // Of all inputs of a node, as one vector.
  [[nodiscard]] Magnitude along(const Node& node, Magnitude Value::*size) const;
  // Where the cotangents of a node's inputs go, and from there to what other consumers gave.
  std::vector<double*> targets(const Node& node, std::vector<double> Value::*array,
                               bool Value::*is_zero);
  [[nodiscard]] Magnitude rounded(const Magnitude& size) const;
  void add_up(const Node& node, std::span<double* const> written, std::vector<double> Value::*array,
              bool Value::*is_zero);

  ObjectivePoint at_;
  Network<double> network_;
  std::vector<Value> values_;
  std::vector<DerivativeBounds> near_;  // of nodes
  std::vector<Magnitude> moved_;        // of nodes: the norm of their parameters' tangent
  std::vector<std::byte> state_;
  std::vector<double> scratch_;
  std::vector<double> packed_;
  std::vector<double> packed_tangent_;
  std::vector<std::vector<double>> sums_;  // of the inputs of a node
  std::vector<double> share_;              // of a node in the product
  std::vector<const double*> inputs_;
  LossEvaluation loss_;
  Magnitude additions_;  // at least as many as a sum over consumers has
  Magnitude total_;      // of a product, so far
};

/// What a product on this network takes at most.
std::int64_t bytes_of_hessian_product(const Network<double>& network);

}  // namespace smoothbound
