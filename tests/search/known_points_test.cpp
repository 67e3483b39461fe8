// Points at which formulas that look right are exceeded.
#include <gtest/gtest.h>

#include <cmath>

#include "search/check.hpp"

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

}  // namespace
}  // namespace smoothbound::search
