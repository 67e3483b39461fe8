#include "smoothbound/runtime/initialize.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>

#include "networks.hpp"
#include "smoothbound/runtime/machine.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/parameters.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

constexpr std::string_view wide = R"(
input: {shape: [8, 12], norm: 1}
layers:
  - name: c
    conv: {filters: 64, kernel: 3, groups: 2}
    then: [{group_norm: {groups: 2, epsilon: 1, affine: true}}, tanh]
  - name: d
    radius: 0.25
    dense: 40
)";

const Real two = Real::from_decimal("2");

template <class Scalar>
std::vector<Scalar> drawn(std::string_view text, Scheme scheme, std::uint64_t seed) {
  const Graph graph = graph_of(text, 1);
  Network<Scalar> network(graph, 1, Purpose::values);
  initialize(network, scheme, seed, two);
  return {network.parameters().begin(), network.parameters().end()};
}

// The values of an array.
std::vector<double> array(std::string_view name, Scheme scheme, std::uint64_t seed = 5) {
  const Graph graph = graph_of(wide, 1);
  Network<double> network(graph, 1, Purpose::values);
  initialize(network, scheme, seed, two);
  for (const ParameterArray& each : network.parameter_layout().arrays) {
    if (each.name != name) continue;
    const auto* first = network.parameters().data() + each.offset;
    return {first, first + each.elements};
  }
  throw std::runtime_error("no such array");
}

double variance(const std::vector<double>& values) {
  return dot(values, values) / static_cast<double>(values.size());
}

// A sample variance of n normal numbers has the relative deviation sqrt(2 / n).
void expect_variance(const std::vector<double>& values, double expected) {
  const double deviation = std::sqrt(2 / static_cast<double>(values.size()));
  EXPECT_NEAR(variance(values) / expected, 1, 5 * deviation);
}

TEST(Initialize, DrawsWeightsWithTheVarianceOfTheScheme) {
  // c: 64 filters of 4 channels and 3 positions; d: 40 of 64 * 10.
  expect_variance(array("c.weight", Scheme::kaiming), 2.0 / 12);
  expect_variance(array("d.weight", Scheme::kaiming), 2.0 / 640);
  expect_variance(array("c.weight", Scheme::normal), 1.0 / 12);
  expect_variance(array("d.weight", Scheme::normal), 1.0 / 640);
  expect_variance(array("c.weight", Scheme::xavier), 2.0 / (12 + 192));
  expect_variance(array("d.weight", Scheme::xavier), 2.0 / (640 + 40));
  double largest = 0;
  for (const double w : array("d.weight", Scheme::xavier)) {
    largest = std::max(largest, std::abs(w));
  }
  EXPECT_LE(largest, std::sqrt(6.0 / 680));
  EXPECT_GE(largest, 0.999 * std::sqrt(6.0 / 680));
}

TEST(Initialize, LeavesBiasesZeroAndScalesOne) {
  for (const Scheme scheme : {Scheme::kaiming, Scheme::xavier, Scheme::normal}) {
    EXPECT_THAT(array("c.bias", scheme), ::testing::Each(0));
    EXPECT_THAT(array("d.bias", scheme), ::testing::Each(0));
    EXPECT_THAT(array("c.group_norm.scale", scheme), ::testing::Each(1));
    EXPECT_THAT(array("c.group_norm.shift", scheme), ::testing::Each(0));
  }
}

template <class Scalar>
void expect_inside() {
  const Graph graph = graph_of(wide, 1);
  Network<Scalar> network(graph, 1, Purpose::values);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    initialize(network, Scheme::ball, seed, two);
    const std::vector<BlockNorm> norms = block_norms(network, two);
    ASSERT_EQ(norms.size(), 3U);
    EXPECT_EQ(norms[0].name, "c");
    EXPECT_EQ(norms[1].name, "c.group_norm");
    EXPECT_EQ(norms[2].name, "d");
    EXPECT_EQ(norms[0].radius.nearest, 2);
    EXPECT_EQ(norms[2].radius.nearest, 0.25);
    for (const BlockNorm& block : norms) {
      EXPECT_LE(block.norm, block.radius.nearest) << block.name << ", seed " << seed;
      EXPECT_TRUE(block.inside);
    }
    // In many dimensions, nearly all of the ball is near its surface.
    EXPECT_GE(norms[2].norm, 0.249);
  }
}

TEST(Initialize, DrawsBlocksInTheirBalls) {
  expect_inside<float>();
  expect_inside<double>();
}

