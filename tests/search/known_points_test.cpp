// Points at which formulas that look right are exceeded.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "search/check.hpp"
#include "smoothbound/rules/unsaturated.hpp"

namespace smoothbound::search {
namespace {

struct Searched {
  Findings found;
  BoundTable table;
};

// Fails if a bound is exceeded.
Searched searched(const std::string& text, const Effort& effort, std::uint64_t seed = 1) {
  SCOPED_TRACE(text);
  const support::Network network = support::read_network(text);
  Network<double> run(network.graph, network.settings.batch);
  const Region region(network, run.parameter_layout());
  Searched result{Adversary(network, region, run, seed).search(effort),
                  evaluate_bounds(network.graph, all_levels_of(network), Method::sharp)};
  Nearest nearest;
  expect_below(result.found, result.table, nearest);
  return result;
}

// sqrt(n) log(1 + exp(M / sqrt n)) bounds ||softplus|| of n numbers with ||x|| <= M only up to
// M = 0.83 sqrt(n): a few large numbers among small ones give more.
TEST(KnownPoints, SoftplusExceedsItsValueAtEqualNumbers) {
  double equal = 3 * std::hypot(1, std::sqrt(3.0));
  for (int layer = 0; layer < 3; ++layer) {
    const double root = std::sqrt(3.0 * 8);
    equal = 3 * std::hypot(root * std::log1p(std::exp(equal / root)), std::sqrt(3.0));
  }
  EXPECT_NEAR(equal, 202.695, 0.001);
  const Searched result = searched(R"(
batch: 3
radius: 3
input: {shape: [6], norm: 1}
layers:
  - {dense: 8, then: [softplus]}
  - {dense: 8, then: [softplus]}
  - {dense: 8, then: [softplus]}
  - dense: 3
)",
                                   {20, 60, 4});
  EXPECT_GT(result.found.output[euclidean][0], equal);
}

// One entry of a dense layer takes all of a ball, and one sample all of the batch's norm.
TEST(KnownPoints, DenseLayersAttainTheMaximumNorm) {
  const Searched result = searched(
      "batch: 3\nradius: 5\ninput: {shape: [4], norm: 2, sample_norm: 2}\nlayers: [dense: 3]\n",
      {20, 60, 10});
  const Triple bounds = result.table.at(0, maximum);
  EXPECT_NEAR(bounds.m.to_double(), 5 * std::sqrt(5), 1e-12);
  EXPECT_NEAR(bounds.lipschitz.to_double(), std::sqrt(5), 1e-12);
  EXPECT_NEAR(result.found.output[maximum][0], 5 * std::sqrt(5), 1e-6);
  EXPECT_NEAR(result.found.output[maximum][1], std::sqrt(5), 1e-6);
  EXPECT_NEAR(result.table.network().m.to_double(), 5 * std::sqrt(4 + 3), 1e-12);
}

// A bound of z''[d, d] for all d is none of z''[d, d'] for pairs of blocks: written in the place of
// those it made 0.25 of the curvature of softplus(v w).
TEST(KnownPoints, SoftplusOfAProduct) {
  const Searched result = searched(R"(
input: {shape: [1], norm: 1}
layers:
  - {dense: 1, bias: false}
  - {dense: 1, bias: false, then: [softplus]}
)",
                                   {4, 40, 10});
  EXPECT_NEAR(result.found.output[euclidean][2], 1.124, 5e-4);
  EXPECT_LE(result.table.network().smoothness.to_double(), 1.1671);
}

// Each channel picks a position of its own: where all entries of a position are at most 1 in norm,
// those of a maximum over four positions may be 2.
TEST(KnownPoints, MaxPoolingMixesPositions) {
  const Searched result = searched(R"(
radius: 100
input: {shape: [4, 4], norm: 10}
layers:
  - {name: softmax, conv: {filters: 4, kernel: 1}, bias: false, then: [softmax]}
  - {name: maximum, then: [max_pool: 4]}
)",
                                   {10, 20, 1});
  EXPECT_LE(result.found.layers[0][per_position], 1 + 1e-12);
  EXPECT_GT(result.found.layers[1][per_position], 1.9);
}

// Each sample does, too: four samples of one channel, each large at another position.
TEST(KnownPoints, MaxPoolingMixesPositionsOfSamples) {
  const Searched result = searched(R"(
batch: 4
input: {shape: [1, 4], norm: 10}
layers:
  - {name: norm, then: [{batch_norm: {per: element, epsilon: 1e-6}}]}
  - {name: maximum, then: [max_pool: 4]}
)",
                                   {10, 40, 1});
  EXPECT_LE(result.found.layers[0][per_position], 2);
  EXPECT_GT(result.found.layers[1][per_position], 3);
}

// The output of a network that is one number, at a point, and its certified numbers.
struct Scalar {
  double sigma = 0;
  Numbers gradient;
  rules::Value value;
};

