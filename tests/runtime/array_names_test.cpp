// Names of arrays in files of weights.
#include "smoothbound/runtime/array_names.hpp"

#include <gmock/gmock.h>

#include "networks.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/runtime/adapt_statistics.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;

std::vector<std::string> names_of(const ExpectedTensor& tensor) {
  std::vector<std::string> names{tensor.name};
  for (const TensorName& other : tensor.also) names.push_back(other.name);
  return names;
}

std::vector<std::string> written_names(const Graph& graph) {
  const Network<float> network(graph, 1, Purpose::values, Storage::none);
  std::vector<std::string> names;
  for (const ParameterArray& array : network.parameter_layout().arrays) names.push_back(array.name);
  return names;
}

TEST(ArrayNames, AreTheLayersOrThoseOfTheArchitecture) {
  const Graph graph = testing::graph_of(
      "input: {shape: [2, 4, 4]}\nlayers:\n"
      "  - {name: a, conv: {filters: 3, kernel: 1}, then: [{batch_norm: {affine: true}}, prelu]}\n"
      "  - {name: b, conv: {filters: 3, kernel: 1}, weights: l.conv, then: [{batch_norm: {affine: "
      "true, weights: l.bn}}, "
      "{prelu: {weights: {weight: slopes}}}]}\n",
      2);
  EXPECT_THAT(
      written_names(graph),
      ElementsAre("a.weight", "a.bias", "a.batch_norm.scale", "a.batch_norm.shift", "a.prelu.slope",
                  "l.conv.weight", "l.conv.bias", "l.bn.weight", "l.bn.bias", "slopes"));
  const auto names = [&](std::size_t layer, std::size_t part, std::string_view array) {
    return names_of(array_tensor(graph.layers[layer], part, array, {}));
  };
  EXPECT_THAT(names(0, 1, "shift"), ElementsAre("a.batch_norm.shift", "a.batch_norm.bias"));
  EXPECT_THAT(names(0, 1, "running_var"), ElementsAre("a.batch_norm.running_var"));
  EXPECT_THAT(names(0, 2, "slope"), ElementsAre("a.prelu.slope", "a.prelu.weight"));
  EXPECT_THAT(names(1, 1, "running_mean"), ElementsAre("l.bn.running_mean"));
  EXPECT_THAT(names(1, 2, "slope"), ElementsAre("slopes"));
}

TEST(ArrayNames, OfAParameterAreThePrefixItself) {
  const Graph graph = testing::graph_of(
      "input: {shape: [2]}\nlayers:\n"
      "  - {name: p, parameter: 2}\n  - {name: q, parameter: 2, weights: pos}\n"
      "  - {add: [input, p, q]}\n",
      1);
  EXPECT_THAT(written_names(graph), ElementsAre("p.value", "pos"));
  EXPECT_THAT(names_of(array_tensor(graph.layers[0], 0, "value", {})), ElementsAre("p.value", "p"));
  EXPECT_THAT(names_of(array_tensor(graph.layers[1], 0, "value", {})),
              ElementsAre("pos", "pos.value"));
}

TEST(ArrayNames, OfAnAttentionAreAlsoThoseOfPyTorch) {
  const Graph graph = testing::graph_of(
      "input: {shape: [4, 6]}\nlayers: [{name: l, attention: 2, weights: self_attn}]", 1);
  const auto key = std::ranges::find(graph.layers, "l.key", &Layer::name);
  const ExpectedTensor weight = array_tensor(*key, 0, "weight", {4, 4});
  EXPECT_THAT(names_of(weight), ElementsAre("self_attn.key.weight", "self_attn.in_proj_weight"));
  EXPECT_EQ(weight.also.front().part, 1U);
  EXPECT_EQ(weight.also.front().parts, 3U);
  EXPECT_THAT(names_of(array_tensor(graph.layers.back(), 0, "bias", {4})),
              ElementsAre("self_attn.bias", "self_attn.out_proj.bias"));
}

// Rows of in_proj_weight: those of the queries, then of the keys, then of the values.
TEST(ArrayNames, PackedProjectionsAreCutInThree) {
  const Graph graph =
      testing::graph_of("input: {shape: [2, 3]}\nlayers: [{name: l, attention: 1}]", 1);
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "w.safetensors";
  std::vector<double> packed(12);
  for (std::size_t i = 0; i < packed.size(); ++i) packed[i] = static_cast<double>(i);
  const std::vector<double> packed_bias{20, 21, 22, 23, 24, 25};
  const std::vector<double> rest{30, 31, 32, 33};
  const std::vector<double> rest_bias{40, 41};
  write_safetensors(path, std::vector<TensorView>{{"l.in_proj_weight", {6, 2}, packed},
                                                  {"l.in_proj_bias", {6}, packed_bias},
                                                  {"l.out_proj.weight", {2, 2}, rest},
                                                  {"l.out_proj.bias", {2}, rest_bias}});
  Network<double> network(graph, 1, Purpose::values);
  load_parameters(network, path);
  const auto w = network.parameters();
  EXPECT_THAT(std::vector<double>(w.begin(), w.end()),
              ElementsAre(0, 1, 2, 3, 20, 21, 4, 5, 6, 7, 22, 23, 8, 9, 10, 11, 24, 25, 30, 31, 32,
                          33, 40, 41));
}

TEST(ArrayNames, TwoOfOneNameAreRefused) {
  const Graph graph = testing::graph_of(
      "input: {shape: [2]}\nlayers:\n  - {name: a, dense: 2}\n"
      "  - {name: b, dense: 2, weights: a}\n",
      1);
  try {
    const Network<float> network(graph, 1);
    FAIL() << "no error";
  } catch (const SpecError& error) {
    EXPECT_STREQ(error.what(),
                 "layers 'a' and 'b' both have an array 'a.weight' in files of weights");
    EXPECT_EQ(error.hint,
              "give each its own with 'weights'; layers have the same parameters by 'share'");
    EXPECT_EQ(error.location, (Location{4, 15}));
    ASSERT_EQ(error.notes.size(), 1U);
    EXPECT_EQ(error.notes[0].location, (Location{3, 15}));
    EXPECT_EQ(error.notes[0].message, "the first one is here");
  }
}

TEST(AnyStatistics, AreForNormsThatLackThem) {
  const Graph graph = testing::graph_of(
      "input: {shape: [2]}\nlayers:\n  - {then: [{batch_norm: {statistics: fixed}}, batch_norm, "
      "{batch_norm: {statistics: fixed, mean: 3, variance: 4}}]}\n",
      1);
  std::vector<std::string> notes;
  const Graph fixed = any_statistics()(graph, {}, notes);
  const auto norm = [&](std::size_t i) {
    return std::get<BatchNorm>(fixed.layers[0].components[i].component);
  };
  EXPECT_FALSE(lacks_statistics(fixed));
  EXPECT_EQ(norm(0).fixed->variance, (std::vector<double>{1, 1}));
  EXPECT_EQ(norm(1).fixed, nullptr);
  EXPECT_EQ(norm(2).fixed, nullptr);
  EXPECT_TRUE(notes.empty());
}

}  // namespace
}  // namespace smoothbound
