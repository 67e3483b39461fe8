// Networks of the architectures folder against numbers of another program, for each of the
// refinements of method sharp: first the evaluation in ball arithmetic, then the engine.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/arb_oracle.hpp"
#include "support/read_network.hpp"
#include "support/source_directory.hpp"

namespace smoothbound {
namespace {

using support::Ball;
using support::Oracle;
using support::PlainLayer;
using support::PlainNetwork;
using support::PlainPart;
using support::Sizes;

const nlohmann::json& reference_values() {
  static const nlohmann::json values = [] {
    std::ifstream file(SMOOTHBOUND_SOURCE_DIR "/tests/reference/refined.json");
    return nlohmann::json::parse(file);
  }();
  return values;
}

// Each takes minima with what came before.
struct Stage {
  const char* key;
  Refinements refinements;

  [[nodiscard]] Oracle oracle(const PlainNetwork& network) const {
    const Refinements& r = refinements;
    return {network,
            true,
            {r.levels, r.growth, r.joint, r.loss, r.centred, r.maps, r.cauchy, r.radial}};
  }
  [[nodiscard]] BoundTable table(const support::Network& network) const {
    Inputs inputs = inputs_of(network.settings);
    inputs.refinements = refinements;
    return evaluate_bounds(network.graph, inputs, Method::sharp);
  }
};
const std::array stages{
    Stage{"0 level 2 only", {false, false, false, false, false, false, false, false}},
    Stage{"1 levels", {true, false, false, false, false, false, false, false}},
    Stage{"2 + growth", {true, true, false, false, false, false, false, false}},
    Stage{"3 + joint, loss", {true, true, true, true, false, false, false, false}},
    Stage{"4 + centred", {true, true, true, true, true, false, false, false}},
    Stage{"5 + maps", {true, true, true, true, true, true, false, false}},
    Stage{"6 + Cauchy", {true, true, true, true, true, true, true, false}},
};

// "vgg16-batchnorm@1e-2" is the file of that name with that epsilon.
struct ReferenceNetwork {
  explicit ReferenceNetwork(const std::string& key) {
    const std::size_t at = key.find('@');
    std::ifstream file(SMOOTHBOUND_SOURCE_DIR "/architectures/" + key.substr(0, at) + ".yaml");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (at != std::string::npos) epsilon = key.substr(at + 1);
    const std::string given = "epsilon: ";
    for (std::size_t i = text.find(given); i != std::string::npos; i = text.find(given, i + 1)) {
      const std::size_t begin = i + given.size();
      text.replace(begin, text.find(',', begin) - begin, epsilon);
    }
    network = support::read_network(text, key + ".yaml");
  }

