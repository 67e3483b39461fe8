// Kernels take no more working memory than they say.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <vector>

#include "smoothbound/runtime/network.hpp"
#include "support/read_network.hpp"

namespace smoothbound {
namespace {

// The smallest network of a layer, with a wall behind what its kernels asked for.
template <class Scalar>
void run_with_wall(const std::string& text) {
  const Graph graph = support::read_network(text).graph;
  Network<Scalar> network(graph, 2);
  for (Scalar& w : network.parameters()) w = Scalar{0.5};
  network.update_parameters();
  for (const auto& node : network.nodes()) {
    constexpr Scalar wall = 12345;
    constexpr std::size_t width = 4096;
    const auto asked = static_cast<std::size_t>(node.kernel->scratch_elements());
    std::vector<Scalar> scratch(asked + width, wall);
    const auto count = [&](std::uint32_t value) {
      return static_cast<std::size_t>(network.values()[value].shape.elements());
    };
    std::vector<std::vector<Scalar>> z;
    std::vector<const Scalar*> inputs;
    std::vector<Scalar*> bars;
    std::vector<std::vector<Scalar>> of_inputs;
    for (const std::uint32_t input : node.inputs) {
      z.emplace_back(count(input), Scalar{0.25});
      of_inputs.emplace_back(count(input));
    }
    for (std::size_t i = 0; i < z.size(); ++i) {
      inputs.push_back(z[i].data());
      bars.push_back(of_inputs[i].data());
    }
    std::vector<Scalar> y(count(node.output));
    std::vector<Scalar> out(y.size());
    std::vector<Scalar> v_bar(static_cast<std::size_t>(node.parameters));
    std::vector<std::byte> state(static_cast<std::size_t>(network.state_bytes()));
    kernels::Point<Scalar> at{
        inputs, nullptr, network.parameters_of(node, network.parameters().data(), network.packed()),
        state.data(), scratch.data()};
    node.kernel->forward(at, y.data());
    at.y = y.data();
    node.kernel->jvp(at, inputs, nullptr, out.data());
    node.kernel->vjp(at, y.data(), bars, v_bar.empty() ? nullptr : v_bar.data());
    for (std::size_t i = asked; i < scratch.size(); ++i) ASSERT_EQ(scratch[i], wall) << i - asked;
  }
}

TEST(Scratch, IsNotExceeded) {
  for (const char* const network :
       {"[100, 1, 1]}\nlayers: [{conv: {filters: 100, kernel: 1, groups: 100}}]",
        "[64, 3, 3]}\nlayers: [{conv: {filters: 64, kernel: 3, groups: 64}}]",
        "[64, 5, 5]}\nlayers: [{conv: {filters: 64, kernel: 3, groups: 64}}]",
        "[8, 5, 5]}\nlayers: [{conv: {filters: 4, kernel: 3}}]",
        "[8, 3, 3]}\nlayers: [{conv: {filters: 4, kernel: 3}}]",
        "[32, 1, 1]}\nlayers: [{conv_transposed: {filters: 32, kernel: 1, groups: 32}}]",
        "[32, 2, 2]}\nlayers: [{conv_transposed: {filters: 32, kernel: 2, groups: 32}}]",
        "[40]}\nlayers: [{dense: 30}]",
        "[4, 6, 6]}\nlayers: [{then: [{max_pool: 2}]}, {then: [{average_pool: 3}]}]"}) {
    SCOPED_TRACE(network);
    const std::string text = std::string("input: {shape: ") + network + "\n";
    run_with_wall<double>(text);
    run_with_wall<float>(text);
  }
}

}  // namespace
}  // namespace smoothbound