// Of the disk, a quarter lies within half of the radius, and each quadrant is as likely.
TEST(Initialize, DrawsBlocksUniformlyInTheirBalls) {
  const Graph graph = graph_of("input: {shape: [1]}\nlayers: [{name: a, dense: 1}]\n", 1);
  Network<double> network(graph, 1, Purpose::values);
  constexpr int draws = 4000;
  int near = 0;
  int quadrant = 0;
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    initialize(network, Scheme::ball, seed, two);
    near += block_norms(network, two).front().norm <= 1 ? 1 : 0;
    quadrant += network.parameters()[0] > 0 && network.parameters()[1] > 0 ? 1 : 0;
  }
  const double deviation = std::sqrt(draws * 0.25 * 0.75);
  EXPECT_NEAR(near, draws / 4.0, 5 * deviation);
  EXPECT_NEAR(quadrant, draws / 4.0, 5 * deviation);
}

TEST(Initialize, GivesTheSameForASeedWhateverTheThreadsAndArithmetic) {
  for (const Scheme scheme : {Scheme::kaiming, Scheme::xavier, Scheme::normal, Scheme::ball}) {
    set_threads(1);
    const std::vector<float> one = drawn<float>(wide, scheme, 3);
    set_threads(2);
    EXPECT_EQ(drawn<float>(wide, scheme, 3), one);
    EXPECT_NE(drawn<float>(wide, scheme, 4), one);
    const std::vector<double> fine = drawn<double>(wide, scheme, 3);
    for (std::size_t i = 0; i < one.size(); ++i) {
      ASSERT_NEAR(one[i], fine[i], 2e-6 * std::abs(fine[i])) << i;
    }
  }
}

TEST(Initialize, OfRadiusZeroIsZero) {
  const Graph graph = graph_of(wide, 1);
  Network<float> network(graph, 1, Purpose::values);
  initialize(network, Scheme::ball, 1, Real::from_decimal("0"));
  EXPECT_EQ(block_norms(network, Real::from_decimal("0")).front().norm, 0);
  EXPECT_TRUE(block_norms(network, Real::from_decimal("0")).front().inside);
}

TEST(Initialize, RefusesARadiusBeyondTheNumbers) {
  const Graph graph = graph_of(wide, 1);
  Network<float> network(graph, 1, Purpose::values);
  try {
    initialize(network, Scheme::ball, 1, Real::from_decimal("1e39"));
    FAIL();
  } catch (const std::overflow_error& error) {
    EXPECT_STREQ(error.what(), "the radius 1e+39 is beyond the range of the numbers");
  }
}

TEST(BlockNorms, TellWhatIsOutside) {
  const Graph graph = graph_of("input: {shape: [2]}\nlayers: [{dense: 1}]\n", 1);
  Network<double> network(graph, 1, Purpose::values);
  const auto inside = [&](double first) {
    network.set_parameters(std::vector{first, 1.2, 0.0});
    return block_norms(network, two).front().inside;
  };
  EXPECT_TRUE(inside(1.6));
  EXPECT_FALSE(inside(std::nextafter(1.6, 2) + 1e-10));
  EXPECT_FALSE(inside(std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(inside(std::nan("")));
}

TEST(Parameters, AreTheSameAfterAFile) {
  const TemporaryDirectory directory;
  const std::string path = directory / "w.safetensors";
  const Graph graph = graph_of(wide, 1);
  Network<float> network(graph, 1, Purpose::values);
  initialize(network, Scheme::ball, 1, two);
  save_parameters(network, path, {{"scheme", "ball"}});
  Network<float> same(graph, 3);
  load_parameters(same, path);
  EXPECT_THAT(same.parameters(), ::testing::ElementsAreArray(network.parameters()));
  Network<double> wider(graph, 1, Purpose::values);
  load_parameters(wider, path);
  EXPECT_THAT(wider.parameters(), ::testing::ElementsAreArray(network.parameters()));
}

TEST(WriteInitialParameters, WritesWhatInitializeDraws) {
  const TemporaryDirectory directory;
  const std::string path = directory / "w.safetensors";
  const Graph graph = graph_of(wide, 1);
  write_initial_parameters(graph, Scheme::ball, 7, two, path);
  Network<float> network(graph, 1, Purpose::values);
  load_parameters(network, path);
  EXPECT_THAT(network.parameters(),
              ::testing::ElementsAreArray(drawn<float>(wide, Scheme::ball, 7)));
}

TEST(WriteInitialParameters, RefusesMoreThanTheMemoryHolds) {
  const TemporaryDirectory directory;
  const std::string path = directory / "w.safetensors";
  const Graph graph = graph_of("input: {shape: [1000000000]}\nlayers: [{dense: 1000000000}]\n", 1);
  EXPECT_THROW(write_initial_parameters(graph, Scheme::ball, 1, two, path), std::length_error);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace smoothbound::testing
