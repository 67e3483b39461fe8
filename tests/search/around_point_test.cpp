// Random networks near a point: nothing that a search reaches exceeds a bound around it.
#include <gtest/gtest.h>

#include "search/check.hpp"
#include "search/searched_network.hpp"
#include "smoothbound/runtime/point.hpp"

namespace smoothbound::search {
namespace {

// What forward passes at the point tell, for that input.
void set_values(PointBounds& point, const support::Network& network, Network<double>& run,
                const SearchPoint& at) {
  LayerNormRecorder<double> recorder(network.graph);
  Trajectory<double> trajectory(run);
  trajectory.set_observer(&recorder);
  run.set_parameters(at.w);
  forward<double>(at.x, trajectory);
  point.batch.layer_norms = recorder.batch_norms();
  point.sample.layer_norms = recorder.sample_norms();
}

// Around a point of the balls with its own input, about which everything is known, and with all
// inputs of the norm, of which nothing is.
void search_around(std::uint64_t seed, const Effort& effort, Nearest& nearest) {
  const std::string text = support::to_text(*searched_network(seed));
  SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
  nearest.set_context(fmt::format("seed {}", seed));
  const support::Network network = support::read_network(text);
  Network<double> run(network.graph, network.settings.batch);
  Region region(network, run.parameter_layout());
  std::mt19937_64 random(seed);
  const SearchPoint at = region.draw(static_cast<Region::Start>(random() % Region::starts), random);
  const bool with_values = seed % 2 == 0;
  const double radius = std::array{1e-3, 0.1, 1.0}.at(random() % 3);
  PointBounds point = point_bounds(network.graph, run.parameter_layout(), at.w);
  if (with_values) set_values(point, network, run, at);
  region.move_to(at.w, radius, with_values ? std::optional(at.x) : std::nullopt);
  const Findings found = Adversary(network, region, run, seed).search(effort);
  const Magnitude certified = Magnitude::from_double(radius);
  expect_below(found,
               evaluate_bounds_around(network.graph, all_levels_of(network), point, certified,
                                      Method::sharp),
               nearest);
  ObjectiveAdversary adversary(network, region, run, seed);
  const LossEvaluation loss = adversary.look(at);
  if (with_values) set_loss_gradient(point, *network.settings.loss, loss, run.batch());
  adversary.search_on(effort);
  expect_below(
      adversary.found(),
      bound_objective_around(network.graph, network.settings, point, certified,
                             evaluate_bounds_around(network.graph, inputs_of(network.settings),
                                                    point, certified, Method::sharp)),
      network.settings.loss->name, nearest);
}

TEST(AroundPoints, SearchedNetworksStayBelowTheirBounds) {
  const Wish wish(5000, 120);
  Nearest nearest;
  std::uint64_t networks = 0;
  for (std::uint64_t seed = wish.first; seed < wish.first + wish.count; ++seed) {
    if (!searched_network(seed)) continue;
    search_around(seed, wish.effort, nearest);
    ++networks;
  }
  wish.print(nearest);
  EXPECT_GE(networks, wish.count / 2);
  expect_something_near(nearest, 0.3);
}

}  // namespace
}  // namespace smoothbound::search
