// Bounds of random networks against an independent evaluation in ball arithmetic.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "support/arb_oracle.hpp"
#include "support/causes.hpp"
#include "support/random_network.hpp"
#include "support/read_network.hpp"

namespace smoothbound {
namespace {

using support::Ball;
using support::Causes;
using support::causes_in;
using support::Network;
using support::Oracle;
using support::PlainNetwork;
using support::read_network;

constexpr int shards = 20;
constexpr int networks_per_shard = 500;

// Ball arithmetic takes its time: of so many networks one is compared with it, all of them where
// searches are long. A number that shares no divisor with what seeds stand for.
constexpr int short_stride = 11;
int stride_of_comparisons() {
  return std::getenv("SMOOTHBOUND_SEARCH") == nullptr ? short_stride : 1;
}

std::vector<std::uint64_t> seeds_of(int shard, int stride) {
  std::vector<std::uint64_t> seeds;
  for (int i = 0; i < networks_per_shard; i += stride) {
    seeds.push_back(static_cast<std::uint64_t>(shard * networks_per_shard + i));
  }
  return seeds;
}

class RandomNetworks : public testing::TestWithParam<int> {
 protected:
  template <class Check>
  static void for_each_network(Check&& check, int stride = 1) {
    for (const std::uint64_t seed : seeds_of(GetParam(), stride)) {
      const PlainNetwork network = support::random_network(seed);
      const std::string text = to_text(network);
      SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
      const Network evaluated = read_network(text, seed % 2 == 0 ? "random.json" : "random.yaml");
      check(network, evaluated);
      if (testing::Test::HasFailure()) return;  // one network tells enough
    }
  }
};

std::int64_t most_positions(const Graph& graph) {
  std::int64_t most = graph.input.positions();
  for (const Layer& layer : graph.layers) {
    for (const PlacedComponent& placed : layer.components) {
      most = std::max(most, placed.output.positions());
    }
  }
  return most;
}

// Method paper, sharp, and sharp with some of its refinements.
struct Evaluation {
  Method method;
  Refinements refinements{};

