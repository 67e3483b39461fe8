// Random networks, points, directions and lengths: the exact objective at the parameters that are
// reached is never outside of its bounds, and no value of the network outside of what is stated of
// it. The environment's SMOOTHBOUND_SEARCH, "first count", says which seeds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <map>

#include "enclosure/node_check.hpp"
#include "enclosure/random_line.hpp"
#include "smoothbound/runtime/machine.hpp"
#include "support/search_seeds.hpp"

namespace smoothbound::test {
namespace {

struct Found {
  std::int64_t networks = 0, bounds = 0, failed = 0, unknown = 0;
  std::int64_t checks = 0, scalars = 0, outside = 0;
  double nearest = 0;
  std::map<std::string, NodeStatements::Shares> components;
};

// Which components have been met, and how near their bounds.
void note_components(const Graph& graph, const Network<double>& network,
                     const std::vector<NodeStatements::Shares>& shares, Found& found) {
  for (std::size_t node = 0; node < shares.size(); ++node) {
    const auto& place = network.nodes()[node];
    const PlacedComponent& part = graph.layers[place.layer].components[place.component];
    NodeStatements::Shares& of = found.components[std::string(name_of(part.component))];
    of.remainder = std::max(of.remainder, shares[node].remainder);
    of.rounding = std::max(of.rounding, shares[node].rounding);
  }
}

// The t at which F, in floating point, comes nearest to a bound.
double nearest_time(const ObjectiveEnclosure& line, Objective<double>& f, const LineProblem& of,
                    double length, bool above) {
  double best = 0;
  double least = std::numeric_limits<double>::infinity();
  const auto look = [&](double t) {
    f.set_point(step_to(of.w, of.d, t));
    const double value = f.value();
    const Range range = line.at(t);
    const double slack = (above ? range.upper - value : value - range.lower) / (t / length + 1e-3);
    if (slack < least) least = slack, best = t;
  };
  for (int i = 1; i <= 8; ++i) look(length * i / 8);
  for (double width = length / 16; width > length / 100; width /= 2) {
    const double centre = best;
    for (const double t : {centre - width, centre + width}) {
      if (t > 0 && t <= length) look(t);
    }
  }
  return best;
}

void check_at(const LineProblem& of, const ObjectiveEnclosure& line, const NodeStatements* nodes,
              double t, Found& found) {
  const std::vector<double> v = step_to(of.w, of.d, t);
  const ExactValues values = exact_values(of.graph(), of.samples, v, of.x);
  const Number exact = exact_loss(of.exact_setup(), values.output, v);
  if (!exact.is_finite()) {  // numbers so large that nothing is left of their digits
    ++found.unknown;
    return;
  }
  const Range range = line.at(t);
  ++found.checks;
  if (!std::isfinite(range.upper) || !std::isfinite(range.lower)) return;
  const bool above = certainly_less(range.upper, exact);
  const bool below = certainly_less(exact, range.lower);
  found.outside += above || below ? 1 : 0;
  EXPECT_FALSE(above) << "t " << t << ": " << exact.to_text() << " above " << range.upper;
  EXPECT_FALSE(below) << "t " << t << ": " << exact.to_text() << " below " << range.lower;
  if (nodes == nullptr) return;
  found.scalars += nodes->check(values, t);
  found.nearest = std::max(found.nearest, nodes->nearest());
}

void search(std::uint64_t seed, Found& found) {
  std::mt19937_64 random(seed);
  std::optional<LineProblem> problem = random_problem(seed, random);
  if (!problem) return;
  LineProblem& of = *problem;
  SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + of.text);
  std::unique_ptr<ObjectiveEnclosure> line;
  std::unique_ptr<LineEnclosure> values;
  try {
    line = of.enclosure();
    values = std::make_unique<LineEnclosure>(of.graph(), of.samples);
  } catch (const NotEnclosed&) {
    return;
  }
  const NodeStatements nodes(*values);
  Objective<double> f(of.graph(), *find_loss(of.loss), of.x, of.samples, of.labels, of.options);
  bool any = false;
  for (int each = 0; each < 3; ++each) {
    of.d = random_direction(of, f, random);
    const int degree = 1 + static_cast<int>(random() % 3);
    try {
      line->set_line(of.w, of.d, degree);
    } catch (const LossError&) {  // outputs that are not finite
      ++found.failed;
      continue;
    }
    double length = random_length(*line, of.d, random);
    const EnclosureMode mode = random() % 2 == 0 ? EnclosureMode::norm : EnclosureMode::interval;
    SCOPED_TRACE("K " + std::to_string(degree) + (mode == EnclosureMode::norm ? " norm" : ""));
    bool bounded = line->bound(length, mode);
    for (int attempt = 0; attempt < 4 && !bounded; ++attempt) {
      length /= 100;
      bounded = line->bound(length, mode);
    }
    if (!bounded) {
      ++found.failed;
      continue;
    }
    SCOPED_TRACE("T " + std::to_string(length));
    // Nodes take norms of all layers once more. A T beyond the longest is one of a scaled
    // direction.
    const bool with_nodes = each == 0 && length <= 0x1p40;
    if (with_nodes) values->set_line(of.w, of.d, of.x, degree);
    ASSERT_TRUE(!with_nodes || values->bound(length, mode));
    ++found.bounds;
    any = true;
    std::vector<double> times{0, length, length * static_cast<double>(random() % 1000) / 1000};
    try {
      times.push_back(nearest_time(*line, f, of, length, random() % 2 == 0));
    } catch (const LossError&) {
    }
    for (const double t : times) {
      check_at(of, *line, with_nodes ? &nodes : nullptr, t, found);
    }
    if (testing::Test::HasFailure()) return;
  }
  if (!any) return;
  ++found.networks;
  note_components(of.graph(), values->network(), nodes.shares(), found);
}

// Of which the catalogue tells by what they are enclosed along a line.
std::vector<std::string> components_with_rules() {
  std::vector<std::string> names;
  for (const Component& each : prototypes()) {
    if (line_rule_of(each).exists()) names.emplace_back(name_of(each));
  }
  return names;
}

TEST(EnclosureSoundness, NothingIsExceeded) {
  set_threads(1);  // more would wait for each other most of the time
  const support::SearchSeeds seeds = support::search_seeds(300);
  Found found;
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    search(seed, found);
    if (HasFailure() && !seeds.is_wish) break;
  }
  std::cout << found.networks << " networks, " << found.bounds << " bounds, " << found.failed
            << " not bounded, " << found.unknown << " unknown, " << found.checks << " objectives, "
            << found.scalars << " scalars, nearest " << found.nearest << ", " << found.outside
            << " outside\n";
  if (seeds.is_wish) {
    for (const auto& [name, of] : found.components) {
      std::cout << name << ' ' << of.remainder << ' ' << of.rounding << '\n';
    }
    return;
  }
  EXPECT_LE(found.unknown, found.checks / 50);
  EXPECT_GE(found.networks, 150);
  EXPECT_GE(found.nearest, 0.9);
  std::vector<std::string> met;
  for (const auto& [name, of] : found.components) met.push_back(name);
  EXPECT_THAT(met, testing::UnorderedElementsAreArray(components_with_rules()));
}

}  // namespace
}  // namespace smoothbound::test
