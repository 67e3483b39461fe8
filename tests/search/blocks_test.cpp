// What single blocks make of a value, and all gradients of a scalar that is small: nothing that a
// search reaches exceeds the numbers of section "Unsaturated scalars" of docs/theory.md.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "search/block_adversary.hpp"
#include "search/check.hpp"

namespace smoothbound::search {
namespace {

// Layers of the shapes that E is about; radii and the input's norm come in front.
constexpr std::array stacks{
    "shape: [1], layers: [{dense: 1}, {dense: 1}]",
    "shape: [2], layers: [{dense: 2, bias: false}, {dense: 1, bias: false}]",
    "shape: [2], layers: [{dense: 2, bias: false}, {dense: 2, bias: false}, "
    "{dense: 1, bias: false}]",
    "shape: [1], layers: [{dense: 1, bias: false, then: [softplus]}, {dense: 1, then: [softplus]}, "
    "{dense: 1, bias: false}]",
    "shape: [2], layers: [{dense: 2, then: [softplus: 3]}, {dense: 3, bias: false, then: "
    "[softplus: 0.2]}, {dense: 2}]",
    "shape: [2], layers: [{radius: 0.3, dense: 2, bias: false, then: [softplus]}, {radius: 3, "
    "dense: 2, bias: false, then: [softplus]}, {radius: 1, dense: 2, then: [softplus]}, "
    "{radius: 0.5, dense: 1, bias: false}]",
    "shape: [2], layers: [{dense: 2, bias: false, then: [smooth_leaky_relu]}, {dense: 2, bias: "
    "false, then: [smooth_leaky_relu]}, {dense: 2, bias: false}]",
    "shape: [1], layers: [{name: a, dense: 1, bias: false}, {name: b, dense: 1, bias: false}, "
    "{name: c, dense: 1, bias: false}, {name: d, from: input, dense: 1, bias: false}, {name: e, "
    "dense: 1, bias: false}, {name: f, dense: 1, bias: false}, {name: y, add: [c, f]}]",
    "shape: [2], layers: [{name: a, dense: 2, then: [softplus]}, {name: b, from: a, dense: 2}, "
    "{name: y, add: [a, b]}, {name: z, dense: 1, bias: false, then: [softplus]}, {name: u, from: "
    "y, dense: 2}, {name: w, concat: [z, u]}, {dense: 1}]",
    "shape: [1, 5], layers: [{conv: {filters: 2, kernel: 3, padding: 1}, bias: false, then: "
    "[softplus]}, {conv: {filters: 2, kernel: 3, padding: 1}, then: [softplus]}, {then: "
    "[average_pool: 2]}, {conv: {filters: 1, kernel: 2}}]",
    "shape: [1, 4, 4], layers: [{conv: {filters: 1, kernel: 3, padding: 1}, then: [softplus]}, "
    "{conv_transposed: {filters: 2, kernel: 2, stride: 2}, bias: false, then: [softplus]}, {conv: "
    "{filters: 1, kernel: 3, stride: 2, padding: 1}, bias: false}]",
    "shape: [1, 4], layers: [{name: a, conv: {filters: 1, kernel: 3, padding: 1}, bias: false, "
    "then: [softplus]}, {name: b, conv: {filters: 1, kernel: 2, padding: same}}, {name: y, add: "
    "[a, b]}, {dense: 3, then: [softplus]}, {dense: 1, bias: false}]",
    "shape: [3], layers: [{dense: 2, then: [softplus]}, {dense: 2, bias: false, then: [softplus]}, "
    "{dense: 2, bias: false, then: [softplus]}, {dense: 2, bias: false, then: [softplus]}, "
    "{dense: 2, bias: false, then: [softplus]}, {dense: 2, bias: false}]",
};

std::string text_of(std::string_view stack, std::mt19937_64& random) {
  const auto one_of = [&](std::initializer_list<const char*> values) {
    return values.begin()[random() % values.size()];
  };
  const std::size_t split = stack.find(", layers: ");
  return fmt::format("{{batch: {}, radius: {}, input: {{{}, norm: {}}}{}}}",
                     one_of({"1", "1", "2"}), one_of({"1", "0.4", "2", "5"}),
                     stack.substr(0, split), one_of({"1", "0.3", "6"}), stack.substr(split));
}

TEST(Blocks, StayBelowTheirNumbers) {
  const Wish wish(0, 2);
  BlockFindings largest;
  for (std::uint64_t seed = wish.first; seed < wish.first + wish.count; ++seed) {
    std::mt19937_64 random(seed);
    for (const char* const stack : stacks) {
      const std::string text = text_of(stack, random);
      SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
      const support::Network network = support::read_network(text);
      ASSERT_TRUE(network.bounds(Method::sharp).value(network.graph.output()).knows_blocks());
      Network<double> run(network.graph, network.settings.batch);
      const Region region(network, run.parameter_layout());
      Effort effort = wish.effort;
      effort.ascents *= 8;
      const BlockFindings found = BlockAdversary(network, region, run, seed).search(effort);
      constexpr double rounding = 1e-9;
      EXPECT_LE(found.l, 1 + rounding);
      EXPECT_LE(found.o, 1 + rounding);
      EXPECT_LE(found.gradient, 1 + rounding);
      if (wish.is_given) {
        fmt::print("{:.6f} {:.6f} {:.6f} seed {} {}\n", found.l, found.o, found.gradient, seed,
                   text);
      }
      largest.l = std::max(largest.l, found.l);
      largest.o = std::max(largest.o, found.o);
      largest.gradient = std::max(largest.gradient, found.gradient);
    }
  }
  EXPECT_GT(largest.l, 0.95);
  EXPECT_GT(largest.o, 0.95);
  EXPECT_GT(largest.gradient, 0.8);
}

}  // namespace
}  // namespace smoothbound::search
