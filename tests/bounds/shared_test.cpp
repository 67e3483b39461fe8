// Networks whose layers share parameters: numbers worked out by hand, and what a share is refused
// for.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "smoothbound/bounds/evaluate.hpp"
#include "support/read_network.hpp"

namespace smoothbound {
namespace {

using support::Network;
using support::read_network;

Triple sharp_bounds(const std::string& layers) {
  const Network network = read_network("input: {shape: [1], norm: 1}\nlayers:\n" + layers);
  return network.bounds(Method::sharp).network();
}

constexpr std::string_view no_bias = "dense: 1, bias: false";

// z = v^T x for a number v: l = T, L = T (T - 1).
TEST(Share, AChainOfOneBlockIsExact) {
  std::string layers = fmt::format("  - {{name: v, {}}}\n", no_bias);
  for (int uses = 2; uses <= 8; ++uses) {
    layers += fmt::format("  - {{{}, share: v}}\n", no_bias);
    const Triple bounds = sharp_bounds(layers);
    EXPECT_EQ(bounds.lipschitz, Magnitude::from_count(uses));
    EXPECT_EQ(bounds.smoothness, Magnitude::from_count(uses * (uses - 1)));
  }
}

// v a x + v b x: a and b are different roots, and v is shared.
TEST(Share, BranchesThatShareABlockFurtherDown) {
  const Triple bounds = sharp_bounds(
      fmt::format("  - {{name: a, {0}}}\n  - {{name: va, {0}}}\n  - {{name: b, from: input, {0}}}\n"
                  "  - {{name: vb, {0}, share: va}}\n  - {{add: [va, vb]}}\n",
                  no_bias));
  EXPECT_NEAR(bounds.lipschitz.to_double(), std::sqrt(6), 1e-15);
  EXPECT_NEAR(bounds.smoothness.to_double(), std::sqrt(2), 1e-15);
}

// The same block in both branches of each merge.
TEST(Share, MergesOfOneBlock) {
  const auto of = [](const std::string& merge) {
    return sharp_bounds(
        fmt::format("  - {{name: a, {0}}}\n  - {{name: b, from: input, {0}, share: a}}"
                    "\n  - {{{1}: [a, b]}}\n",
                    no_bias, merge));
  };
  EXPECT_EQ(of("add").lipschitz, Magnitude::from_count(2));
  EXPECT_EQ(of("add").smoothness, Magnitude());
  EXPECT_EQ(of("multiply").lipschitz, Magnitude::from_count(2));
  EXPECT_EQ(of("multiply").smoothness, Magnitude::from_count(2));
  EXPECT_NEAR(of("concat").lipschitz.to_double(), std::sqrt(2), 1e-15);
  EXPECT_EQ(of("concat").smoothness, Magnitude());
}

// Each block counts once.
TEST(Share, ParametersAreCountedOnce) {
  const Network network = read_network(
      "input: {shape: [3], norm: 1}\nlayers:\n  - {name: a, dense: 3, radius: 2}\n"
      "  - {name: b, dense: 3, share: a}\n  - {dense: 2}\n");
  EXPECT_EQ(network.graph.parameters, 12 + 8);
  EXPECT_EQ(network.graph.layers[1].parameters, 0);
  EXPECT_EQ(network.graph.blocks.size(), 2U);
  EXPECT_EQ(network.graph.shared_groups, 1U);
  for (const Method method : {Method::paper, Method::sharp}) {
    EXPECT_NEAR(network.bounds(method).parameter_norm.to_double(), std::sqrt(5), 1e-15);
  }
}

// Of more shared blocks than there are groups the last ones are one group: never less than apart.
TEST(Share, ManySharedBlocks) {
  const auto network = [](int blocks) {
    std::string first;
    std::string again;
    for (int i = 0; i < blocks; ++i) {
      first += fmt::format("  - {{name: v{}, {}}}\n", i, no_bias);
      again += fmt::format("  - {{share: v{}, {}}}\n", i, no_bias);
    }
    return sharp_bounds(first + again);
  };
  // v_1^2 ... v_n^2: the gradient has n entries 2; H has 2 on the diagonal, else 4.
  for (const int blocks : {2, 7, 8}) {
    const Triple bounds = network(blocks);
    EXPECT_NEAR(bounds.lipschitz.to_double(), 2 * std::sqrt(blocks), 1e-12) << blocks;
    EXPECT_NEAR(bounds.smoothness.to_double(), 2 + 4 * (blocks - 1), 1e-6) << blocks;
  }
  EXPECT_GE(network(12).lipschitz.to_double(), 2 * std::sqrt(12));
  EXPECT_GE(network(12).smoothness.to_double(), 2 + 4 * 11);
  EXPECT_LE(network(12).smoothness.to_double(), 24 * 23);  // as if all were one
}

std::string refusal_of(const std::string& layers) {
  const Source source{"net.yaml", "input: {shape: [4], norm: 1}\nlayers:\n" + layers};
  try {
    build_graph(read_spec(source), 1);
  } catch (const SpecError& error) {
    return std::string(error.what()) + "; " + error.hint;
  }
  return "";
}

// A value is not affine in a block that is used again; and without growth norms of values are no
// bounds of them where blocks are larger.
TEST(Share, SingleBlocksAreKnownWhereEachIsUsedOnce) {
  const auto knows_blocks = [](const std::string& settings, bool growth) {
    const Network network = read_network(fmt::format(
        "input: {{shape: [2], norm: 1}}\nlayers:\n  - {{name: v, dense: 2, then: [softplus]}}\n"
        "  - {{dense: 2{}}}\n",
        settings));
    Inputs inputs = inputs_of(network.settings);
    inputs.refinements.growth = growth;
    const BoundTable table = evaluate_bounds(network.graph, inputs, Method::sharp);
    return table.value(network.graph.output()).knows_blocks();
  };
  EXPECT_TRUE(knows_blocks("", true));
  EXPECT_FALSE(knows_blocks("", false));
  EXPECT_FALSE(knows_blocks(", share: v", true));
}

TEST(Share, IsRefusedWhereItDoesNotFit) {
  const std::string a = "  - {name: a, dense: 4}\n";
  const auto misfit_of = [](const std::string& reason) {
    return "the parameters of 'a' do not fit 'b'" + reason +
           "; give it the same components with parameters, of the same sizes; a table of an "
           "embedding is also the weights of dense with per: position and bias: false";
  };
  EXPECT_EQ(refusal_of(a + "  - {name: b, dense: 5, share: a}\n"),
            misfit_of(": dense with 20 parameters there, dense with 25 here"));
  EXPECT_EQ(refusal_of(a + "  - {name: b, dense: 4, bias: false, share: a}\n"),
            misfit_of(": dense with 20 parameters there, dense with 16 here"));
  EXPECT_EQ(
      refusal_of(a + "  - {name: b, dense: 4, share: a, then: [{layer_norm: {affine: true}}]}\n"),
      misfit_of(""));
  EXPECT_EQ(refusal_of(a + "  - {name: b, share: a, then: [tanh]}\n"), misfit_of(""));
  // As many numbers, in other arrays.
  EXPECT_EQ(refusal_of("  - {name: a, dense: 1, bias: false}\n"
                       "  - {name: c, from: input, dense: 2}\n"
                       "  - {name: b, dense: 2, bias: false, share: a}\n"),
            misfit_of(": dense with 4 parameters there, dense with 4 here"));
  EXPECT_EQ(
      refusal_of("  - {name: a, then: [{layer_norm: {affine: true, shift: false}}]}\n"
                 "  - {name: b, share: a, then: [{layer_norm: {affine: true, scale: false}}]}\n"),
      misfit_of(": layer_norm with 4 parameters there, layer_norm with 4 here"));
  EXPECT_EQ(
      refusal_of("  - {name: a, parameter: [2, 6]}\n  - {name: b, parameter: [3, 4], share: a}\n"),
      misfit_of(": parameter with 12 parameters there, parameter with 12 here"));
  EXPECT_EQ(refusal_of("  - {name: r, from: input, then: [{reshape: [1, 2, 2]}]}\n"
                       "  - {name: a, conv: {filters: 2, kernel: [1, 2]}}\n"
                       "  - {name: b, from: r, conv: {filters: 2, kernel: [2, 1]}, share: a}\n"),
            misfit_of(": conv with 6 parameters there, conv with 6 here"));
  // A table is a matrix of weights, without a bias and of its sizes.
  const std::string table = "  - {name: a, embedding: {entries: 6, features: 2}}\n";
  EXPECT_EQ(refusal_of(table + "  - {name: b, dense: {units: 6, per: position}, share: a}\n"),
            misfit_of(": embedding with 12 parameters there, dense with 18 here"));
  EXPECT_EQ(refusal_of(table + "  - {name: c, dense: {units: 3, per: position}}\n"
                               "  - {name: b, dense: {units: 4, per: position}, bias: false, "
                               "share: a}\n"),
            misfit_of(": embedding with 12 parameters there, dense with 12 here"));
  EXPECT_EQ(refusal_of(table + "  - {name: b, dense: {units: 6, per: position}, bias: false, "
                               "share: a}\n"),
            "");
  EXPECT_EQ(refusal_of("  - {name: a, then: [{prelu: {radius: 2}}]}\n"
                       "  - {name: b, share: a, then: [{prelu: {radius: 2}}]}\n"),
            misfit_of(", whose prelu has a radius of its own"));
  EXPECT_EQ(refusal_of("  - {name: t, then: [tanh]}\n  - {name: b, dense: 4, share: t}\n"),
            "layer 't' has no parameters to share; name a layer with weights, or remove 'share'");
  EXPECT_EQ(
      refusal_of(a + "  - {name: b, dense: 4, share: c}\n"),
      "there is no layer 'c'; layers are called by their 'name'; the network's input is 'input'");
  EXPECT_EQ(refusal_of(a + "  - {name: b, dense: 4, share: b}\n"),
            "layer 'b' cannot take the parameters of 'b'; name another layer");
  EXPECT_EQ(refusal_of(a + "  - {name: b, dense: 4, share: input}\n"),
            "layer 'b' cannot take the parameters of 'input'; name another layer");
  EXPECT_EQ(refusal_of(a + "  - {name: b, dense: 4, radius: 2, share: a}\n"),
            "layer 'b' has the parameters of 'a', and its own radius; remove 'radius': that of the "
            "other layer holds");
  EXPECT_EQ(refusal_of("  - {name: b, dense: 4, share: a}\n" + a),
            "layer 'b' comes before 'a', whose parameters it takes; share has to name an earlier "
            "layer: exchange the two");
  // What follows from another mistake is none.
  EXPECT_EQ(
      refusal_of("  - {name: a, dense: x}\n  - {name: b, dense: 4, share: a}\n").substr(0, 22),
      "units must be a number");
}

}  // namespace
}  // namespace smoothbound
