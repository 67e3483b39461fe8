#include "smoothbound/runtime/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "array.hpp"
#include "trajectory_memory.hpp"

namespace smoothbound {
namespace {

void require_size(std::size_t found, std::int64_t expected, const char* what) {
  if (found == static_cast<std::size_t>(expected)) return;
  throw std::invalid_argument(fmt::format("{} has {} entries, not {}", what, found, expected));
}

template <class Scalar>
class Sweep {
 public:
  using Node = typename Network<Scalar>::Node;
  using Pass = typename Trajectory<Scalar>::Pass;

  explicit Sweep(Trajectory<Scalar>& trajectory)
      : trajectory_(trajectory), network_(trajectory.network()), memory_(trajectory.memory()) {}

  void forward(std::span<const Scalar> x) {
    require_size(x.size(), network_.input_elements(), "the input");
    Pass& values = memory_.values;
    if (!values.is_planned()) {
      const bool derivatives = network_.purpose() == Purpose::derivatives;
      prepare(values, plan_forward(network_, true, derivatives ? Keep::values : Keep::nothing));
      memory_.state = Buffer<std::byte>(network_.state_bytes());
      memory_.scratch = Buffer<Scalar>(network_.scratch_elements());
    }
    std::fill(values.zero.begin(), values.zero.end(), false);
    memory_.cotangents_known = false;
    memory_.has_run = true;
    copy(x.data(), network_.input_elements(), values.at(0));
    for (const Node& node : network_.nodes()) {
      timed(node, &Observer<Scalar>::on_forward, [&] {
        if (node.fused) return;
        node.kernel->forward(point(node, all_inputs(node, values, 0), nullptr),
                             values.at(node.output));
      });
      tell_layer(node);
    }
  }

  void jvp(std::span<const Scalar> w_dot, std::span<const Scalar> x_dot, Pass& tangents,
           bool in_place) {
    require_forward();
    if (!w_dot.empty()) require_size(w_dot.size(), network_.parameter_layout().elements, "w_dot");
    if (!x_dot.empty()) require_size(x_dot.size(), network_.input_elements(), "x_dot");
    if (!tangents.is_planned()) {
      prepare(tangents, plan_forward(network_, in_place, Keep::tangents));
    }
    begin_tangents(w_dot, x_dot, tangents);
    for (const Node& node : network_.nodes()) push(node, tangents);
  }

  void second(std::span<const Scalar> w_dot) {
    require_forward();
    require_size(w_dot.size(), network_.parameter_layout().elements, "w_dot");
    Pass& first = memory_.plain_tangents;
    Pass& second = memory_.second_tangents;
    if (!first.is_planned()) {
      prepare(first, plan_forward(network_, false, Keep::nothing));
      prepare(second, plan_forward(network_, false, Keep::nothing));
    }
    begin_tangents(w_dot, {}, first);
    std::fill(second.zero.begin(), second.zero.end(), true);
    for (const Node& node : network_.nodes()) {
      push(node, first);
      const auto z_dot = all_inputs(node, first, 1);
      const auto z_ddot = all_inputs(node, second, 2);
      if (all_null(z_dot) && all_null(z_ddot)) continue;  // phi is affine in its own parameters
      second.zero[node.output] = false;
      node.kernel->second(derivative_point(node), z_dot, z_ddot, first.at(node.output),
                          tangent_of(node), second.at(node.output));
    }
  }