  [[nodiscard]] std::string name() const {
    std::string text(name_of(method));
    for (const RefinementRow& row : smoothbound::refinements) {
      if (!(refinements.*row.flag)) text += ", no " + std::string(row.name);
    }
    return text;
  }
  [[nodiscard]] Oracle oracle(const PlainNetwork& network) const {
    return {network,
            method == Method::sharp,
            {refinements.levels, refinements.growth, refinements.joint, refinements.loss,
             refinements.centred, refinements.maps, refinements.cauchy, refinements.radial,
             refinements.attention}};
  }
  [[nodiscard]] BoundTable table(const Network& network) const {
    Inputs inputs = inputs_of(network.settings);
    inputs.refinements = refinements;
    return evaluate_bounds(network.graph, inputs, method);
  }
};

// The oracle gives up neither positions nor blocks, of which there are few here but for these.
void leave_out_what_is_given_up(const Graph& graph, Refinements& refinements) {
  const std::int64_t positions = most_positions(graph);
  if (positions > static_cast<std::int64_t>(most_position_cells)) refinements.maps = false;
  if (positions * std::ssize(graph.blocks) > 1024) refinements.cauchy = false;
}

std::vector<Evaluation> evaluations(const PlainNetwork& network, const Graph& graph) {
  const std::size_t subset = to_text(network).size() % 512;
  const auto has = [&](std::size_t bit) { return (subset >> bit & 1U) != 0; };
  Refinements all;
  Refinements some{has(0), has(1), has(2), has(3), has(4), has(5), has(6), has(7), has(8)};
  leave_out_what_is_given_up(graph, all);
  leave_out_what_is_given_up(graph, some);
  return {{Method::paper}, {Method::sharp, all}, {Method::sharp, some}};
}

TEST_P(RandomNetworks, EveryEntryIsTheOraclesRoundedUp) {
  int finite = 0;
  int infinite = 0;
  for_each_network(
      [&](const PlainNetwork& network, const Network& evaluated) {
        for (const Evaluation& evaluation : evaluations(network, evaluated.graph)) {
          const BoundTable table = evaluation.table(evaluated);
          const Oracle oracle = evaluation.oracle(network);
          EXPECT_EQ(evaluated.graph.couples_samples, oracle.couples_samples());
          const std::size_t level_count = evaluation.method == Method::paper ? 1 : levels.size();
          for (std::uint32_t i = 0; i < table.layers.size(); ++i) {
            for (std::size_t level = 0; level < level_count; ++level) {
              const std::string where = fmt::format("{}, {}, level {}, ", evaluation.name(),
                                                    network.layers[i].name, levels.at(level).name);
              const Triple given = table.at(i, level);
              const support::OracleTriple exact = oracle.layer(i, level);
              EXPECT_EQ(check_upper(given.m, exact.m), "") << where << "m";
              EXPECT_EQ(check_upper(given.lipschitz, exact.l), "") << where << "l";
              EXPECT_EQ(check_upper(given.smoothness, exact.L), "") << where << "L";
              ++(given.smoothness.is_infinite() ? infinite : finite);
            }
          }
        }
      },
      stride_of_comparisons());
  // The generator has not run dry of either kind.
  EXPECT_GT(finite, networks_per_shard);
  EXPECT_GT(infinite, networks_per_shard / 10);
}

TEST_P(RandomNetworks, ObjectiveAndIterationsAreTheOracles) {
  for_each_network(
      [&](const PlainNetwork& network, const Network& evaluated) {
        const ResolvedSettings& settings = evaluated.settings;
        const Ball squared = square(Ball::decimal(network.accuracy));
        const Ball gap = Ball::decimal(network.gap);
        for (const Evaluation& evaluation : evaluations(network, evaluated.graph)) {
          SCOPED_TRACE(evaluation.name());
          const ObjectiveBounds given = bound_objective(
              evaluated.graph, settings, evaluation.table(evaluated), evaluation.refinements);
          const auto exact = evaluation.oracle(network).objective();
          EXPECT_EQ(check_upper(given.lipschitz, exact.l), "");
          EXPECT_EQ(check_upper(given.smoothness, exact.L), "");
          EXPECT_EQ(given.infinite_reason.empty(), given.smoothness.is_finite());
          if (evaluation.method == Method::paper) {
            EXPECT_EQ(given.route, Route::stacked);
          }

          const auto check = [&](const Estimate& estimate, const Ball& divisor,
                                 const Ball& factor) {
            EXPECT_EQ(check_lower(estimate.step_size, Ball(1) / (divisor * exact.L)), "");
            const Ball order = exact.L * gap / squared;
            EXPECT_EQ(check_upper(estimate.order, order), "");
            // An integer: not below the exact number, and not a whole step above it.
            const Ball least = factor * order;
            const Ball iterations = Ball::of(estimate.iterations);
            EXPECT_EQ(iterations.is_infinite(), least.is_infinite());
            if (iterations.is_infinite()) return;
            EXPECT_NE(arb_is_int(iterations.raw()), 0);
            EXPECT_FALSE(certainly_less(iterations, least)) << least.to_text();
            EXPECT_FALSE(certainly_less(least * support::tolerance() + Ball(1), iterations))
                << least.to_text();
          };
          check(gradient_descent(given, settings), 1, 2);
          check(stochastic_gradient_descent(given, settings), 2, 4);
        }
      },
      stride_of_comparisons());
}

// a <= b but for rounding: the largest eigenvalue increases with the entries, its rounded form may
// miss that in the last bit, and layers add up what they miss.
void expect_not_above(const BoundTable& a, const BoundTable& b) {
  static const Magnitude slack = Magnitude::from_decimal("1.00000000000000001");
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    EXPECT_LE(a.layers[i].m, b.layers[i].m * slack);
    EXPECT_LE(a.layers[i].lipschitz, b.layers[i].lipschitz * slack);
    EXPECT_LE(a.layers[i].smoothness, b.layers[i].smoothness * slack);
  }
}

TEST_P(RandomNetworks, SharpNeverExceedsPaper) {
  for_each_network([&](const PlainNetwork& network, const Network& evaluated) {
    const Inputs inputs = inputs_of(evaluated.settings);
    const BoundTable paper = evaluate_bounds(evaluated.graph, inputs, Method::paper);
    const BoundTable sharp = evaluate_bounds(evaluated.graph, inputs, Method::sharp);
    // Groups of shared blocks add up their roundings, in another order.
    if (evaluated.graph.shared_groups > 0) return expect_not_above(sharp, paper);
    for (std::size_t i = 0; i < paper.layers.size(); ++i) {
      const Triple& p = paper.layers[i];
      const Triple& s = sharp.layers[i];
      EXPECT_TRUE(s.m <= p.m && s.lipschitz <= p.lipschitz && s.smoothness <= p.smoothness)
          << network.layers[i].name << ": " << s.m.to_text(22) << " " << s.lipschitz.to_text(22)
          << " " << s.smoothness.to_text(22) << "\nabove " << p.m.to_text(22) << " "
          << p.lipschitz.to_text(22) << " " << p.smoothness.to_text(22);
    }
  });
}

// Switched on one after the other, each refinement lowers bounds or leaves them; and so it does
// where all others are on, which each network tries with one of them.
TEST_P(RandomNetworks, RefinementsOnlyLower) {
  std::size_t network_count = 0;
  for_each_network([&](const PlainNetwork& /*network*/, const Network& evaluated) {
    Inputs inputs = inputs_of(evaluated.settings);
    for (const RefinementRow& row : refinements) inputs.refinements.*row.flag = false;
    BoundTable before = evaluate_bounds(evaluated.graph, inputs, Method::sharp);
    for (const RefinementRow& row : refinements) {
      SCOPED_TRACE(row.name);
      inputs.refinements.*row.flag = true;
      BoundTable after = evaluate_bounds(evaluated.graph, inputs, Method::sharp);
      expect_not_above(after, before);
      before = std::move(after);
    }
    const RefinementRow& row = refinements.at(network_count++ % refinements.size());
    SCOPED_TRACE("without " + std::string(row.name));
    inputs.refinements.*row.flag = false;
    expect_not_above(before, evaluate_bounds(evaluated.graph, inputs, Method::sharp));
  });
}

TEST_P(RandomNetworks, BoundsIncreaseWithRadiusAndInputNorm) {
  for_each_network([&](const PlainNetwork& /*network*/, const Network& evaluated) {
    const Inputs inputs = inputs_of(evaluated.settings);
    for (const Method method : {Method::paper, Method::sharp}) {
      SCOPED_TRACE(name_of(method));
      const BoundTable base = evaluate_bounds(evaluated.graph, inputs, method);
      for (const char* const factor : {"1.0000001", "3", "1e30"}) {
        Inputs wider = inputs;
        wider.default_radius = inputs.default_radius * Magnitude::from_decimal(factor);
        expect_not_above(base, evaluate_bounds(evaluated.graph, wider, method));
        Inputs longer = inputs;
        longer.norm = inputs.norm * Magnitude::from_decimal(factor);
        expect_not_above(base, evaluate_bounds(evaluated.graph, longer, method));
      }
    }
  });
}

// Batch norm is left out: its smoothness constant shrinks with the square root of the batch by its
// formula, 2 m^(-1/2) / epsilon.
TEST_P(RandomNetworks, BoundsIncreaseWithTheBatch) {
  int compared = 0;
  for_each_network([&](const PlainNetwork& network, const Network& evaluated) {
    for (const support::PlainLayer& layer : network.layers) {
      for (const support::PlainPart& part : layer.parts) {
        if (part.kind == "batch_norm") return;
      }
    }
    ++compared;
    Inputs inputs = inputs_of(evaluated.settings);
    for (const Method method : {Method::paper, Method::sharp}) {
      SCOPED_TRACE(name_of(method));
      inputs.batch = 3;
      const BoundTable few = evaluate_bounds(evaluated.graph, inputs, method);
      inputs.batch = 1000;
      expect_not_above(few, evaluate_bounds(evaluated.graph, inputs, method));
    }
  });
  EXPECT_GT(compared, networks_per_shard / 4);
}

using Entry = Magnitude Triple::*;
constexpr std::array<Entry, 3> entries{&Triple::m, &Triple::lipschitz, &Triple::smoothness};

// Whether the second table, without a refinement, has a larger entry of some layer.
bool is_lower_somewhere(const BoundTable& with, const BoundTable& without, Entry entry,
                        std::size_t level) {
  for (std::uint32_t i = 0; i < with.layers.size(); ++i) {
    const Magnitude lower = with.at(i, level).*entry;
    if (lower * Magnitude::from_decimal("1.000001") < without.at(i, level).*entry) return true;
  }
  return false;
}

// What the comparisons above see: every component and loss of the catalogue, additions of branches
// that share parameters as well as of branches that do not, and blocks that several layers use.
TEST(RandomNetworkGenerator, CoversTheCatalogue) {
  std::set<std::string> seen;
  int shared = 0;
  int disjoint = 0;
  std::array<int, 2> with_groups{};  // of blocks that are used again: one, several
  // Networks in which a refinement lowers m, l, L of some layer.
  static constexpr std::array refined{&Refinements::centred, &Refinements::maps,
                                      &Refinements::cauchy, &Refinements::radial};
  std::array<std::array<int, 3>, refined.size()> lowered{};
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const PlainNetwork network = support::random_network(seed);
    seen.insert(network.loss);
    for (const support::PlainLayer& layer : network.layers) {
      if (!layer.merge.empty()) seen.insert(layer.merge);
      for (const support::PlainPart& part : layer.parts) seen.insert(part.kind);
    }
    const Network evaluated = read_network(to_text(network), "random.json");
    const Inputs inputs = inputs_of(evaluated.settings);
    const BoundTable all = evaluate_bounds(evaluated.graph, inputs, Method::sharp);
    for (std::size_t which = 0; which < refined.size(); ++which) {
      Inputs fewer = inputs;
      fewer.refinements.*refined.at(which) = false;
      const BoundTable table = evaluate_bounds(evaluated.graph, fewer, Method::sharp);
      for (std::size_t entry = 0; entry < entries.size(); ++entry) {
        const bool is_lower = is_lower_somewhere(all, table, entries.at(entry), euclidean);
        if (is_lower) ++lowered.at(which).at(entry);
      }
    }
    const std::uint32_t groups_of_shared = evaluated.graph.shared_groups;
    if (groups_of_shared > 0) ++with_groups.at(groups_of_shared > 1 ? 1 : 0);
    for (const Layer& layer : evaluated.graph.layers) {
      const std::set<std::uint32_t> groups(layer.input_groups.begin(), layer.input_groups.end());
      if (layer.input_groups.empty() || name_of(layer.components[0].component) != "add") continue;
      ++(groups.size() < layer.inputs.size() ? shared : disjoint);
    }
  }
  for (const Component& component : prototypes()) {
    EXPECT_EQ(seen.count(std::string(name_of(component))), 1U) << name_of(component);
  }
  for (const LossRow& loss : loss_table()) {
    EXPECT_EQ(seen.count(std::string(loss.name)), 1U) << loss.name;
  }
  EXPECT_GT(shared, 50);
  EXPECT_GT(disjoint, 50);
  for (const int networks : with_groups) EXPECT_GT(networks, 100);
  // 0: never.
  const std::array<std::array<int, 3>, refined.size()> least{
      {{10, 10, 10}, {300, 300, 300}, {0, 25, 70}, {0, 15, 45}}};
  for (std::size_t which = 0; which < refined.size(); ++which) {
    for (std::size_t entry = 0; entry < least.at(which).size(); ++entry) {
      const int at_least = least.at(which).at(entry);
      if (at_least == 0) {
        EXPECT_EQ(lowered.at(which).at(entry), 0) << which << " " << entry;
      } else {
        EXPECT_GT(lowered.at(which).at(entry), at_least) << which << " " << entry;
      }
    }
  }
}

