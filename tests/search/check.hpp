// What was found against what is certified.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "search/adversary.hpp"
#include "search/objective_adversary.hpp"

namespace smoothbound::search {

/// How near searches came to bounds, found / bound, at most and in which network.
class Nearest {
 public:
  /// The test fails if `found` exceeds the bound. Infinite bounds are left out.
  void expect_bounded(double found, const Magnitude& bound, const std::string& what) {
    if (bound.is_infinite()) return;
    const double number = bound.to_double();
    constexpr double rounding = 1e-9;
    // Where nothing is to be found, differences leave the noise of rounding, 1e-10 behind two
    // normalizations.
    constexpr double noise = 1e-8;
    EXPECT_LE(found, number * (1 + rounding) + (bound.is_zero() ? noise : 0)) << what;
    if (bound.is_zero()) return;
    Ratio& best = ratios_[what];
    best.cases += 1;
    best.sum += found / number;
    if (found / number > best.ratio) best = {found / number, context_, best.cases, best.sum};
  }
  void set_context(std::string context) { context_ = std::move(context); }

  [[nodiscard]] double ratio(const std::string& what) const {
    const auto place = ratios_.find(what);
    return place == ratios_.end() ? 0 : place->second.ratio;
  }
  [[nodiscard]] std::string to_text() const {
    std::string text;
    for (const auto& [what, best] : ratios_) {
      text += fmt::format("{:28} largest {:.9f} in {}, mean {:.4f} of {}\n", what, best.ratio,
                          best.context, best.sum / best.cases, best.cases);
    }
    return text;
  }

 private:
  struct Ratio {
    double ratio = 0;
    std::string context;
    int cases = 0;
    double sum = 0;
  };
  std::map<std::string, Ratio> ratios_;
  std::string context_;
};

/// The cell of each position.
inline std::vector<std::size_t> cells_by_position(const rules::PositionClasses& classes) {
  std::vector<std::vector<std::size_t>> all(1);  // the classes of each position
  for (const rules::PositionClasses::Axis& axis : classes.axes()) {
    std::vector<std::vector<std::size_t>> next;
    for (const std::vector<std::size_t>& position : all) {
      for (const std::uint32_t of_axis : axis.class_of) {
        next.push_back(position);
        next.back().push_back(of_axis);
      }
    }
    all = std::move(next);
  }
  std::vector<std::size_t> cells;
  for (const std::vector<std::size_t>& position : all) cells.push_back(classes.cell_at(position));
  return cells;
}

/// Norms at single positions against the numbers of the cells that they are in.
inline void expect_cells_below(const Findings& found, const BoundTable& table, Nearest& nearest) {
  const std::size_t last = table.layers.size() - 1;
  for (std::size_t layer = 0; layer <= last; ++layer) {
    const rules::Value value = table.value(static_cast<std::uint32_t>(layer));
    if (value.classes() == nullptr) continue;
    const std::vector<std::size_t> cells = cells_by_position(*value.classes());
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (!tells_positions(level) || !table.level_set.has(level)) continue;
      const Numbers& norms = found.layer_positions[layer][level];
      if (norms.empty()) continue;  // not executed: no layer reads it
      ASSERT_EQ(norms.size(), cells.size());
      for (std::size_t p = 0; p < cells.size(); ++p) {
        const Triple bounds = value.cells()[cells[p]].total(level);
        nearest.expect_bounded(norms[p], bounds.m,
                               fmt::format("{} m of cells", levels[level].name));
        if (layer < last) continue;
        const auto of_output = [&](std::size_t order) {
          const Numbers& numbers = found.output_positions[order][level];
          return numbers.empty() ? 0 : numbers[p];
        };
        nearest.expect_bounded(of_output(1), bounds.lipschitz,
                               fmt::format("{} l of cells", levels[level].name));
        nearest.expect_bounded(of_output(2), bounds.smoothness,
                               fmt::format("{} L of cells", levels[level].name));
      }
    }
  }
}

