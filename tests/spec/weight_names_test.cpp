// `weights:` in architecture files: what it becomes, and what is refused.
#include <gmock/gmock.h>

#include "rendered.hpp"
#include "smoothbound/spec/meaning.hpp"

namespace smoothbound::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Spec spec_of(const std::string& layers) {
  return read_spec({"n.yaml", "input: {shape: [3, 8, 8]}\nlayers: [" + layers + "]\n"});
}

std::string message_for(const std::string& layers) {
  return rendered("n.yaml", "input: {shape: [3, 8, 8]}\nlayers:\n" + layers);
}

TEST(WeightNames, AreAPrefixOrNamesOneByOne) {
  const Spec spec = spec_of(
      "{conv: {filters: 4, kernel: 3}, weights: {weight: a.w, bias: 'b'}, then: [{batch_norm: "
      "{weights: layer1.0.bn1}}, {prelu: {weights: {weight: slope}}}, relu]}");
  const std::vector<PlacedComponent>& parts = spec.layers.front().components;
  ASSERT_EQ(parts.size(), 4U);
  ASSERT_NE(parts[0].weights, nullptr);
  EXPECT_EQ(parts[0].weights->prefix, "");
  EXPECT_THAT(parts[0].weights->exact, ElementsAre(Pair("weight", "a.w"), Pair("bias", "b")));
  ASSERT_NE(parts[1].weights, nullptr);
  EXPECT_EQ(parts[1].weights->prefix, "layer1.0.bn1");
  ASSERT_NE(parts[2].weights, nullptr);
  EXPECT_THAT(parts[2].weights->exact, ElementsAre(Pair("weight", "slope")));
  EXPECT_EQ(parts[3].weights, nullptr);
}

TEST(WeightNames, BelongToEveryComponentWithArrays) {
  for (const std::string norm :
       {"batch_norm: {affine: true, ", "layer_norm: {", "instance_norm: {", "rms_norm: {",
        "group_norm: {groups: 2, ", "prelu: {", "smooth_prelu: {"}) {
    EXPECT_EQ(
        message_for("  - {conv: {filters: 4, kernel: 3}, then: [{" + norm + "weights: p}}]}\n"),
        "");
  }
}

TEST(WeightNames, DoNotChangeWhatAFileMeans) {
  const std::string with = "{name: a, dense: 3, weights: fc, then: [{layer_norm: {weights: n}}]}";
  const std::string without = "{name: a, dense: 3, then: [layer_norm]}";
  EXPECT_EQ(meaning_of(spec_of(with)).all, meaning_of(spec_of(without)).all);
}

TEST(WeightNames, OfAnAttentionAreThoseOfItsPieces) {
  const std::string input = "input: {shape: [4, 6]}\nlayers: [{name: att, attention: 2";
  const auto graph_of = [&](const std::string& rest) {
    return build_graph(read_spec({"n.yaml", input + rest + "}]"}), 1);
  };
  const auto weights_of = [](const Graph& graph, std::string_view name) {
    const auto layer = std::ranges::find(graph.layers, name, &Layer::name);
    return layer->components.front().weights;
  };
  const Graph named = graph_of(", weights: encoder.attn");
  EXPECT_EQ(weights_of(named, "att.key")->prefix, "encoder.attn.key");
  EXPECT_EQ(weights_of(named, "att.key")->others.front().beginning, "encoder.attn.in_proj_");
  EXPECT_EQ(weights_of(named, "att.key")->others.front().part, 1U);
  EXPECT_EQ(weights_of(named, "att.key")->others.front().parts, 3U);
  EXPECT_EQ(weights_of(named, "att")->prefix, "encoder.attn");
  EXPECT_EQ(weights_of(named, "att")->others.front().beginning, "encoder.attn.out_proj.");
  EXPECT_EQ(weights_of(named, "att.scores"), nullptr);
  const Graph usual = graph_of("");
  EXPECT_EQ(weights_of(usual, "att.query")->prefix, "");
  EXPECT_EQ(weights_of(usual, "att.query")->others.front().beginning, "att.in_proj_");
  const Graph single = graph_of(", weights: {query: q, output: proj.out}");
  EXPECT_EQ(weights_of(single, "att.query")->prefix, "q");
  EXPECT_EQ(weights_of(single, "att")->prefix, "proj.out");
  EXPECT_EQ(weights_of(single, "att.value")->prefix, "");
  const Graph packed = graph_of(", weights: {qkv: attn.qkv, value: v, output: proj}");
  EXPECT_EQ(weights_of(packed, "att.query")->prefix, "");
  ASSERT_EQ(weights_of(packed, "att.key")->others.size(), 1U);
  EXPECT_EQ(weights_of(packed, "att.key")->others.front().beginning, "attn.qkv.");
  EXPECT_EQ(weights_of(packed, "att.key")->others.front().part, 1U);
  EXPECT_EQ(weights_of(packed, "att.key")->others.front().parts, 3U);
  EXPECT_EQ(weights_of(packed, "att.value")->prefix, "v");
  EXPECT_TRUE(weights_of(packed, "att.value")->others.empty());
  EXPECT_EQ(weights_of(packed, "att")->prefix, "proj");
}