// Of the networks that are about gradients of all blocks together, those that are compared with the
// oracle in short runs, too: bounds of such gradients matter there, at whichever level.
TEST(RandomNetworkGenerator, BendsSoThatGradientsTogetherMatter) {
  int networks = 0;
  int of_many_blocks = 0;
  std::array<int, 3> by_cauchy{};
  std::array<int, 3> by_radial{};
  for (int shard = 0; shard < shards; ++shard) {
    for (const std::uint64_t seed : seeds_of(shard, short_stride)) {
      if (!support::bends(seed)) continue;
      ++networks;
      const Network evaluated = read_network(to_text(support::random_network(seed)), "random.json");
      const auto table = [&](Refinements refinements) {
        leave_out_what_is_given_up(evaluated.graph, refinements);
        return Evaluation{Method::sharp, refinements}.table(evaluated);
      };
      const BoundTable all = table({});
      const auto count = [&](const BoundTable& fewer, std::array<int, 3>& lowered) {
        bool any = false;
        for (std::size_t entry = 0; entry < entries.size(); ++entry) {
          bool is_lower = false;
          for (std::size_t level = 0; level < levels.size(); ++level) {
            is_lower = is_lower || is_lower_somewhere(all, fewer, entries.at(entry), level);
          }
          if (is_lower) ++lowered.at(entry);
          any = any || is_lower;
        }
        return any;
      };
      Refinements without;
      without.radial = false;
      count(table(without), by_radial);
      without = {};
      without.cauchy = false;
      if (count(table(without), by_cauchy) && evaluated.graph.blocks.size() > 32) ++of_many_blocks;
    }
  }
  EXPECT_GT(networks, 80);
  EXPECT_GT(by_cauchy[2], networks * 2 / 5);
  EXPECT_GT(by_cauchy[1], networks / 6);
  EXPECT_GT(by_radial[2], networks / 5);
  EXPECT_GT(by_radial[1], networks / 10);
  EXPECT_EQ(by_cauchy[0] + by_radial[0], 0);  // values are never lower
  EXPECT_GE(of_many_blocks, 2);
}