  void vjp(std::span<const Scalar> mu, std::span<Scalar> grad_w, std::span<Scalar> grad_x) {
    require_forward();
    if (!grad_w.empty()) {
      require_size(grad_w.size(), network_.parameter_layout().elements, "grad_w");
    }
    if (!grad_x.empty()) require_size(grad_x.size(), network_.input_elements(), "grad_x");
    Scalar* const w_bar = grad_w.empty() ? nullptr : grad_w.data();
    begin_cotangents(mu);
    for (std::size_t k = network_.nodes().size(); k-- > 0;) {
      const Node& node = network_.nodes()[k];
      timed(node, &Observer<Scalar>::on_backward, [&] { pull(node, w_bar, !grad_x.empty()); });
    }
    finish_cotangents(mu);
    if (grad_x.empty()) return;
    if (const Scalar* x_bar = memory_.cotangents.at(0)) {
      copy(x_bar, network_.input_elements(), grad_x.data());
    } else {
      fill(grad_x.data(), network_.input_elements(), Scalar{0});
    }
  }

  void hvp(std::span<const Scalar> mu, std::span<const Scalar> w_dot, std::span<const Scalar> x_dot,
           std::span<Scalar> h, std::span<Scalar> h_x, const CotangentTangent<Scalar>& mu_dot) {
    require_size(h.size(), network_.parameter_layout().elements, "the product");
    const bool with_input = !h_x.empty();
    if (with_input) require_size(h_x.size(), network_.input_elements(), "the product by x");
    jvp(w_dot, x_dot, memory_.tangents, true);
    const bool known = !with_input && memory_.cotangents_known && mu.size() == output_size() &&
                       std::memcmp(mu.data(), memory_.known_mu.data(), mu.size_bytes()) == 0;
    if (!known) begin_cotangents(mu);
    Pass& dots = memory_.cotangent_tangents;
    if (!dots.is_planned()) prepare(dots, plan_backward(network_, false));
    std::fill(dots.zero.begin(), dots.zero.end(), true);
    const std::uint32_t output = network_.output();
    if (mu_dot) {
      dots.zero[output] = false;
      const Scalar* y_dot = memory_.tangents.at(output);
      if (y_dot == nullptr) {
        fill(dots.at(output), network_.output_elements(), Scalar{0});
      } else {
        mu_dot({y_dot, output_size()}, {dots.at(output), output_size()});
      }
    }
    for (std::size_t k = network_.nodes().size(); k-- > 0;) {
      const Node& node = network_.nodes()[k];
      pull_tangent(node, h.data(), with_input);
      if (!known) pull(node, nullptr, with_input);
    }
    if (!known) finish_cotangents(mu);
    if (!with_input) return;
    if (const Scalar* x_bar_dot = dots.at(0)) {
      copy(x_bar_dot, network_.input_elements(), h_x.data());
    } else {
      fill(h_x.data(), network_.input_elements(), Scalar{0});
    }
  }

  [[nodiscard]] std::size_t output_size() const {
    return static_cast<std::size_t>(network_.output_elements());
  }

 private:
  using Inputs = std::span<const Scalar* const>;

  void require_forward() const {
    if (!memory_.has_run) throw std::invalid_argument("derivatives need a forward pass before");
    if (network_.purpose() != Purpose::derivatives) {
      throw std::invalid_argument("the network was built for values only");
    }
  }

  void prepare(Pass& pass, const MemoryPlan& plan) const {
    pass.plan = plan;
    pass.buffer = Buffer<Scalar>(pass.plan.size);
    pass.zero.assign(network_.values().size(), true);
  }

  static bool all_null(Inputs pointers) {
    return std::ranges::all_of(pointers, [](const Scalar* p) { return p == nullptr; });
  }

  // The entries of a node's inputs; `slot` tells lists apart that are used at once.
  Inputs all_inputs(const Node& node, Pass& pass, std::size_t slot) {
    std::vector<const Scalar*>& list = memory_.inputs[slot];
    list.clear();
    for (const std::uint32_t input : node.inputs) list.push_back(pass.at(input));
    return list;
  }

