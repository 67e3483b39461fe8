// Composites become the layers that they stand for.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/read_network.hpp"

namespace smoothbound {
namespace {

using support::read_network;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string network(const std::string& layers) {
  return "batch: 3\nradius: 1.5\ninput: {shape: [4, 3], norm: 2}\nlayers:\n" + layers;
}

std::string refusal(const std::string& layers) {
  try {
    (void)read_network(network(layers));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error for\n" << layers;
  return "";
}

std::vector<std::string> names_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const Layer& layer : graph.layers) names.push_back(layer.name);
  return names;
}

// What stands behind `attention: 2` of four features, with `bias` and further keys of layers.
std::string written_out(const std::string& name, const std::string& from, const std::string& keys,
                        const std::string& share, int tokens = 3) {
  const auto layer = [&](const std::string& piece, const std::string& input) {
    const std::string shared = share.empty() ? "" : fmt::format(", share: {}{}", share, piece);
    return fmt::format("  - {{name: {}{}, from: {}, dense: {{units: 4, per: position}}{}{}", name,
                       piece, input, keys, shared);
  };
  std::string text;
  for (const std::string piece : {"_q", "_k", "_v"}) {
    text += layer(piece, from) + fmt::format(", then: [{{reshape: [2, 2, {}]}}]}}\n", tokens);
  }
  text += fmt::format(
      "  - {{name: {0}_s, matmul: {{inputs: [{0}_k, {0}_q], transpose: first, "
      "scale: 0.70710678118654752440084436210484903928}}, then: [{{softmax: height}}]}}\n"
      "  - {{name: {0}_m, matmul: [{0}_v, {0}_s], then: [{{reshape: [4, {1}]}}]}}\n",
      name, tokens);
  return text + layer("", name + "_m") + "}\n";
}

void expect_equal_bounds(const std::string& composed, const std::string& by_hand) {
  const support::Network a = read_network(network(composed));
  const support::Network b = read_network(network(by_hand));
  ASSERT_EQ(a.graph.layers.size(), b.graph.layers.size());
  EXPECT_EQ(a.graph.parameters, b.graph.parameters);
  EXPECT_EQ(a.graph.shared_groups, b.graph.shared_groups);
  for (const Method method : {Method::paper, Method::sharp}) {
    const BoundTable of_a = a.bounds(method);
    const BoundTable of_b = b.bounds(method);
    for (std::size_t layer = 0; layer < a.graph.layers.size(); ++layer) {
      const Triple& x = of_a.layers[layer];
      const Triple& y = of_b.layers[layer];
      SCOPED_TRACE(a.graph.layers[layer].name);
      EXPECT_DOUBLE_EQ(x.m.to_double(), y.m.to_double());
      EXPECT_DOUBLE_EQ(x.lipschitz.to_double(), y.lipschitz.to_double());
      EXPECT_DOUBLE_EQ(x.smoothness.to_double(), y.smoothness.to_double());
    }
  }
}

TEST(Composites, AttentionIsItsLayers) {
  const Graph graph =
      read_network(network("  - {name: a, attention: 2, then: [gelu]}\n  - {name: b, dense: 3}\n"))
          .graph;
  EXPECT_THAT(names_of(graph),
              ElementsAre("a.query", "a.key", "a.value", "a.scores", "a.mixture", "a", "b"));
  EXPECT_EQ(graph.layers[0].output, (Shape{2, 2, 3}));
  EXPECT_EQ(graph.layers[3].output, (Shape{2, 3, 3}));
  EXPECT_EQ(graph.layers[5].output, (Shape{4, 3}));
  EXPECT_EQ(graph.layers[5].components.size(), 2U);  // dense, gelu
  // Four projections of 4 x 4 with bias, and 12 x 3 + 3.
  EXPECT_EQ(graph.parameters, 4 * 20 + 39);
  EXPECT_THAT(graph.layers[6].inputs, ElementsAre(5U));
  EXPECT_EQ(graph.layers[2].location, graph.layers[5].location);
}

TEST(Composites, BoundsAreThoseOfTheLayersWrittenOut) {
  expect_equal_bounds("  - {name: z, attention: 2}\n", written_out("z", "input", "", ""));
  expect_equal_bounds("  - {name: z, attention: 2, bias: false, radius: 0.3}\n",
                      written_out("z", "input", ", bias: false, radius: 0.3", ""));
  expect_equal_bounds(
      "  - {name: z, attention: 2}\n  - {name: y, attention: {heads: 2}, share: z}\n",
      written_out("z", "input", "", "") + written_out("y", "z", "", "z"));
  const std::string stem = "  - {name: stem, dense: {units: 4, per: position}, then: [tanh]}\n";
  const std::string sum = "  - {name: sum, add: [z, stem], then: [softplus]}\n";
  expect_equal_bounds(stem + "  - {name: z, attention: 2}\n" + sum,
                      stem + written_out("z", "stem", "", "") + sum);
  expect_equal_bounds(stem + "  - {name: z, from: input, attention: 2}\n" + sum,
                      stem + written_out("z", "input", "", "") + sum);
}

TEST(Composites, ACausalOneMasksItsScores) {
  const Graph graph = read_network(network("  - {attention: {heads: 2, causal: true}}\n")).graph;
  const std::vector<PlacedComponent>& parts = graph.layers[3].components;
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(name_of(parts[1].component), "mask");
  const auto& mask = std::get<Mask>(parts[1].component);
  EXPECT_TRUE(mask.is_causal());
  EXPECT_EQ(mask.by.nearest, 1e4);
  // Of 3 keys by 3 queries in 2 heads: keys 1 and 2 for query 0, key 2 for query 1.
  EXPECT_EQ(mask.masked(graph.layers[3].output), 6);
}

TEST(Composites, PiecesCanBeRead) {
  const Graph graph =
      read_network(network("  - {name: a, attention: 2}\n  - {from: a.scores, dense: 3}\n")).graph;
  EXPECT_THAT(graph.layers.back().inputs, ElementsAre(3U));
  EXPECT_THAT(graph.unused, ElementsAre("a.value", "a.mixture", "a"));
}

TEST(Composites, Mistakes) {
  EXPECT_EQ(
      refusal("  - {name: a, attention: 3}\n"),
      "net.yaml:5:15: error: layer 'a.query': 3 heads do not divide the 4 features of [4, 3]\n"
      " 5 |   - {name: a, attention: 3}\n"
      "   |               ^\n"
      "hint: each head has the same number of channels\n");
  EXPECT_EQ(refusal("  - {dense: 4}\n  - {attention: 2}\n"),
            "net.yaml:6:6: error: layer 'layer2.query': attention reads [features, tokens], and "
            "not [4]\n"
            " 6 |   - {attention: 2}\n"
            "   |      ^\n"
            "hint: reshape brings positions into one axis\n");
  EXPECT_EQ(
      refusal("  - {name: z, dense: 4}\n  - {name: a, from: input, attention: 2, share: z}\n"),
      "net.yaml:6:49: error: the parameters of 'z' do not fit 'a'\n"
      " 6 |   - {name: a, from: input, attention: 2, share: z}\n"
      "   |                                                 ^\n"
      "hint: attention takes those of another attention\n");
  EXPECT_EQ(refusal("  - {attention: 2, dense: 4}\n"),
            "net.yaml:5:20: error: a layer has one affine part or merge; here are attention and "
            "dense\n"
            " 5 |   - {attention: 2, dense: 4}\n"
            "   |                    ^\n"
            "hint: make them two layers\n");
  EXPECT_EQ(refusal("  - {dense: 2, then: [attention: 2]}\n"),
            "net.yaml:5:23: error: attention does not belong in 'then'\n"
            " 5 |   - {dense: 2, then: [attention: 2]}\n"
            "   |                       ^\n"
            "hint: give it an entry of its own in 'layers', as its key: attention: ...\n");
  EXPECT_THAT(refusal("  - {attention: {}}\n"), HasSubstr("heads"));
  EXPECT_THAT(
      refusal("  - {name: a, attention: 2}\n  - {name: b, attention: 2, share: a, radius: 1}\n"),
      HasSubstr("has the parameters of 'a.query', and its own radius"));
  EXPECT_EQ(refusal("  - {name: a, attention: 2, share: b}\n"),
            "net.yaml:5:36: error: there is no layer 'b'\n"
            " 5 |   - {name: a, attention: 2, share: b}\n"
            "   |                                    ^\n"
            "hint: share names a layer before this one\n");
  EXPECT_EQ(refusal("  - {name: first, attention: 2}\n  - {attention: 2, share: frist}\n"),
            "net.yaml:6:27: error: there is no layer 'frist'\n"
            " 6 |   - {attention: 2, share: frist}\n"
            "   |                           ^\n"
            "hint: did you mean 'first'?\n");
  EXPECT_THAT(
      refusal("  - {name: a.key, dense: {units: 4, per: position}}\n  - {name: a, attention: 2}\n"),
      HasSubstr("two layers are named 'a.key'"));
}

}  // namespace
}  // namespace smoothbound
