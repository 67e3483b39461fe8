// What an execution of a network leaves behind: the values that its derivatives refer to.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "smoothbound/runtime/memory_plan.hpp"
#include "smoothbound/runtime/network.hpp"

namespace smoothbound {

/// Sees a forward pass: the kernels with the seconds they took, and the outputs of the layers.
template <class Scalar>
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;
  virtual void on_forward(const typename Network<Scalar>::Node& /*node*/, double /*seconds*/) {}
  virtual void on_backward(const typename Network<Scalar>::Node& /*node*/, double /*seconds*/) {}
  /// z_l of a layer of the graph, in the layout of the network's value.
  virtual void on_layer(std::uint32_t /*layer*/, const BatchShape& /*shape*/,
                        const Scalar* /*values*/) {}
};

/// Whether first-order cotangents are kept for later Hessian-vector products with the same mu: a
/// seventh less work for each, for the memory of one more trajectory.
enum class KeepCotangents : bool { no, yes };

/// Values of one batch (Algo 1 of the paper keeps the same) and the working memory of the oracles.
/// Everything is allocated at the first use of its kind; later calls allocate nothing of the size
/// of a batch. Refers to the network, whose parameters must stay as they are between `forward` and
/// the oracles.
template <class Scalar>
class Trajectory {
 public:
  explicit Trajectory(const Network<Scalar>& network,
                      KeepCotangents keep_cotangents = KeepCotangents::no);
  Trajectory(const Trajectory&) = delete;
  Trajectory& operator=(const Trajectory&) = delete;
  Trajectory(Trajectory&& other) noexcept;
  Trajectory& operator=(Trajectory&& other) noexcept;
  ~Trajectory();

  [[nodiscard]] const Network<Scalar>& network() const { return *network_; }
  /// The network's output for the whole batch, a sample after the other.
  [[nodiscard]] std::span<const Scalar> output() const;
  /// Bytes of all buffers so far, the parameters aside.
  [[nodiscard]] std::int64_t bytes() const;
  /// Of all passes; null: none. Not owned.
  void set_observer(Observer<Scalar>* observer) { observer_ = observer; }

  /// Memory of one kind of pass; used by the oracles.
  struct Pass;
  struct Memory;
  [[nodiscard]] Memory& memory() { return *memory_; }
  [[nodiscard]] const Memory& memory() const { return *memory_; }
  [[nodiscard]] Observer<Scalar>* observer() const { return observer_; }

 private:
  const Network<Scalar>* network_;
  std::unique_ptr<Memory> memory_;
  Observer<Scalar>* observer_ = nullptr;
};

/// Bytes that executions of `network` will take for their batch, parameters aside: of `forward`,
/// and of `forward` and `vjp`.
template <class Scalar>
struct MemoryNeed {
  std::int64_t forward = 0;
  std::int64_t gradient = 0;
};
template <class Scalar>
MemoryNeed<Scalar> memory_need(const Network<Scalar>& network);

extern template class Trajectory<float>;
extern template class Trajectory<double>;

}  // namespace smoothbound