  std::string epsilon = "1e-5";
  support::Network network;
};

support::PlainWindow plain_window(const Window& window, const Shape& input) {
  support::PlainWindow plain;
  plain.padding = "sizes";
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    const AxisWindow along = window.along(input, axis);
    plain.kernel.push_back(along.kernel);
    plain.stride.push_back(along.stride);
    plain.dilation.push_back(along.dilation);
    plain.pads.push_back(along.pad_before);
  }
  return plain;
}

// What the networks here consist of.
PlainPart plain_part(const Component& component, const Shape& input, const std::string& epsilon) {
  PlainPart part;
  part.kind = name_of(component);
  if (const auto* conv = std::get_if<Conv>(&component)) {
    part.size = conv->filters;
    part.groups = conv->groups;
    part.bias = conv->bias;
    part.window = plain_window(conv->window, input);
  } else if (const auto* dense = std::get_if<Dense>(&component)) {
    part.size = dense->units;
    part.bias = dense->bias;
  } else if (const auto* pool = std::get_if<AveragePool>(&component)) {
    part.window = plain_window(pool->window, input);
  } else if (const auto* norm = std::get_if<BatchNorm>(&component)) {
    part.per = BatchNorm::scopes.at(norm->per);
    part.epsilon = epsilon;
    part.affine = norm->affine.learnable;
  } else if (!std::holds_alternative<Activation>(component) && part.kind != "softmax" &&
             part.kind != "global_average_pool") {
    throw std::invalid_argument(part.kind + " is none of them");
  }
  return part;
}

PlainNetwork plain_network(const ReferenceNetwork& reference) {
  const Graph& graph = reference.network.graph;
  PlainNetwork plain;
  const auto sizes_of = [](const Shape& shape) {
    return Sizes(shape.sizes().begin(), shape.sizes().end());
  };
  plain.input = sizes_of(graph.input);
  plain.batch = reference.network.settings.batch;
  plain.loss = "logistic";
  for (const Layer& layer : graph.layers) {
    PlainLayer& copy = plain.layers.emplace_back();
    copy.name = layer.name;
    for (const std::uint32_t input : layer.inputs) {
      copy.inputs.push_back(input == Graph::network_input ? PlainLayer::network_input
                                                          : static_cast<int>(input));
    }
    Shape shape = graph.shape_of(layer.inputs.front());
    for (const PlacedComponent& placed : layer.components) {
      if (name_of(placed.component) == "add") {
        copy.merge = "add";
      } else {
        copy.parts.push_back(plain_part(placed.component, shape, reference.epsilon));
      }
      shape = placed.output;
    }
    Sizes output = sizes_of(graph.shape_of(layer.inputs.front()));
    for (const PlainPart& part : copy.parts) output = support::shape_after(part, output).value();
    EXPECT_EQ(output, sizes_of(layer.output)) << layer.name;
  }
  return plain;
}

// Networks without what the last stage is for have no numbers of it.
std::vector<Stage> stages_of(const std::string& key) {
  const auto& final = reference_values().at("final").at(key);
  std::vector<Stage> present;
  for (const Stage& stage : stages) {
    if (final.contains(stage.key)) present.push_back(stage);
  }
  EXPECT_GE(present.size() + 3, stages.size());
  return present;
}

// A relative distance of 1e-30 at most; the numbers have 40 digits.
testing::AssertionResult is_the_same(const Ball& exact, const std::string& reference) {
  const Ball expected = Ball::decimal(reference);
  if (!exact.is_infinite() &&
      certainly_less(difference(exact, expected), expected * Ball::decimal("1e-30"))) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << exact.to_text() << " is not " << reference;
}

class RefinedReference : public testing::TestWithParam<std::string> {};

TEST_P(RefinedReference, IsWhatTheOracleFinds) {
  const ReferenceNetwork reference(GetParam());
  const PlainNetwork network = plain_network(reference);
  for (const Stage& stage : stages_of(GetParam())) {
    SCOPED_TRACE(stage.key);
    const Oracle oracle = stage.oracle(network);
    const support::OracleTriple triple = oracle.layer(network.layers.size() - 1);
    const support::OracleObjective objective = oracle.objective();
    const auto& final = reference_values().at("final").at(GetParam()).at(stage.key);
    EXPECT_TRUE(is_the_same(triple.m, final[0])) << "m";
    EXPECT_TRUE(is_the_same(triple.l, final[1])) << "l";
    EXPECT_TRUE(is_the_same(triple.L, final[2])) << "L";
    EXPECT_TRUE(is_the_same(objective.l, final[3])) << "l of the objective";
    EXPECT_TRUE(is_the_same(objective.L, final[4])) << "L of the objective";
  }
}

// Rounded up, by 1e-12 at most.
std::string check_engine(const Magnitude& given, const nlohmann::json& reference) {
  return check_upper(given, Ball::decimal(reference.get<std::string>()));
}

TEST_P(RefinedReference, IsWhatTheEngineRoundsUp) {
  const ReferenceNetwork reference(GetParam());
  const auto& [graph, settings] = reference.network;
  for (const Stage& stage : stages_of(GetParam())) {
    SCOPED_TRACE(stage.key);
    const BoundTable table = stage.table(reference.network);
    const ObjectiveBounds objective = bound_objective(graph, settings, table, stage.refinements);
    const auto& final = reference_values().at("final").at(GetParam()).at(stage.key);
    EXPECT_EQ(check_engine(table.network().m, final[0]), "") << "m";
    EXPECT_EQ(check_engine(table.network().lipschitz, final[1]), "") << "l";
    EXPECT_EQ(check_engine(table.network().smoothness, final[2]), "") << "L";
    EXPECT_EQ(check_engine(objective.lipschitz, final[3]), "") << "l of the objective";
    EXPECT_EQ(check_engine(objective.smoothness, final[4]), "") << "L of the objective";
  }
}

// Calls `check(layer, level, triple)` for what the reference has of single layers.
template <class Check>
void for_each_layer(const std::string& key, const Stage& stage, const Graph& graph, Check&& check) {
  const auto& of_network = reference_values().at("layers").at(key);
  if (!of_network.contains(stage.key)) return;
  const auto& layers = of_network.at(stage.key);
  ASSERT_EQ(layers.size(), graph.layers.size());
  for (std::uint32_t i = 0; i < graph.layers.size(); ++i) {
    const auto& of_layer = layers.at(graph.layers[i].name);
    EXPECT_GE(of_layer.size(), 4U);
    for (std::size_t level = 0; level < support::oracle::level_count; ++level) {
      const std::string& name = support::oracle::level_names.at(level);
      if (!of_layer.contains(name)) continue;
      SCOPED_TRACE(graph.layers[i].name + " at level " + name);
      check(i, level, of_layer.at(name));
    }
  }
}

class LayersOfReference : public testing::TestWithParam<std::string> {};

TEST_P(LayersOfReference, AreWhatTheOracleFinds) {
  const ReferenceNetwork reference(GetParam());
  const PlainNetwork network = plain_network(reference);
  for (const Stage& stage : stages) {
    SCOPED_TRACE(stage.key);
    const Oracle oracle = stage.oracle(network);
    const auto check = [&](std::uint32_t layer, std::size_t level, const nlohmann::json& triple) {
      const support::OracleTriple exact = oracle.layer(layer, level);
      EXPECT_TRUE(is_the_same(exact.m, triple[0])) << "m";
      if (!triple[1].is_null()) {
        EXPECT_TRUE(is_the_same(exact.l, triple[1])) << "l";
      }
      EXPECT_TRUE(is_the_same(exact.L, triple[2])) << "L";
    };
    for_each_layer(GetParam(), stage, reference.network.graph, check);
  }
}

TEST_P(LayersOfReference, AreWhatTheEngineRoundsUp) {
  const ReferenceNetwork reference(GetParam());
  for (const Stage& stage : stages) {
    SCOPED_TRACE(stage.key);
    const BoundTable table = stage.table(reference.network);
    const auto check = [&](std::uint32_t layer, std::size_t level, const nlohmann::json& triple) {
      const Triple given = table.at(layer, level);
      EXPECT_EQ(check_engine(given.m, triple[0]), "") << "m";
      if (!triple[1].is_null()) {
        EXPECT_EQ(check_engine(given.lipschitz, triple[1]), "") << "l";
      }
      EXPECT_EQ(check_engine(given.smoothness, triple[2]), "") << "L";
    };
    for_each_layer(GetParam(), stage, reference.network.graph, check);
  }
}

std::vector<std::string> networks_in(const std::string& part) {
  std::vector<std::string> keys;
  for (const auto& [key, of_stage] : reference_values().at(part).items()) keys.push_back(key);
  return keys;
}

std::string test_name(const testing::TestParamInfo<std::string>& test) {
  std::string name = test.param;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Networks, RefinedReference, testing::ValuesIn(networks_in("final")),
                         test_name);
INSTANTIATE_TEST_SUITE_P(Networks, LayersOfReference, testing::ValuesIn(networks_in("layers")),
                         test_name);

}  // namespace
}  // namespace smoothbound
