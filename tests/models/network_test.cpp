#include "smoothbound/models/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/layers/composite.hpp"
#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound::models {
namespace {

Step head(std::string component, std::vector<Setting> settings, StepId input, const Shape& output,
          std::string name) {
  Step step;
  step.kind = Step::Kind::head;
  step.component = std::move(component);
  step.settings = std::move(settings);
  step.inputs = {input};
  step.output = output;
  step.name = std::move(name);
  return step;
}

Step map(std::string component, std::vector<Setting> settings, StepId input, const Shape& output) {
  Step step = head(std::move(component), std::move(settings), input, output, "");
  step.kind = Step::Kind::map;
  return step;
}

Step merge(std::string component, std::vector<StepId> inputs, const Shape& output) {
  Step step = head(std::move(component), {}, 0, output, "");
  step.kind = Step::Kind::merge;
  step.inputs = std::move(inputs);
  return step;
}

// What stands behind "layers:".
std::string layers(const Network& network, StepId output) {
  const std::string text = network.text(output, {});
  const std::string key = "layers:\n";
  return text.substr(text.find(key) + key.size());
}

TEST(NetworkText, BeginsWithCommentsNameInputAndLoss) {
  Network network("net", {3, 8, 8});
  const StepId step = network.add(map("relu", {}, Network::input, {3, 8, 8}));
  network.loss = "logistic";
  EXPECT_EQ(network.text(step, {"made of a\x1b model"}),
            "# made of a\\x1b model\n"
            "name: net\n"
            "input: {shape: [3, 8, 8]}\n"
            "loss: logistic\n"
            "layers:\n"
            "  - {name: relu, then: [relu]}\n");
}

TEST(NetworkText, MapsStandBehindTheOnlyOneThatTheyFollow) {
  Network network("net", {4});
  const StepId a = network.add(head("dense", {{"", "3"}}, Network::input, {3}, "a"));
  const StepId relu = network.add(map("relu", {}, a, {3}));
  const StepId scale = network.add(map("scale", {{"", "2"}}, relu, {3}));
  EXPECT_EQ(layers(network, scale), "  - {name: a, dense: 3, then: [relu, {scale: 2}]}\n");
  // Read twice, each reader stands by itself.
  const StepId tanh = network.add(map("tanh", {}, a, {3}));
  const StepId sum = network.add(merge("add", {scale, tanh}, {3}));
  EXPECT_EQ(layers(network, sum),
            "  - {name: a, dense: 3}\n"
            "  - {name: relu, then: [relu, {scale: 2}]}\n"
            "  - {name: tanh, from: a, then: [tanh]}\n"
            "  - {name: add, add: [relu, tanh]}\n");
}

TEST(NetworkText, OnlyWhatReachesTheOutputIsThere) {
  Network network("net", {4});
  const StepId a = network.add(head("dense", {{"", "3"}}, Network::input, {3}, "a"));
  network.add(head("dense", {{"", "5"}}, a, {5}, "unused"));
  const StepId b = network.add(head("dense", {{"", "2"}}, Network::input, {2}, "b"));
  EXPECT_EQ(layers(network, b), "  - {name: b, dense: 2}\n");
  EXPECT_EQ(layers(network, a), "  - {name: a, dense: 3}\n");
}

TEST(NetworkText, NamesAreMadeDifferentAndThoseOfParametersStay) {
  Network network("net", {4});
  Step shift = map("shift", {{"", "1"}}, Network::input, {4});
  shift.name = "block";
  const StepId moved = network.add(std::move(shift));
  Step dense = head("dense", {{"", "4"}}, moved, {4}, "block");
  dense.weights = "block";
  const StepId first = network.add(dense);
  dense.inputs = {first};
  dense.weights = "other";
  dense.bias = false;
  const StepId second = network.add(dense);
  EXPECT_EQ(layers(network, second),
            "  - {name: block_3, then: [{shift: 1}]}\n"
            "  - {name: block, dense: 4}\n"
            "  - {name: block_2, dense: 4, bias: false, weights: other}\n");
}

// The network's input cannot be mistaken for a layer.
TEST(NetworkText, NoLayerIsCalledInput) {
  Network network("net", {4});
  const StepId a = network.add(head("dense", {{"", "4"}}, Network::input, {4}, "input"));
  const StepId b = network.add(head("dense", {{"", "4"}}, Network::input, {4}, "b"));
  const StepId sum = network.add(merge("add", {a, b, Network::input}, {4}));
  EXPECT_EQ(layers(network, sum),
            "  - {name: input_2, dense: 4}\n"
            "  - {name: b, from: input, dense: 4}\n"
            "  - {name: add, add: [input_2, b, input]}\n");
}

TEST(NetworkText, ThoseThatShareNameTheFirstThatIsUsed) {
  Network network("net", {4});
  const StepId owner = network.add(head("dense", {{"", "4"}}, Network::input, {4}, "a"));
  Step again = head("dense", {{"", "4"}}, Network::input, {4}, "b");
  again.share = owner;
  const StepId second = network.add(again);
  again.name = "c";
  again.inputs = {second};
  const StepId third = network.add(again);
  EXPECT_EQ(layers(network, third),
            "  - {name: b, dense: 4}\n"
            "  - {name: c, share: b, dense: 4}\n");
}

// What shares with a layer shares all that is in it.
TEST(NetworkText, MapsWithParametersBehindSharedOnesAreLayersOfTheirOwn) {
  Network network("net", {4});
  Step dense = head("dense", {{"", "4"}}, Network::input, {4}, "a");
  dense.weights = "a";
  const StepId first = network.add(dense);
  const auto normalized = [&](StepId input, const std::string& name) {
    Step norm = map("layer_norm", {{"affine", "true"}}, input, {4});
    norm.weights = name;
    const StepId id = network.add(std::move(norm));
    return network.add(map("relu", {}, id, {4}));
  };
  const StepId between = normalized(network.add(map("tanh", {}, first, {4})), "n1");
  Step again = head("dense", {{"", "4"}}, between, {4}, "b");
  again.share = first;
  const StepId last = normalized(network.add(std::move(again)), "n2");
  EXPECT_EQ(layers(network, last),
            "  - {name: a, dense: 4, then: [tanh]}\n"
            "  - {name: layer_norm, then: [{layer_norm: {affine: true, weights: n1}}, relu]}\n"
            "  - {name: b, share: a, dense: 4}\n"
            "  - {name: layer_norm_2, then: [{layer_norm: {affine: true, weights: n2}}, relu]}\n");
  EXPECT_EQ(
      layers(network, between),
      "  - {name: a, dense: 4, then: [tanh, {layer_norm: {affine: true, weights: n1}}, relu]}\n");
}

// Attention takes the names of the layers that it stands for, too.
TEST(NetworkText, NoLayerIsCalledAsAPartOfAttention) {
  Network network("net", {4, 3});
  Step dense =
      head("dense", {{"units", "4"}, {"per", "position"}}, Network::input, {4, 3}, "a.key");
  dense.weights = "a.key";
  const StepId first = network.add(std::move(dense));
  const StepId relu = network.add(head("relu", {}, first, {4, 3}, "a.mixture"));
  network.step(relu).kind = Step::Kind::map;
  Step whole = head("attention", {{"", "2"}}, first, {4, 3}, "a");
  whole.weights = "a";
  const StepId attention = network.add(std::move(whole));
  const StepId sum = network.add(merge("add", {relu, attention}, {4, 3}));
  network.step(sum).name = "a.mixture";
  const std::string text = layers(network, sum);
  EXPECT_EQ(text,
            "  - {name: a.key_2, dense: {units: 4, per: position}, weights: a.key}\n"
            "  - {name: a.mixture_2, then: [relu]}\n"
            "  - {name: a, from: a.key_2, attention: 2}\n"
            "  - {name: a.mixture_3, add: [a.mixture_2, a]}\n");
  const Graph graph =
      build_graph(read_spec({"n.yaml", "input: {shape: [4, 3]}\nlayers:\n" + text}), 1);
  std::vector<std::string> names;
  for (const Layer& layer : graph.layers) names.push_back(layer.name);
  for (const Piece& piece : pieces_of(*find_composite("attention"))) {
    const std::string name = piece.name.empty() ? "a" : "a." + std::string(piece.name);
    EXPECT_EQ(std::ranges::count(names, name), 1) << name;
  }
}

TEST(NetworkText, SettingsOfMergesAndWeightsOfMaps) {
  Network network("net", {4, 5});
  Step norm = map("batch_norm", {{"epsilon", "1e-05"}}, Network::input, {4, 5});
  norm.weights = "bn 1";
  const StepId a = network.add(norm);
  norm.weights.clear();
  norm.tensor_names = {{"weight", "x"}, {"bias", "y 2"}};
  norm.inputs = {Network::input};
  const StepId b = network.add(norm);
  Step joined = merge("concat", {a, b}, {4, 10});
  joined.settings = {{"axis", "length"}};
  EXPECT_EQ(layers(network, network.add(joined)),
            "  - {name: batch_norm, then: [{batch_norm: {epsilon: 1e-05, weights: \"bn 1\"}}]}\n"
            "  - name: batch_norm_2\n"
            "    from: input\n"
            "    then: [{batch_norm: {epsilon: 1e-05, weights: {weight: x, bias: \"y 2\"}}}]\n"
            "  - {name: concat, concat: {inputs: [batch_norm, batch_norm_2], axis: length}}\n");
}

TEST(NetworkText, RearrangementsAreAddedOnce) {
  Network network("net", {4, 5});
  const auto flat = [&] { return network.add_once(map("flatten", {}, Network::input, {20})); };
  const StepId first = flat();
  EXPECT_EQ(flat(), first);
  EXPECT_NE(network.add_once(map("reshape", {{"", "[20]"}}, Network::input, {20})), first);
  EXPECT_NE(network.add_once(map("flatten", {}, first, {20})), first);
}

TEST(NetworkText, StepsAreCounted) {
  Network network("net", {4}, 3);
  const StepId a = network.add(map("relu", {}, Network::input, {4}));
  network.add(map("tanh", {}, a, {4}));
  try {
    network.add_once(map("flatten", {}, a, {4}));
    FAIL() << "a third step was added";
  } catch (const SpecError& error) {
    EXPECT_STREQ(error.what(), "it becomes more than 2 steps");
    EXPECT_EQ(error.hint, "import a smaller part of the model");
  }
}

TEST(YamlScalar, IsQuotedWhereItWouldMeanSomethingElse) {
  EXPECT_EQ(yaml_scalar("layer1.0.conv1"), "layer1.0.conv1");
  EXPECT_EQ(yaml_scalar("a_b/c-1"), "a_b/c-1");
  for (const char* word :
       {"", "0", "1e5", "true", "No", "null", "~", "a b", "a: b", "/Sub", "-x"}) {
    EXPECT_EQ(yaml_scalar(word), '"' + std::string(word) + '"');
  }
  EXPECT_EQ(yaml_scalar("a\"b\\c\n"), R"("a\"b\\c\x0a")");
}

// Against the exact quotient, in long double: never nearer to 0, and next to it.
TEST(OutwardQuotient, IsNotNearerToZero) {
  EXPECT_EQ(outward_quotient(1, 4), 0.25);
  EXPECT_EQ(outward_quotient(-6, 3), -2);
  EXPECT_EQ(outward_quotient(0, 3), 0);
  int rounded = 0;
  for (int numerator = -20; numerator <= 20; ++numerator) {
    for (int denominator = 1; denominator <= 300; ++denominator) {
      const double quotient = outward_quotient(numerator, denominator);
      const long double exact = static_cast<long double>(numerator) / denominator;
      EXPECT_GE(std::fabs(static_cast<long double>(quotient)), std::fabs(exact) * (1 - 1e-19L))
          << numerator << " / " << denominator;
      EXPECT_LE(std::fabs(quotient - exact), std::fabs(exact) * 0x1p-52L);
      rounded += quotient != static_cast<double>(numerator) / denominator ? 1 : 0;
      EXPECT_EQ(outward_quotient(-numerator, denominator), -quotient);
    }
  }
  EXPECT_GT(rounded, 1000);
}

TEST(YamlNumber, IsTheShortestThatReadsTheSame) {
  EXPECT_EQ(yaml_number(0.1), "0.1");
  EXPECT_EQ(yaml_number(1e-5F), "1e-05");
  EXPECT_EQ(yaml_number(static_cast<double>(0.1F)), "0.10000000149011612");
}

}  // namespace
}  // namespace smoothbound::models
