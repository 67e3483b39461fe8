// Bounds in the maximum norm, of which products of layers are made, against searches: entries,
// gradients of entries and their second derivatives at random points of the balls.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "networks.hpp"
#include "smoothbound/bounds/evaluate.hpp"
#include "support/random_network.hpp"
#include "support/read_network.hpp"

namespace smoothbound {
namespace {

using Numbers = std::vector<double>;

constexpr double rounding = 1e-9;

double norm_of(const Numbers& x) {
  double sum = 0;
  for (const double e : x) sum += e * e;
  return std::sqrt(sum);
}

// Each block on its sphere, or on a smaller one.
Numbers point_in_balls(const ParameterLayout& layout, double default_radius,
                       std::mt19937_64& random) {
  Numbers w = testing::random_vector<double>(static_cast<std::size_t>(layout.elements), random);
  const double share = random() % 3 == 0 ? 0.3 : 1;
  for (const ParameterBlock& block : layout.blocks) {
    const auto begin = w.begin() + block.offset;
    const auto end = begin + block.elements;
    if (random() % 4 == 0) std::fill(begin + 1, end, 0.0);  // in one entry
    const double norm = norm_of({begin, end});
    const double radius = block.radius ? block.radius->lower.to_double() : default_radius;
    std::for_each(begin, end, [&](double& e) { e *= norm > 0 ? share * radius / norm : 0; });
  }
  return w;
}

struct Search {
  double m = 0, slope = 0, curvature = 0;
};

// Of the last layer.
Search search(const support::Network& network, const Numbers& w, std::mt19937_64& random) {
  const std::int64_t batch = network.settings.batch;
  Network<double> run(network.graph, batch);
  run.set_parameters(w);
  Trajectory<double> trajectory(run);
  const Numbers x = testing::random_input(network.graph, batch, random,
                                          network.settings.input_norm.lower.to_double());
  forward<double>(x, trajectory);
  const std::span<const double> output = trajectory.output();
  Search found;
  for (const double y : output) found.m = std::max(found.m, std::abs(y));
  for (int trial = 0; trial < 3; ++trial) {
    Numbers mu(output.size());
    mu[random() % mu.size()] = 1;
    Numbers gradient(w.size());
    vjp<double>(trajectory, mu, gradient);
    found.slope = std::max(found.slope, norm_of(gradient));
    // Power steps of the entry's Hessian.
    Numbers direction = testing::random_vector<double>(w.size(), random);
    for (int step = 0; step < 12; ++step) {
      const double norm = norm_of(direction);
      if (norm == 0) break;
      for (double& e : direction) e /= norm;
      Numbers product(w.size());
      hvp<double>(trajectory, mu, direction, product);
      found.curvature = std::max(found.curvature, norm_of(product));
      direction = std::move(product);
    }
  }
  return found;
}

void expect_bounded(const std::string& text, std::uint64_t seed, int points) {
  SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
  const support::Network network = support::read_network(text);
  if (network.graph.parameters == 0) return;
  Inputs inputs = inputs_of(network.settings);
  inputs.all_levels = true;
  const BoundTable table = evaluate_bounds(network.graph, inputs, Method::sharp);
  const Triple bound = table.at(network.graph.output(), maximum);
  EXPECT_LE(bound.m, table.network().m);
  std::mt19937_64 random(seed);
  const Network<double> sizes(network.graph, network.settings.batch, Purpose::values,
                              Storage::none);
  for (int i = 0; i < points; ++i) {
    const Numbers w =
        point_in_balls(sizes.parameter_layout(), network.settings.radius.lower.to_double(), random);
    const Search found = search(network, w, random);
    EXPECT_LE(found.m, bound.m.to_double() * (1 + rounding));
    EXPECT_LE(found.slope, bound.lipschitz.to_double() * (1 + rounding));
    if (bound.smoothness.is_finite()) {
      EXPECT_LE(found.curvature, bound.smoothness.to_double() * (1 + 1e-6));
    }
  }
}

TEST(MaximumNorm, HoldsForEveryComponent) {
  for (const auto& network : testing::smooth_networks) {
    for (const char* const settings :
         {"batch: 1", "batch: 3\nradius: 3", "batch: 2\nradius: 0.3"}) {
      expect_bounded(fmt::format("{}\n{}", settings, network.text), 3, 6);
    }
  }
}

TEST(MaximumNorm, HoldsForRandomNetworks) {
  int networks = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    support::PlainNetwork plain = support::random_network(seed);
    plain.batch = 1 + static_cast<std::int64_t>(seed % 3);
    plain.norm = seed % 3 == 0 ? "3" : "0.7";
    plain.sample_norm.clear();
    plain.loss.clear();
    plain.radius = seed % 2 == 0 ? "1" : "0.5";
    bool runnable = true;
    for (support::PlainLayer& layer : plain.layers) {
      if (!layer.radius.empty()) layer.radius = "0.7";
      if (!layer.scale.empty()) layer.scale = "0.6";
      for (support::PlainPart& part : layer.parts) {
        runnable = runnable && part.kind != "opaque";
        if (!part.affine_radius.empty()) part.affine_radius = "2";
        if (!part.epsilon.empty()) part.epsilon = "0.1";
      }
    }
    if (!runnable) continue;
    ++networks;
    expect_bounded(to_text(plain), seed, 3);
    if (HasFailure()) return;
  }
  EXPECT_GT(networks, 200);
}

// One entry of a dense layer takes all of a ball: m and l are attained.
TEST(MaximumNorm, IsAttainedByADenseLayer) {
  const support::Network network = support::read_network(
      "batch: 3\ninput: {shape: [4], norm: 2, sample_norm: 2}\nradius: 5\nlayers: [dense: 3]\n");
  Inputs inputs = inputs_of(network.settings);
  inputs.all_levels = true;
  const BoundTable table = evaluate_bounds(network.graph, inputs, Method::sharp);
  // All of the batch's norm in one sample z: |w^T z + w_0| <= 5 sqrt(2^2 + 1).
  EXPECT_NEAR(table.at(0, maximum).m.to_double(), 5 * std::sqrt(5), 1e-12);
  EXPECT_NEAR(table.at(0, maximum).lipschitz.to_double(), std::sqrt(5), 1e-12);
  EXPECT_NEAR(table.network().m.to_double(), 5 * std::sqrt(4 + 3), 1e-12);
}

}  // namespace
}  // namespace smoothbound