/// All that was found of a network against a table of its bounds. The paper's method knows the
/// Euclidean level alone.
inline void expect_below(const Findings& found, const BoundTable& table, Nearest& nearest) {
  const std::size_t last = table.layers.size() - 1;
  const bool is_paper = table.method == Method::paper;
  for (std::size_t level = 0; level < (is_paper ? 1 : levels.size()); ++level) {
    const std::string_view name = is_paper ? "paper" : levels[level].name;
    for (std::size_t layer = 0; layer < found.layers.size(); ++layer) {
      nearest.expect_bounded(found.layers[layer][level],
                             table.at(static_cast<std::uint32_t>(layer), level).m,
                             fmt::format("{} m", name));
    }
    const Triple bounds = table.at(static_cast<std::uint32_t>(last), level);
    const Orders& output = found.output[level];
    nearest.expect_bounded(output[1], bounds.lipschitz, fmt::format("{} l", name));
    nearest.expect_bounded(output[2], bounds.smoothness, fmt::format("{} L", name));
  }
  expect_cells_below(found, table, nearest);
}

inline void expect_below(const ObjectiveFindings& found, const ObjectiveBounds& bounds,
                         std::string_view loss, Nearest& nearest) {
  nearest.expect_bounded(found.gradient, bounds.lipschitz, fmt::format("l_F {}", loss));
  nearest.expect_bounded(found.curvature, bounds.smoothness, fmt::format("L_F {}", loss));
}

/// For bounds at all levels, whether or not a layer reads them.
inline Inputs all_levels_of(const support::Network& network) {
  Inputs inputs = inputs_of(network.settings);
  inputs.all_levels = true;
  return inputs;
}

/// For bounds with some of the refinements, at the levels that are read.
inline Inputs with_some_refinements(const support::Network& network, std::uint64_t seed) {
  Inputs inputs = inputs_of(network.settings);
  std::mt19937_64 random(seed);
  for (const RefinementRow& row : refinements) inputs.refinements.*row.flag = random() % 2 == 0;
  return inputs;
}

/// Searches in the balls of a network, against both methods.
inline void search_network(const support::Network& network, std::uint64_t seed,
                           const Effort& effort, Nearest& nearest) {
  Network<double> run(network.graph, network.settings.batch);
  const Region region(network, run.parameter_layout());
  const Findings found = Adversary(network, region, run, seed).search(effort);
  Inputs inputs = all_levels_of(network);
  for (const Method method : {Method::paper, Method::sharp}) {
    expect_below(found, evaluate_bounds(network.graph, inputs, method), nearest);
  }
  inputs = with_some_refinements(network, seed);
  const BoundTable some = evaluate_bounds(network.graph, inputs, Method::sharp);
  expect_below(found, some, nearest);
  if (network.settings.loss == nullptr) return;
  ObjectiveAdversary adversary(network, region, run, seed);
  const ObjectiveFindings objective = adversary.search(effort);
  EXPECT_LE(adversary.unsolved(), effort.starts);
  for (const Method method : {Method::paper, Method::sharp}) {
    expect_below(objective,
                 bound_objective(network.graph, network.settings, network.bounds(method)),
                 fmt::format("{} {}", network.settings.loss->name, name_of(method)), nearest);
  }
  expect_below(objective,
               bound_objective(network.graph, network.settings, some, inputs.refinements),
               fmt::format("{} partly", network.settings.loss->name), nearest);
}

/// Of the environment's SMOOTHBOUND_SEARCH, "first count starts ascents power_steps" or some of
/// them: other seeds, and more effort. How near it came is printed then.
struct Wish {
  std::uint64_t first;
  std::uint64_t count;
  Effort effort{};
  bool is_given = false;

  Wish(std::uint64_t default_first, std::uint64_t default_count)
      : first(default_first), count(default_count) {
    const char* const text = std::getenv("SMOOTHBOUND_SEARCH");
    if (text == nullptr) return;
    is_given = true;
    std::istringstream words(text);
    words >> first >> count >> effort.starts >> effort.ascents >> effort.power_steps;
  }
  void print(const Nearest& nearest) const {
    if (is_given) fmt::print("{}", nearest.to_text());
  }
};

/// Whether something came near at each level: searches that see nothing find no violations.
/// Attention has what is found at those of matrices.
inline void expect_something_near(const Nearest& nearest, double ratio) {
  for (const Level& level : levels) {
    if (level.of_matrices) continue;
    for (const char* const what : {"m", "l", "L"}) {
      EXPECT_GT(nearest.ratio(fmt::format("{} {}", level.name, what)), ratio);
    }
  }
}

}  // namespace smoothbound::search
