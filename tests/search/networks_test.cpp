// Random networks of the whole catalogue: nothing that a search reaches exceeds a bound.
//
// SMOOTHBOUND_SEARCH="first count" searches other networks, and prints how near it came.
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "search/check.hpp"
#include "support/random_network.hpp"

namespace smoothbound::search {
namespace {

using support::PlainLayer;
using support::PlainNetwork;
using support::PlainPart;

// Of the generator's networks those that can be executed, in sizes where a search says something.
std::optional<PlainNetwork> searched_network(std::uint64_t seed) {
  PlainNetwork network = support::random_network(seed);
  std::mt19937_64 random(seed);
  const auto one_of = [&](std::initializer_list<const char*> values) {
    return std::string(values.begin()[random() % values.size()]);
  };
  const std::size_t depth = 1 + random() % 4;
  const auto reads_before = [&](const PlainLayer& layer) {
    return std::ranges::all_of(layer.inputs,
                               [&](int input) { return input < static_cast<int>(depth); });
  };
  if (depth < network.layers.size() &&
      std::all_of(network.layers.begin(),
                  network.layers.begin() + static_cast<std::ptrdiff_t>(depth), reads_before)) {
    network.layers.resize(depth);
  }
  network.batch = 1 + static_cast<std::int64_t>(random() % 4);
  network.norm = one_of({"1", "0.4", "5", "20"});
  network.sample_norm = one_of({"0.4", network.norm.c_str(), "0.3"});
  if (network.norm == "20" && random() % 2 == 0) network.sample_norm = "8";
  network.loss = one_of({"logistic", "logistic", "binary_logistic", "square", "huber",
                         "convex_clustering"});
  network.regularizer = one_of({"0", "0.01"});
  network.label_radius = one_of({"1", "0.1", "3"});
  network.radius = one_of({"1", "0.2", "2", "7"});
  for (PlainLayer& layer : network.layers) {
    if (!layer.radius.empty()) layer.radius = one_of({"0", "0.5", "3", "10"});
    if (!layer.scale.empty()) layer.scale = one_of({"0.5", "2"});
    for (PlainPart& part : layer.parts) {
      if (part.kind == "opaque") return std::nullopt;
      if (!part.affine_radius.empty()) part.affine_radius = one_of({"0", "0.5", "3"});
      if (!part.epsilon.empty()) part.epsilon = one_of({"1e-3", "0.1", "1", "10"});
    }
  }
  return network;
}

void search_network(std::uint64_t seed, const Effort& effort, Nearest& nearest) {
  const std::string text = support::to_text(*searched_network(seed));
  SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
  nearest.set_context(fmt::format("seed {}", seed));
  const support::Network network = support::read_network(text);
  Network<double> run(network.graph, network.settings.batch);
  const Region region(network, run.parameter_layout());
  const Findings found = Adversary(network, region, run, seed).search(effort);
  const Inputs inputs = at_all_levels(inputs_of(network.settings));
  const BoundTable sharp = evaluate_bounds(network.graph, inputs, Method::sharp);
  expect_below(found, sharp, nearest);
  const ObjectiveFindings objective = ObjectiveAdversary(network, region, run, seed).search(effort);
  expect_below(objective, bound_objective(network.graph, network.settings,
                                          network.bounds(Method::sharp)),
               network.settings.loss->name, nearest);
}

TEST(SearchedNetworks, StayBelowTheirBounds) {
  std::uint64_t first = 0;
  std::uint64_t count = 250;
  Effort effort;
  const char* const wish = std::getenv("SMOOTHBOUND_SEARCH");
  if (wish != nullptr) {
    std::istringstream words(wish);
    words >> first >> count >> effort.starts >> effort.ascents >> effort.power_steps;
  }
  Nearest nearest;
  std::uint64_t networks = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    if (!searched_network(seed)) continue;
    search_network(seed, effort, nearest);
    ++networks;
  }
  if (wish != nullptr) fmt::print("{}", nearest.to_text());
  EXPECT_GE(networks, count / 2);
  for (const Level& level : searched_levels) {
    for (const char* const what : {"m", "l", "L"}) {
      EXPECT_GT(nearest.ratio(fmt::format("{} {}", level.name, what)), 0.1);
    }
  }
}

}  // namespace
}  // namespace smoothbound::search