  kernels::Point<Scalar> point(const Node& node, Inputs z, const Scalar* y) {
    return {z, y, network_.parameters_of(node, network_.parameters().data(), network_.packed()),
            memory_.state.data() + node.state_offset, memory_.scratch.data()};
  }
  // With what `forward` kept; the rest of the values has been overwritten.
  kernels::Point<Scalar> derivative_point(const Node& node) {
    const Inputs z = all_inputs(node, memory_.values, 0);
    return point(node, z, memory_.values.at(node.output));
  }
  const Scalar* tangent_of(const Node& node) const {
    if (w_dot_ == nullptr || node.parameters == 0) return nullptr;
    return network_.parameters_of(node, w_dot_, memory_.packed_tangent.data());
  }

  void begin_tangents(std::span<const Scalar> w_dot, std::span<const Scalar> x_dot, Pass& pass) {
    std::fill(pass.zero.begin(), pass.zero.end(), true);
    w_dot_ = w_dot.empty() ? nullptr : w_dot.data();
    if (w_dot_ != nullptr) {
      if (memory_.packed_tangent.size() < network_.packed_elements()) {
        memory_.packed_tangent = Buffer<Scalar>(network_.packed_elements());
      }
      network_.pack(w_dot_, memory_.packed_tangent.data());
    }
    if (x_dot.empty()) return;
    pass.zero[0] = false;
    copy(x_dot.data(), network_.input_elements(), pass.at(0));
  }

  // The tangent of a node's output.
  void push(const Node& node, Pass& pass) {
    const Inputs z_dot = all_inputs(node, pass, 1);
    const Scalar* const v_dot = tangent_of(node);
    if (all_null(z_dot) && v_dot == nullptr) return;
    pass.zero[node.output] = false;
    node.kernel->jvp(derivative_point(node), z_dot, v_dot, pass.at(node.output));
  }

  void begin_cotangents(std::span<const Scalar> mu) {
    require_size(mu.size(), network_.output_elements(), "mu");
    Pass& bars = memory_.cotangents;
    if (!bars.is_planned()) {
      prepare(bars, plan_backward(network_, memory_.keep_cotangents));
      if (memory_.keep_cotangents) {
        memory_.known_mu = Buffer<Scalar>(network_.output_elements());
      }
      plan_sum();
    }
    memory_.cotangents_known = false;
    std::fill(bars.zero.begin(), bars.zero.end(), true);
    bars.zero[network_.output()] = false;
    copy(mu.data(), network_.output_elements(), bars.at(network_.output()));
  }

  void finish_cotangents(std::span<const Scalar> mu) {
    if (!memory_.keep_cotangents) return;
    copy(mu.data(), network_.output_elements(), memory_.known_mu.data());
    memory_.cotangents_known = true;
  }

  // Room for the cotangents of all inputs of a node whose values have other consumers.
  void plan_sum() {
    std::int64_t most = 0;
    for (const Node& node : network_.nodes()) {
      std::int64_t room = 0;
      for (const std::uint32_t input : node.inputs) {
        const auto& value = network_.values()[input];
        if (value.consumers.size() > 1) room += value.shape.elements();
      }
      most = std::max(most, room);
    }
    memory_.sum = Buffer<Scalar>(most);
  }

  // Where the cotangents of a node's inputs go: into the pass for the first consumer that writes,
  // behind `sum` for others.
  std::span<Scalar* const> targets(const Node& node, Pass& pass, bool with_input) {
    std::vector<Scalar*>& list = memory_.outputs;
    list.clear();
    Scalar* spare = memory_.sum.data();
    for (const std::uint32_t input : node.inputs) {
      const auto& value = network_.values()[input];
      if (!with_input && !value.depends_on_parameters) {
        list.push_back(nullptr);
      } else if (pass.zero[input]) {
        pass.zero[input] = false;
        list.push_back(pass.at(input));
      } else {
        list.push_back(spare);
        spare += value.shape.elements();
      }
    }
    return list;
  }
  void add_up(const Node& node, Pass& pass, std::span<Scalar* const> written) {
    for (std::size_t i = 0; i < written.size(); ++i) {
      Scalar* const total = pass.at(node.inputs[i]);
      if (written[i] == nullptr || written[i] == total) continue;
      add_scaled(Scalar{1}, written[i], network_.values()[node.inputs[i]].shape.elements(), total);
    }
  }