Scalar scalar_at(const std::string& text, const SearchPoint& point) {
  const support::Network network = support::read_network(text);
  Network<double> run(network.graph, network.settings.batch);
  run.set_parameters(point.w);
  Trajectory<double> trajectory(run);
  forward<double>(point.x, trajectory);
  Scalar scalar{trajectory.output().front(), Numbers(point.w.size()),
                network.bounds(Method::sharp).value(network.graph.output())};
  vjp<double>(trajectory, Numbers{1}, scalar.gradient);
  return scalar;
}

// Two chains of numbers that are all 1, but for one -1, cancel: sigma = 0, and all 2n gradients are
// 1, although M = 2. Of either chain without a block the other one is left, o_k = 1.
TEST(KnownPoints, CancellingChainsHaveAllTheirGradients) {
  constexpr std::size_t n = 8;
  std::string text = "input: {shape: [1], norm: 1}\nlayers:\n";
  for (const char* const chain : {"a", "b"}) {
    for (std::size_t i = 0; i < n; ++i) {
      text += fmt::format("  - {{name: {}{}, {}dense: 1, bias: false}}\n", chain, i,
                          i == 0 ? "from: input, " : "");
    }
  }
  text += fmt::format("  - {{name: y, add: [a{0}, b{0}]}}\n", n - 1);
  SearchPoint point{Numbers(2 * n, 1), {1}};
  point.w.back() = -1;
  const Scalar scalar = scalar_at(text, point);
  EXPECT_EQ(scalar.sigma, 0);
  EXPECT_EQ(norm_of(scalar.gradient) * norm_of(scalar.gradient), 2 * n);
  ASSERT_EQ(scalar.value.blocks().size(), 2 * n);
  for (const rules::BlockBound& block : scalar.value.blocks()) {
    EXPECT_EQ(block.o[euclidean], Magnitude::from_count(1));
  }
  const auto E = [&](std::span<const rules::BlockBound> blocks) {
    return rules::squared_gradient(blocks, euclidean, scalar.value.m[euclidean], {}).to_double();
  };
  EXPECT_EQ(E(scalar.value.blocks()), 2 * n);
  // As if a branch without the block were nothing.
  std::vector<rules::BlockBound> wrong(scalar.value.blocks().begin(), scalar.value.blocks().end());
  for (rules::BlockBound& block : wrong) block.o = {};
  EXPECT_LT(E(wrong), 10.54);
}

// Softplus of scale 0.1 is 10 log 2 at 0, and so is what it leaves without the block in front of
// it: |<g_1, W_1>| exceeds |sigma| + log 2.
TEST(KnownPoints, AFlatSoftplusLeavesMuchWithoutABlock) {
  const Scalar scalar = scalar_at(R"(
input: {shape: [1], norm: 20}
layers:
  - {dense: 1, bias: false, then: [softplus: 0.1]}
  - {dense: 1, bias: false}
)",
                                  {{-1, 1}, {20}});
  EXPECT_NEAR(scalar.sigma, 1.2692801104, 1e-9);
  const double radial = -scalar.gradient.front();  // <g_1, W_1>
  EXPECT_NEAR(radial, -2.3840584404, 1e-9);
  EXPECT_GT(std::abs(radial), scalar.sigma + std::log(2));
  const double o = scalar.value.blocks().front().o[euclidean].to_double();
  EXPECT_NEAR(o, 10 * std::log(2), 1e-9);
  EXPECT_LE(std::abs(radial), scalar.sigma + o);
}

// Four parameters in front of a window that makes 256 cells: all of these have to know their
// blocks, also that of the window. Where z is 0 the middle of the softplus has the curvature |x|^2
// / 4.
TEST(KnownPoints, ManyCellsBehindManyBlocks) {
  std::string text = "input: {shape: [1, 511], norm: 100}\nlayers:\n";
  for (int i = 0; i < 4; ++i) text += fmt::format("  - {{name: p{}, parameter: [1, 511]}}\n", i);
  text += R"(  - {name: s, add: [input, p0, p1, p2, p3]}
  - {conv: {filters: 1, kernel: 511, padding: 255}, bias: false, then: [softplus]}
)";
  const support::Network network = support::read_network(text);
  Network<double> run(network.graph, network.settings.batch);
  const auto parameters = static_cast<std::size_t>(run.parameter_layout().elements);
  run.set_parameters(Numbers(parameters));
  Trajectory<double> trajectory(run);
  Numbers x(511, 1);
  set_norm(x, 100);
  forward<double>(x, trajectory);
  Numbers direction(parameters);
  std::ranges::fill(std::span(direction).last(511), 1 / std::sqrt(511));
  Numbers image(511);
  second_directional<double>(trajectory, direction, image);
  EXPECT_NEAR(image[255], 2500, 1e-9);
  const BoundTable table = network.bounds(Method::sharp);
  const rules::Value value = table.value(network.graph.output());
  ASSERT_EQ(value.cells().size(), 256U);
  EXPECT_EQ(value.cells().front().blocks().size(), 5U);
  EXPECT_GE(value.smoothness(per_position).to_double(), 2500);
  EXPECT_GE(table.network().smoothness.to_double(), norm_of(image));
}

}  // namespace
}  // namespace smoothbound::search
