// Transformers: nothing that a search reaches exceeds a bound.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "search/check.hpp"

namespace smoothbound::search {
namespace {

// Transformers of one to three blocks, some of which share parameters.
std::string random_transformer(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto one_of = [&](std::vector<std::string> values) {
    return values[static_cast<std::size_t>(random() % values.size())];
  };
  std::string text = fmt::format(
      "batch: {}\nradius: {}\ninput: {{shape: [4, {}], norm: {}}}\nlayers:\n"
      "  - {{name: z0, dense: {{units: 4, per: position}}}}\n",
      one_of({"1", "2"}), one_of({"1", "0.5", "2"}), one_of({"1", "2", "3", "6"}),
      one_of({"1", "0.4", "3"}));
  const int blocks = 1 + static_cast<int>(random() % 3);
  for (int i = 1; i <= blocks; ++i) {
    const std::string norm = "{layer_norm: {epsilon: 0.1, per: position, affine: true}}";
    const bool shares = i > 1 && random() % 2 == 0;
    const std::string before =
        random() % 2 == 0 ? fmt::format("z{}", i - 1) : fmt::format("n{}", i);
    text += fmt::format("  - {{name: n{}, from: z{}, then: [{}]}}\n", i, i - 1, norm);
    text += fmt::format("  - {{name: a{}, from: {}, attention: {{heads: 2, causal: {}}}{}}}\n", i,
                        before, random() % 2 == 0, shares ? ", share: a1" : "");
    text += fmt::format("  - {{name: z{}, {}: [a{}, z{}], then: [{}]}}\n", i,
                        one_of({"add", "add", "multiply"}), i, i - 1,
                        one_of({"tanh", "softplus", "identity"}));
  }
  return text;
}

// Whether what attention takes means of matters at the output.
bool has_use_of_rows(const support::Network& network) {
  const Triple with = network.bounds(Method::sharp).network();
  Inputs inputs = inputs_of(network.settings);
  inputs.refinements.attention = false;
  const Triple without = evaluate_bounds(network.graph, inputs, Method::sharp).network();
  return with.smoothness < without.smoothness;
}

TEST(Transformers, StayBelowTheirBounds) {
  const Wish wish(0, 150);
  Nearest nearest;
  std::uint64_t lowered = 0;
  for (std::uint64_t seed = wish.first; seed < wish.first + wish.count; ++seed) {
    const std::string text = random_transformer(seed);
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    nearest.set_context(fmt::format("seed {}", seed));
    const support::Network network = support::read_network(text);
    if (has_use_of_rows(network)) ++lowered;
    search_network(network, seed, wish.effort, nearest);
  }
  wish.print(nearest);
  EXPECT_GT(nearest.ratio("2 l"), 0.5);
  EXPECT_GT(nearest.ratio("2 L"), 0.2);
  for (const char* const level : {"t", "1"}) {
    EXPECT_GT(nearest.ratio(fmt::format("{} m", level)), 0.9);
    EXPECT_GT(nearest.ratio(fmt::format("{} l", level)), 0.5);
    EXPECT_GT(nearest.ratio(fmt::format("{} L", level)), 0.2);
  }
  EXPECT_GT(lowered, wish.count / 2);
}

// One layer of attention by itself, of up to four tokens.
TEST(Transformers, AttentionComesNearItsBounds) {
  const Wish wish(0, 60);
  Nearest nearest;
  for (std::uint64_t seed = wish.first; seed < wish.first + wish.count; ++seed) {
    const std::string text = fmt::format(
        "batch: {}\nradius: {}\ninput: {{shape: [{}, {}], norm: 3}}\nlayers:\n"
        "  - {{name: a, attention: {{heads: {}, causal: {}}}}}\n",
        1 + seed % 2, seed % 3 == 0 ? "2" : "1", 2, 1 + seed % 4, 1 + seed % 2, seed % 5 == 0);
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    nearest.set_context(fmt::format("seed {}", seed));
    search_network(support::read_network(text), seed, wish.effort, nearest);
  }
  wish.print(nearest);
  EXPECT_GT(nearest.ratio("t m"), 0.9);
  EXPECT_GT(nearest.ratio("sp l"), 0.3);
  EXPECT_GT(nearest.ratio("sp L"), 0.15);
}

}  // namespace
}  // namespace smoothbound::search