  // From the cotangent of a node's output to those of its inputs and parameters.
  void pull(const Node& node, Scalar* w_bar, bool with_input) {
    Pass& bars = memory_.cotangents;
    Scalar* const v_bar = parameter_target(node, w_bar);
    if (bars.zero[node.output]) {
      if (v_bar != nullptr) fill(v_bar, node.parameters, Scalar{0});
      add_up_parameters(node, w_bar);
      return;
    }
    const Scalar* const y_bar = bars.at(node.output);
    const auto written = targets(node, bars, with_input);
    node.kernel->vjp(derivative_point(node), y_bar, written, v_bar);
    add_up(node, bars, written);
    add_up_parameters(node, w_bar);
  }

  // The derivative of `pull`.
  void pull_tangent(const Node& node, Scalar* w_bar_dot, bool with_input) {
    Pass& dots = memory_.cotangent_tangents;
    Scalar* const v_bar_dot = parameter_target(node, w_bar_dot);
    const Scalar* const y_bar = memory_.cotangents.at(node.output);
    const Scalar* const y_bar_dot = dots.at(node.output);
    const Inputs z_dot = all_inputs(node, memory_.tangents, 1);
    const Scalar* const v_dot = tangent_of(node);
    if (y_bar == nullptr || (y_bar_dot == nullptr && v_dot == nullptr && all_null(z_dot))) {
      if (v_bar_dot != nullptr) fill(v_bar_dot, node.parameters, Scalar{0});
      add_up_parameters(node, w_bar_dot);
      return;
    }
    const auto written = targets(node, dots, with_input);
    node.kernel->hvp(derivative_point(node), z_dot, memory_.tangents.at(node.output), v_dot, y_bar,
                     y_bar_dot, written, v_bar_dot);
    add_up(node, dots, written);
    add_up_parameters(node, w_bar_dot);
  }

  // Where a node's part of `w_bar` is written: in its place, or, if a later node has been there, in
  // a buffer first.
  Scalar* parameter_target(const Node& node, Scalar* w_bar) {
    if (w_bar == nullptr || node.parameters == 0) return nullptr;
    if (!node.adds_parameters) return w_bar + node.offset;
    if (memory_.shared.size() == 0) memory_.shared = Buffer<Scalar>(network_.shared_elements());
    return memory_.shared.data();
  }
  void add_up_parameters(const Node& node, Scalar* w_bar) {
    if (w_bar == nullptr || !node.adds_parameters) return;
    add_scaled(Scalar{1}, memory_.shared.data(), node.parameters, w_bar + node.offset);
  }

  // At once where a node completes its layer: the next one may overwrite the value.
  void tell_layer(const Node& node) {
    if (node.layer == Network<Scalar>::none || trajectory_.observer() == nullptr) return;
    if (network_.output_of(node.layer) != node.output) return;
    trajectory_.observer()->on_layer(node.layer, network_.values()[node.output].shape,
                                     memory_.values.at(node.output));
  }

  using Report = void (Observer<Scalar>::*)(const Node&, double);
  template <class Work>
  void timed(const Node& node, Report report, const Work& work) {
    if (trajectory_.observer() == nullptr) return work();
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    (trajectory_.observer()->*report)(node, passed.count());
  }

