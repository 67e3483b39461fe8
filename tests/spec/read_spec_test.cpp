// The whole grammar of an architecture file.

#include "smoothbound/spec/read_spec.hpp"

#include <gtest/gtest.h>

#include "rendered.hpp"

namespace smoothbound {
namespace {

Spec read(const std::string& text, const std::string& name = "net.yaml") {
  try {
    return read_spec(Source{name, text});
  } catch (const SpecError& error) {
    ADD_FAILURE() << render_error({name, text}, error);
    throw;
  }
}

template <class T>
const T& part(const LayerSpec& layer, std::size_t index) {
  return std::get<T>(layer.components.at(index).component);
}

TEST(ReadSpec, EveryTopLevelKey) {
  const Spec spec = read(R"($schema: architecture.schema.json
name: tiny
batch: 1e2
radius: 2
regularizer: 0.5
initial_gap: 3
accuracy: 1e-2
variance: 4
loss: {square: {label_radius: 5}}
input: {shape: [3, 8, 6], norm: 10, sample_norm: 1}
layers:
  - dense: 4
)");
  EXPECT_EQ(spec.name, "tiny");
  EXPECT_EQ(spec.settings.batch, 100);
  const auto upper = [](const std::optional<Real>& real) { return real->upper.to_double(); };
  EXPECT_EQ(upper(spec.settings.radius), 2);
  EXPECT_EQ(upper(spec.settings.regularizer), 0.5);
  EXPECT_EQ(upper(spec.settings.initial_gap), 3);
  EXPECT_EQ(spec.settings.accuracy->nearest, 0.01);
  EXPECT_EQ(upper(spec.settings.variance), 4);
  EXPECT_EQ(spec.settings.loss, find_loss("square"));
  EXPECT_EQ(upper(spec.settings.label_radius), 5);
  EXPECT_EQ(spec.input, (Shape{3, 8, 6}));
  EXPECT_EQ(upper(spec.settings.input_norm), 10);
  EXPECT_EQ(upper(spec.settings.sample_norm), 1);
  EXPECT_EQ(spec.sample_norm_location, (Location{10, 50}));
}

TEST(ReadSpec, ClustersOfALoss) {
  const auto settings = [](const std::string& loss) {
    return read("input: {shape: [3]}\nlayers: [{dense: 1}]\nloss: " + loss + "\n").settings;
  };
  EXPECT_EQ(settings("{k_means: {clusters: 7}}").clusters, 7);
  EXPECT_EQ(settings("{spectral_clustering: {clusters: 1}}").clusters, 1);
  EXPECT_FALSE(settings("k_means").clusters);
  EXPECT_FALSE(settings("{k_means: {}}").clusters);
  EXPECT_EQ(resolve(settings("k_means")).clusters, 2);
  EXPECT_EQ(resolve(settings("{k_means: {clusters: 7}}")).clusters, 7);
}

TEST(ReadSpec, WhatIsNotGivenStaysOpen) {
  const Spec spec = read("input: {shape: [3]}\nlayers: [{dense: 1}]\n", "some/dir/lenet.yaml");
  EXPECT_EQ(spec.name, "lenet");
  EXPECT_FALSE(spec.settings.batch);
  EXPECT_FALSE(spec.settings.radius);
  EXPECT_EQ(spec.settings.loss, nullptr);
  EXPECT_FALSE(spec.sample_norm_location);
}

TEST(ReadSpec, LayersWithNamesInputsRadiusAndBias) {
  const Spec spec = read(R"(input: {shape: [3, 8, 8]}
layers:
  - {name: first, conv: {filters: 4, kernel: 3}, radius: 0.5, bias: false}
  - dense: {units: 10, inputs: 144}
    then: [softplus, {softplus: 3}, {softplus: {beta: 4}}]
  - {name: merged, add: [first, input, layer2]}
  - {from: first, then: [identity]}
)");
  ASSERT_EQ(spec.layers.size(), 4U);
  const LayerSpec& first = spec.layers[0];
  EXPECT_EQ(first.name, "first");
  EXPECT_EQ(first.location, (Location{3, 12}));
  EXPECT_TRUE(first.inputs.empty());
  EXPECT_EQ(first.radius->upper, Magnitude::from_double(0.5));
  EXPECT_FALSE(part<Conv>(first, 0).bias);
  EXPECT_EQ(first.components[0].location, (Location{3, 19}));
  const LayerSpec& second = spec.layers[1];
  EXPECT_EQ(second.name, "layer2");
  EXPECT_EQ(second.location, (Location{4, 5}));
  EXPECT_EQ(part<Dense>(second, 0).units, 10);
  EXPECT_EQ(part<Dense>(second, 0).inputs, 144);
  EXPECT_TRUE(part<Dense>(second, 0).bias);
  EXPECT_EQ(part<Activation>(second, 1).parameter.nearest, 1);
  EXPECT_EQ(part<Activation>(second, 2).parameter.nearest, 3);
  EXPECT_EQ(part<Activation>(second, 3).parameter.nearest, 4);
  const LayerSpec& merged = spec.layers[2];
  ASSERT_EQ(merged.inputs.size(), 3U);
  EXPECT_EQ(merged.inputs[1].name, "input");
  EXPECT_EQ(merged.inputs[2].location, (Location{6, 40}));
  EXPECT_EQ(spec.layers[3].inputs.at(0).name, "first");
  EXPECT_EQ(spec.layers[3].components.size(), 1U);
}

TEST(ReadSpec, ConvolutionWithNumbersListsAndPadding) {
  const Spec spec = read(R"(input: {shape: [4, 16, 16]}
layers:
  - conv: {filters: 8, kernel: 3}
  - conv: {filters: 8, kernel: [3, 5], stride: [1, 2], padding: [1, 2], dilation: 2, groups: 4,
           inputs: 8}
  - conv: {filters: 8, kernel: 3, padding: same}
  - conv: {filters: 8, kernel: 3, padding: valid}
  - conv: {filters: 8, kernel: 3, padding: 0}
)");
  const Conv& plain = part<Conv>(spec.layers[0], 0);
  EXPECT_EQ(plain.filters, 8);
  EXPECT_EQ(plain.window.kernel, Extent::uniform(3));
  EXPECT_FALSE(plain.window.stride.is_given());
  EXPECT_EQ(plain.window.padding.kind, Padding::Kind::valid);
  EXPECT_EQ(plain.groups, 1);
  const Conv& full = part<Conv>(spec.layers[1], 0);
  EXPECT_EQ(full.window.kernel, (Extent{{3, 5}, 3}));
  EXPECT_EQ(full.window.stride, (Extent{{1, 2}, 3}));
  EXPECT_EQ(full.window.dilation, Extent::uniform(2));
  EXPECT_EQ(full.window.padding.kind, Padding::Kind::explicit_sizes);
  EXPECT_EQ(full.window.padding.sizes, (Extent{{1, 2}, 3}));
  EXPECT_EQ(full.groups, 4);
  EXPECT_EQ(full.inputs, 8);
  EXPECT_EQ(part<Conv>(spec.layers[2], 0).window.padding.kind, Padding::Kind::same);
  EXPECT_EQ(part<Conv>(spec.layers[3], 0).window.padding.kind, Padding::Kind::valid);
  EXPECT_EQ(part<Conv>(spec.layers[4], 0).window.padding.kind, Padding::Kind::explicit_sizes);
}

TEST(ReadSpec, OneAxis) {
  Spec spec = read(R"(input: {shape: [2, 100]}
layers:
  - conv: {filters: 6, kernel: [5], stride: 2, padding: same}
    then: [{max_pool: 2}, {average_pool: {kernel: [3], stride: [1]}}, global_average_pool]
)");
  const Graph graph = build_graph(std::move(spec), 1);
  const auto& parts = graph.layers[0].components;
  EXPECT_EQ(parts[0].output, (Shape{6, 50}));
  EXPECT_EQ(parts[1].output, (Shape{6, 25}));
  EXPECT_EQ(parts[2].output, (Shape{6, 23}));
  EXPECT_EQ(parts[3].output, Shape{6});
  EXPECT_EQ(graph.parameters, 6 * 2 * 5 + 6);
}

TEST(ReadSpec, EveryComponentInThen) {
  const Spec spec = read(R"(input: {shape: [4, 8, 8]}
layers:
  - conv: {filters: 4, kernel: 1}
    then:
      - batch_norm
      - batch_norm: 1e-2
      - batch_norm:
      - batch_norm: {epsilon: 0.1, per: element, affine: true, shift: false, radius: 3}
      - layer_norm: {epsilon: 0}
      - group_norm: 2
      - group_norm: {groups: 4, epsilon: 0.5}
      - rms_norm
      - softmax
      - leaky_relu: 0.2
      - elu: {alpha: 2}
      - dropout: 0.1
      - relu
)");
  const LayerSpec& layer = spec.layers[0];
  EXPECT_EQ(part<BatchNorm>(layer, 1).epsilon.nearest, 1e-5);
  EXPECT_EQ(part<BatchNorm>(layer, 1).per, 1U);
  EXPECT_FALSE(part<BatchNorm>(layer, 1).affine.learnable);
  EXPECT_EQ(part<BatchNorm>(layer, 2).epsilon.nearest, 1e-2);
  EXPECT_EQ(part<BatchNorm>(layer, 3).epsilon.nearest, 1e-5);
  const BatchNorm& full = part<BatchNorm>(layer, 4);
  EXPECT_EQ(full.per, 0U);
  EXPECT_TRUE(full.affine.learnable);
  EXPECT_FALSE(full.affine.shift);
  EXPECT_EQ(full.affine.radius->nearest, 3);
  EXPECT_TRUE(part<LayerNorm>(layer, 5).epsilon.upper.is_zero());
  EXPECT_EQ(part<GroupNorm>(layer, 6).groups, 2);
  EXPECT_EQ(part<GroupNorm>(layer, 7).epsilon.nearest, 0.5);
  EXPECT_EQ(part<Activation>(layer, 10).parameter.nearest, 0.2);
  EXPECT_EQ(part<Activation>(layer, 11).parameter.nearest, 2);
  EXPECT_EQ(part<Activation>(layer, 13).name(), "relu");
}

TEST(ReadSpec, OpaqueLayers) {
  const Spec spec = read(R"(input: {shape: [4]}
layers:
  - opaque: {lipschitz: 2, smoothness: 3, bound: 4, at_zero: 0, output: [2, 5], parameters: 7}
  - opaque: {lipschitz: 2, smoothness: 0, output: 9}
)");
  const Opaque& full = part<Opaque>(spec.layers[0], 0);
  EXPECT_EQ(full.lipschitz.nearest, 2);
  EXPECT_EQ(full.smoothness.nearest, 3);
  EXPECT_EQ(full.bound->nearest, 4);
  EXPECT_TRUE(full.at_zero->upper.is_zero());
  EXPECT_EQ(full.output, (std::vector<std::int64_t>{2, 5}));
  EXPECT_EQ(full.parameters, 7);
  EXPECT_EQ(part<Opaque>(spec.layers[1], 0).output, (std::vector<std::int64_t>{9}));
  EXPECT_FALSE(part<Opaque>(spec.layers[1], 0).bound);
}

TEST(ReadSpec, JsonMeansTheSame) {
  const std::string json = R"({"batch": 4, "input": {"shape": [3, 8, 8]}, "layers": [
    {"name": "c", "conv": {"filters": 4, "kernel": [3, 3]}, "then": ["tanh", {"max_pool": 2}]},
    {"dense": 10, "radius": 1e-1}]})";
  const Spec from_json = read(json, "net.json");
  const Spec from_yaml = read(json, "net.yaml");
  ASSERT_EQ(from_json.layers.size(), from_yaml.layers.size());
  for (std::size_t i = 0; i < from_json.layers.size(); ++i) {
    EXPECT_EQ(from_json.layers[i].name, from_yaml.layers[i].name);
    EXPECT_EQ(from_json.layers[i].location, from_yaml.layers[i].location);
    ASSERT_EQ(from_json.layers[i].components.size(), from_yaml.layers[i].components.size());
    for (std::size_t k = 0; k < from_json.layers[i].components.size(); ++k) {
      EXPECT_EQ(name_of(from_json.layers[i].components[k].component),
                name_of(from_yaml.layers[i].components[k].component));
      EXPECT_EQ(from_json.layers[i].components[k].location,
                from_yaml.layers[i].components[k].location);
    }
  }
  EXPECT_EQ(from_json.settings.batch, 4);
  EXPECT_EQ(from_json.layers[1].radius->nearest, 0.1);
}

TEST(ReadSpec, LongCyclesArePrintedFromTheirInput) {
  std::string text = "input: {shape: [3]}\nlayers:\n  - {name: n0, dense: 3, from: n29}\n";
  for (int i = 1; i < 30; ++i) text += "  - {name: n" + std::to_string(i) + ", dense: 3}\n";
  const std::string message = test::rendered("net.yaml", text);
  EXPECT_EQ(message.substr(0, message.find('\n')),
            "net.yaml:3:12: error: the layers form a cycle: n0 <- ... <- n20 <- n19 <- n18 <- n17 "
            "<- n16 <- n15 <- n14 <- n13 <- n12 <- n11 <- n10 <- n9 <- n8 <- n7 <- n6 <- n5 <- n4 "
            "<- n3 <- n2 <- n1 <- n0");
}

TEST(ReadSpec, LayersAreLimited) {
  EXPECT_EQ(Limits{}.layers(), Limits::default_layers);
  EXPECT_EQ(Limits{.bytes = 4 * Limits::default_bytes}.layers(), 4 * Limits::default_layers);
  EXPECT_EQ(Limits{.bytes = 1}.layers(), Limits::default_layers);
}

}  // namespace
}  // namespace smoothbound