TEST(WeightNames, AreRefusedWhereTheyMakeNoSense) {
  EXPECT_EQ(message_for("  - {dense: 4, weights: [a, b]}\n"),
            "n.yaml:3:25: error: weights must be a prefix of names or a mapping, not a list\n"
            " 3 |   - {dense: 4, weights: [a, b]}\n"
            "   |                         ^\n"
            "hint: for example weights: layer1.0.conv1, or weights: {weight: fc.w, bias: fc.b}\n");
  EXPECT_THAT(message_for("  - {dense: 4, weights: ''}\n"), HasSubstr("error: weights is empty\n"));
  EXPECT_THAT(message_for("  - {dense: 4, weights: ''}\n"),
              HasSubstr("hint: write the name that the file has, or leave the key out\n"));
  EXPECT_THAT(message_for("  - {dense: 4, weights: 0}\n"),
              HasSubstr("error: weights must be text, not '0'\n"));
  EXPECT_THAT(
      message_for("  - {dense: 4, weights: {wieght: a, bias: 3}}\n"),
      AllOf(HasSubstr("error: unknown key 'wieght' in weights\n"),
            HasSubstr("did you mean 'weight'?"), HasSubstr("error: bias must be text, not '3'\n")));
  EXPECT_THAT(message_for("  - {dense: 4, weights: {running_mean: a}}\n"),
              HasSubstr("error: unknown key 'running_mean' in weights\n"));
  EXPECT_THAT(message_for("  - {then: [relu], weights: a}\n"),
              AllOf(HasSubstr("3:20: error: this layer begins with nothing that has weights\n"),
                    HasSubstr("hint: of what stands in 'then' they are a setting, as in then: "
                              "[{batch_norm: {weights: bn1}}]\n")));
  EXPECT_THAT(message_for("  - {name: a, dense: 3}\n  - {share: a, dense: 3, weights: b}\n"),
              AllOf(HasSubstr("error: this layer has no weights of its own: it takes those of "
                              "'a'\n"),
                    HasSubstr("hint: remove 'weights', or write it in that layer\n")));
  EXPECT_THAT(message_for("  - {dense: 4, then: [{relu: {weights: a}}]}\n"),
              HasSubstr("error: 'weights' is not a setting of relu\n"));
  EXPECT_THAT(message_for("  - {conv: {filters: 4, kernel: 1, weights: a}}\n"),
              AllOf(HasSubstr("error: 'weights' is not a setting of conv\n"),
                    HasSubstr("hint: write it beside 'conv', as a key of the layer itself\n")));
}

}  // namespace
}  // namespace smoothbound::test