  Trajectory<Scalar>& trajectory_;
  const Network<Scalar>& network_;
  typename Trajectory<Scalar>::Memory& memory_;
  const Scalar* w_dot_ = nullptr;
};

}  // namespace

template <class Scalar>
void forward(std::span<const Scalar> x, Trajectory<Scalar>& trajectory) {
  Sweep<Scalar>(trajectory).forward(x);
}

template <class Scalar>
Trajectory<Scalar> forward(const Network<Scalar>& network, std::span<const Scalar> x) {
  Trajectory<Scalar> trajectory(network);
  forward(x, trajectory);
  return trajectory;
}

template <class Scalar>
void vjp(Trajectory<Scalar>& trajectory, std::span<const Scalar> mu, std::span<Scalar> grad_w,
         std::span<Scalar> grad_x) {
  Sweep<Scalar>(trajectory).vjp(mu, grad_w, grad_x);
}

template <class Scalar>
void jvp(Trajectory<Scalar>& trajectory, std::span<const Scalar> w_dot,
         std::span<const Scalar> x_dot, std::span<Scalar> y_dot) {
  const auto& network = trajectory.network();
  require_size(y_dot.size(), network.output_elements(), "y_dot");
  auto& tangents = trajectory.memory().tangents;
  Sweep<Scalar>(trajectory).jvp(w_dot, x_dot, tangents, true);
  if (const Scalar* result = tangents.at(network.output())) {
    copy(result, network.output_elements(), y_dot.data());
  } else {
    fill(y_dot.data(), network.output_elements(), Scalar{0});
  }
}

template <class Scalar>
void hvp(Trajectory<Scalar>& trajectory, std::span<const Scalar> mu, std::span<const Scalar> w_dot,
         std::span<Scalar> h, const CotangentTangent<Scalar>& mu_dot) {
  require_size(w_dot.size(), trajectory.network().parameter_layout().elements, "w_dot");
  Sweep<Scalar>(trajectory).hvp(mu, w_dot, {}, h, {}, mu_dot);
}

template <class Scalar>
void joint_hvp(Trajectory<Scalar>& trajectory, std::span<const Scalar> mu,
               std::span<const Scalar> w_dot, std::span<const Scalar> x_dot, std::span<Scalar> h,
               std::span<Scalar> h_x) {
  Sweep<Scalar>(trajectory).hvp(mu, w_dot, x_dot, h, h_x, {});
}

template <class Scalar>
void second_directional(Trajectory<Scalar>& trajectory, std::span<const Scalar> w_dot,
                        std::span<Scalar> y_ddot) {
  const auto& network = trajectory.network();
  require_size(y_ddot.size(), network.output_elements(), "y_ddot");
  Sweep<Scalar>(trajectory).second(w_dot);
  if (const Scalar* result = trajectory.memory().second_tangents.at(network.output())) {
    copy(result, network.output_elements(), y_ddot.data());
  } else {
    fill(y_ddot.data(), network.output_elements(), Scalar{0});
  }
}

template void forward(std::span<const float>, Trajectory<float>&);
template Trajectory<float> forward(const Network<float>&, std::span<const float>);
template void vjp(Trajectory<float>&, std::span<const float>, std::span<float>, std::span<float>);
template void jvp(Trajectory<float>&, std::span<const float>, std::span<const float>,
                  std::span<float>);
template void hvp(Trajectory<float>&, std::span<const float>, std::span<const float>,
                  std::span<float>, const CotangentTangent<float>&);
template void joint_hvp(Trajectory<float>&, std::span<const float>, std::span<const float>,
                        std::span<const float>, std::span<float>, std::span<float>);
template void second_directional(Trajectory<float>&, std::span<const float>, std::span<float>);

template void forward(std::span<const double>, Trajectory<double>&);
template Trajectory<double> forward(const Network<double>&, std::span<const double>);
template void vjp(Trajectory<double>&, std::span<const double>, std::span<double>,
                  std::span<double>);
template void jvp(Trajectory<double>&, std::span<const double>, std::span<const double>,
                  std::span<double>);
template void hvp(Trajectory<double>&, std::span<const double>, std::span<const double>,
                  std::span<double>, const CotangentTangent<double>&);
template void joint_hvp(Trajectory<double>&, std::span<const double>, std::span<const double>,
                        std::span<const double>, std::span<double>, std::span<double>);
template void second_directional(Trajectory<double>&, std::span<const double>, std::span<double>);

}  // namespace smoothbound