TEST_P(RandomNetworks, EveryInfiniteEntryHasACause) {
  int reasons = 0;
  for_each_network([&](const PlainNetwork& /*network*/, const Network& evaluated) {
    const Inputs inputs = inputs_of(evaluated.settings);
    for (const Method method : {Method::paper, Method::sharp}) {
      const BoundTable table = evaluate_bounds(evaluated.graph, inputs, method);
      const CauseTable cause_table(evaluated.graph, inputs, table);
      for (std::uint32_t i = 0; i < table.layers.size(); ++i) {
        SCOPED_TRACE(evaluated.graph.layers[i].name);
        const Causes causes = causes_in(cause_table, i);
        EXPECT_EQ(causes.m.reason.empty(), table.layers[i].m.is_finite());
        EXPECT_EQ(causes.lipschitz.reason.empty(), table.layers[i].lipschitz.is_finite());
        EXPECT_EQ(causes.smoothness.reason.empty(), table.layers[i].smoothness.is_finite());
        for (const Cause* cause : {&causes.m, &causes.lipschitz, &causes.smoothness}) {
          if (cause->reason.empty()) continue;
          ++reasons;
          // It is a component's constant: no number here comes near the largest one.
          EXPECT_EQ(cause->reason.find("beyond"), std::string::npos) << cause->reason;
          // Something infinite begins in the layer named.
          const auto begins = [&](TripleEntry entry) {
            const auto is_infinite = [&](std::uint32_t layer) {
              return layer != Graph::network_input && (table.layers[layer].*entry).is_infinite();
            };
            return is_infinite(cause->layer) &&
                   std::ranges::none_of(evaluated.graph.layers[cause->layer].inputs, is_infinite);
          };
          EXPECT_TRUE(begins(&Triple::m) || begins(&Triple::lipschitz) ||
                      begins(&Triple::smoothness));
        }
      }
    }
  });
  EXPECT_GT(reasons, networks_per_shard / 10);
}

INSTANTIATE_TEST_SUITE_P(Shards, RandomNetworks, testing::Range(0, shards));

}  // namespace
}  // namespace smoothbound
