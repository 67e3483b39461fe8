// Activations that a convolution computes on the way: nothing but the time may change.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "runtime/networks.hpp"

namespace smoothbound {
namespace {

using testing::graph_of;
using testing::random_vector;

// A random network of convolutions with `activation` behind each, and one dense layer.
std::string random_network(std::mt19937_64& random, const std::string& activation) {
  const auto one_of = [&](std::initializer_list<int> values) {
    return *(values.begin() + random() % values.size());
  };
  int channels = one_of({1, 3, 8, 16});
  std::string text = fmt::format("input: {{shape: [{}, {}, {}], norm: 1}}\nlayers:\n", channels,
                                 one_of({7, 12}), one_of({9, 14}));
  for (int layer = 0; layer < 3; ++layer) {
    const bool pooled = layer == 0 && random() % 2 == 0;
    const int filters = one_of({5, 6, 8, 9, 16, 32});
    // Few channels in each of several groups: oneDNN takes matrix products, where ReLU has -0.
    const int groups = channels % 3 == 0 && filters % 3 == 0 ? 3 : 1;
    channels = filters;
    text += fmt::format(
        "  - conv: {{filters: {}, kernel: {}, stride: {}, groups: {}, padding: same}}\n    bias: "
        "{}\n"
        "    then: [{}{}]\n",
        filters, one_of({1, 2, 3}), one_of({1, 1, 2}), groups, random() % 2 == 0 ? "true" : "false",
        activation, pooled ? ", max_pool: 2" : "");
  }
  text += fmt::format("  - dense: 6\n    then: [{}]\n  - dense: 3\n", activation);
  return text;
}

template <class Scalar>
struct Results {
  std::vector<Scalar> y, grad_w, grad_x, y_dot, h, y_ddot;
};

template <class Scalar>
Results<Scalar> results_of(const Network<Scalar>& network, const std::vector<Scalar>& x,
                           std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::size_t parameters = network.parameters().size();
  const auto outputs = static_cast<std::size_t>(network.output_elements());
  const auto mu = random_vector<Scalar>(outputs, random);
  const auto w_dot = random_vector<Scalar>(parameters, random);
  const auto x_dot = random_vector<Scalar>(x.size(), random);
  Results<Scalar> r{std::vector<Scalar>(outputs),    std::vector<Scalar>(parameters),
                    std::vector<Scalar>(x.size()),   std::vector<Scalar>(outputs),
                    std::vector<Scalar>(parameters), std::vector<Scalar>(outputs)};
  Trajectory<Scalar> trajectory(network);
  forward<Scalar>(x, trajectory);
  std::ranges::copy(trajectory.output(), r.y.begin());
  vjp<Scalar>(trajectory, mu, r.grad_w, r.grad_x);
  jvp<Scalar>(trajectory, w_dot, x_dot, r.y_dot);
  hvp<Scalar>(trajectory, mu, w_dot, r.h);
  second_directional<Scalar>(trajectory, w_dot, r.y_ddot);
  return r;
}

template <class Scalar>
std::int64_t fused_nodes(const Network<Scalar>& network) {
  return std::ranges::count_if(network.nodes(), [](const auto& node) { return node.fused; });
}

// Compares the network with the same one whose activations stand behind an identity; returns how
// many of its activations are fused.
template <class Scalar>
std::int64_t compare(const std::string& activation, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::mt19937_64 again(seed);
  constexpr std::int64_t batch = 3;
  Network<Scalar> fused(graph_of(random_network(random, activation), batch), batch);
  Network<Scalar> apart(graph_of(random_network(again, "identity, " + activation), batch), batch);
  EXPECT_EQ(fused_nodes(apart), 0);
  auto w = random_vector<Scalar>(fused.parameters().size(), random, 0.3);
  for (const ParameterArray& array : fused.parameter_layout().arrays) {
    if (array.name.ends_with(".bias") && random() % 2 == 0) {
      std::fill_n(w.begin() + array.offset, array.elements, Scalar{0});
    }
  }
  fused.set_parameters(w);
  apart.set_parameters(w);
  // The last sample is 0: without bias, so is every argument, and the kink is met.
  auto x = random_vector<Scalar>(static_cast<std::size_t>(fused.input_elements()), random);
  std::fill(x.end() - fused.input_elements() / batch, x.end(), Scalar{0});
  const Results<Scalar> a = results_of<Scalar>(fused, x, seed);
  const Results<Scalar> b = results_of<Scalar>(apart, x, seed);
  EXPECT_EQ(std::memcmp(a.y.data(), b.y.data(), a.y.size() * sizeof(Scalar)), 0);
  // The identity makes 0 of cotangents that are -0, so not by their bits.
  EXPECT_TRUE(a.grad_w == b.grad_w);
  EXPECT_TRUE(a.grad_x == b.grad_x);
  EXPECT_TRUE(a.y_dot == b.y_dot);
  EXPECT_TRUE(a.h == b.h);
  EXPECT_TRUE(a.y_ddot == b.y_ddot);
  return fused_nodes(fused);
}

constexpr std::uint64_t seeds = 20;

TEST(Fusion, ChangesNoBitInFloat32) {
  for (const std::string activation : {"relu", "leaky_relu: 0.3", "leaky_relu: 1e-30"}) {
    std::int64_t fused = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      SCOPED_TRACE(fmt::format("{}, seed {}", activation, seed));
      fused += compare<float>(activation, seed);
    }
    EXPECT_GT(fused, 2 * seeds) << activation;
  }
}

TEST(Fusion, IsLeftAloneWhereItWouldNotBeExact) {
  for (const std::string activation : {"leaky_relu: 0", "softplus", "relu6"}) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      SCOPED_TRACE(fmt::format("{}, seed {}", activation, seed));
      EXPECT_EQ(compare<float>(activation, seed), 0);
    }
  }
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    SCOPED_TRACE(fmt::format("float64, seed {}", seed));
    EXPECT_EQ(compare<double>("relu", seed), 0);
  }
}

}  // namespace
}  // namespace smoothbound
