// The working memory of a trajectory.
#pragma once

#include "smoothbound/runtime/trajectory.hpp"

namespace smoothbound {

/// A buffer with a place for (some of) the network's values.
template <class Scalar>
struct Trajectory<Scalar>::Pass {
  MemoryPlan plan;
  Buffer<Scalar> buffer;
  std::vector<bool> zero;  // values whose entry is zero and not stored

  [[nodiscard]] bool is_planned() const { return !zero.empty(); }
  /// The entry of a value; null where it is zero.
  [[nodiscard]] Scalar* at(std::uint32_t value) {
    return zero[value] ? nullptr : buffer.data() + plan.places[value];
  }
};

template <class Scalar>
struct Trajectory<Scalar>::Memory {
  Pass values;
  Pass tangents;         // of jvp and hvp
  Pass plain_tangents;   // of second_directional: nothing in place
  Pass second_tangents;  // of second_directional
  Pass cotangents;
  Pass cotangent_tangents;
  Buffer<std::byte> state;
  Buffer<Scalar> scratch;
  Buffer<Scalar> sum;     // where the cotangents of several consumers are added
  Buffer<Scalar> shared;  // a cotangent of parameters that several nodes have
  Buffer<Scalar> packed_tangent;
  Buffer<Scalar> known_mu;  // that `cotangents` are kept of
  bool cotangents_known = false;
  bool keep_cotangents = false;
  bool has_run = false;
  std::vector<Scalar*> outputs;  // arguments of kernels, kept from call to call
  std::vector<const Scalar*> inputs[3];
};

/// What lives to the end of a forward pass, the output aside.
enum class Keep : std::uint8_t { nothing, values, tangents };

/// Places of the values (or their tangents) in a forward pass.
template <class Scalar>
MemoryPlan plan_forward(const Network<Scalar>& network, bool in_place, Keep keep);
/// Of the cotangents in a backward pass; `all`: every one lives to the end, each in its own place.
template <class Scalar>
MemoryPlan plan_backward(const Network<Scalar>& network, bool all);

}  // namespace smoothbound
