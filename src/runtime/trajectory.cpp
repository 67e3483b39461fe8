#include "smoothbound/runtime/trajectory.hpp"

#include <algorithm>

#include "trajectory_memory.hpp"

namespace smoothbound {
namespace {

// Gives each value the place of the one in whose place it lies.
MemoryPlan plan_shared(const std::vector<std::uint32_t>& owner, std::vector<Lifetime> lifetimes) {
  for (std::uint32_t value = 0; value < owner.size(); ++value) {
    if (owner[value] == value) continue;
    Lifetime& shared = lifetimes[owner[value]];
    shared.begin = std::min(shared.begin, lifetimes[value].begin);
    shared.end = std::max(shared.end, lifetimes[value].end);
    lifetimes[value].size = 0;
  }
  MemoryPlan plan = plan_memory(lifetimes);
  for (std::uint32_t value = 0; value < owner.size(); ++value) {
    plan.places[value] = plan.places[owner[value]];
  }
  return plan;
}

template <class Scalar>
std::vector<std::uint32_t> owners(const Network<Scalar>& network, bool in_place) {
  std::vector<std::uint32_t> owner(network.values().size());
  for (std::uint32_t value = 0; value < owner.size(); ++value) {
    owner[value] = value;
    const std::uint32_t producer = network.values()[value].producer;
    if (!in_place || producer == Network<Scalar>::none) continue;
    const auto& node = network.nodes()[producer];
    if (node.in_place) owner[value] = owner[node.inputs.front()];
  }
  return owner;
}

}  // namespace

template <class Scalar>
MemoryPlan plan_forward(const Network<Scalar>& network, bool in_place, Keep keep) {
  const auto steps = static_cast<std::int64_t>(network.nodes().size());
  std::vector<Lifetime> lifetimes;
  for (std::uint32_t v = 0; v < network.values().size(); ++v) {
    const auto& value = network.values()[v];
    Lifetime life;
    life.begin = value.producer == Network<Scalar>::none ? -1 : std::int64_t{value.producer};
    life.end = value.consumers.empty() ? life.begin : std::int64_t{value.consumers.back()};
    const bool kept =
        (keep == Keep::values && value.kept) || (keep == Keep::tangents && value.tangent_kept);
    if (kept || v == network.output()) life.end = steps;
    life.size = value.shape.elements();
    lifetimes.push_back(life);
  }
  return plan_shared(owners(network, in_place), std::move(lifetimes));
}

template <class Scalar>
MemoryPlan plan_backward(const Network<Scalar>& network, bool all) {
  const auto steps = static_cast<std::int64_t>(network.nodes().size());
  std::vector<Lifetime> lifetimes;
  for (std::uint32_t v = 0; v < network.values().size(); ++v) {
    const auto& value = network.values()[v];
    // Step steps - k is the one that goes back through node k.
    Lifetime life;
    life.begin = value.consumers.empty() ? 0 : steps - std::int64_t{value.consumers.back()};
    if (v == network.output()) life.begin = 0;
    life.end =
        value.producer == Network<Scalar>::none ? steps + 1 : steps - std::int64_t{value.producer};
    if (all) life.end = steps + 1;
    life.size = value.shape.elements();
    lifetimes.push_back(life);
  }
  return plan_shared(owners(network, !all), std::move(lifetimes));
}

template <class Scalar>
Trajectory<Scalar>::Trajectory(const Network<Scalar>& network, KeepCotangents keep_cotangents)
    : network_(&network), memory_(std::make_unique<Memory>()) {
  memory_->keep_cotangents = keep_cotangents == KeepCotangents::yes;
}

template <class Scalar>
Trajectory<Scalar>::Trajectory(Trajectory&& other) noexcept = default;
template <class Scalar>
Trajectory<Scalar>& Trajectory<Scalar>::operator=(Trajectory&& other) noexcept = default;
template <class Scalar>
Trajectory<Scalar>::~Trajectory() = default;

template <class Scalar>
std::span<const Scalar> Trajectory<Scalar>::output() const {
  const auto size = static_cast<std::size_t>(network_->output_elements());
  return {memory_->values.at(network_->output()), size};
}

template <class Scalar>
std::int64_t Trajectory<Scalar>::bytes() const {
  const Memory& m = *memory_;
  std::int64_t scalars = m.scratch.size() + m.sum.size() + m.shared.size() +
                         m.packed_tangent.size() + m.known_mu.size();
  for (const Pass* pass : {&m.values, &m.tangents, &m.plain_tangents, &m.second_tangents,
                           &m.cotangents, &m.cotangent_tangents}) {
    scalars += pass->buffer.size();
  }
  return scalars * static_cast<std::int64_t>(sizeof(Scalar)) + m.state.size();
}

template <class Scalar>
MemoryNeed<Scalar> memory_need(const Network<Scalar>& network) {
  const bool derivatives = network.purpose() == Purpose::derivatives;
  const auto values = plan_forward(network, true, derivatives ? Keep::values : Keep::nothing);
  MemoryNeed<Scalar> need;
  need.forward =
      (values.size + network.scratch_elements()) * static_cast<std::int64_t>(sizeof(Scalar)) +
      network.state_bytes();
  need.gradient = need.forward;
  if (derivatives) {
    need.gradient += plan_backward(network, false).size * static_cast<std::int64_t>(sizeof(Scalar));
  }
  return need;
}

template MemoryPlan plan_forward(const Network<float>&, bool, Keep);
template MemoryPlan plan_forward(const Network<double>&, bool, Keep);
template MemoryPlan plan_backward(const Network<float>&, bool);
template MemoryPlan plan_backward(const Network<double>&, bool);
template class Trajectory<float>;
template class Trajectory<double>;
template MemoryNeed<float> memory_need(const Network<float>&);
template MemoryNeed<double> memory_need(const Network<double>&);

}  // namespace smoothbound
