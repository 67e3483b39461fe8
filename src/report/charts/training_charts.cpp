#include "smoothbound/report/charts/training_charts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace smoothbound {
namespace {

constexpr std::string_view smallest_name = "smallest ||g||";
constexpr std::string_view guarantee_name = "guarantee";

double log10_of(double value) {
  return value > 0 ? std::log10(value) : -std::numeric_limits<double>::infinity();
}

// What is drawn of one log.
struct Lines {
  ChartSeries objective;
  ChartSeries smallest;
  ChartSeries guarantee;
};

Lines lines_of(const NamedLog& log, std::size_t index, bool named) {
  const std::string prefix = named ? log.name + ": " : std::string();
  Lines lines;
  lines.objective.name = named ? log.name : "F";
  lines.smallest.name = prefix + std::string(smallest_name);
  lines.guarantee.name = prefix + std::string(guarantee_name);
  for (ChartSeries* line : {&lines.objective, &lines.smallest, &lines.guarantee}) {
    line->colour = index;
  }
  lines.guarantee.dash = 1;
  double smallest = std::numeric_limits<double>::infinity();
  double sum_of_steps = 0;
  bool certified = !log.records.empty() && log.records.front().iteration == 0;
  for (const IterationRecord& record : log.records) {
    const auto k = static_cast<double>(record.iteration);
    lines.objective.x.push_back(k);
    lines.objective.y.push_back(record.objective);
    smallest = std::min(smallest, record.gradient_mapping);
    lines.smallest.x.push_back(k + 1);
    lines.smallest.y.push_back(log10_of(smallest));
    certified = certified && record.smoothness.has_value();
    if (!certified || std::isnan(record.step)) continue;
    sum_of_steps += record.step;
    lines.guarantee.x.push_back(k + 1);
    lines.guarantee.y.push_back(
        (std::log10(2) + log10_of(log.records.front().objective) - log10_of(sum_of_steps)) / 2);
  }
  return lines;
}

}  // namespace

std::vector<Chart> training_charts(std::span<const NamedLog> logs) {
  Chart objective;
  objective.title = "Objective";
  objective.x = {"iteration", false, {}};
  objective.y = {"F(w_k)", false, {}};
  Chart mapping;
  mapping.title = "Gradient mapping";
  mapping.note =
      "guarantee: min over k < K of ||g_k|| is at most the root of 2 F(w_0) over the sum of the "
      "first K steps";
  mapping.x = {"iterations K", false, {}};
  mapping.y = {"||g||", true, {}};
  const bool named = logs.size() > 1;
  if (named) {  // a colour for each run
    for (const NamedLog& log : logs) mapping.colours.push_back(log.name);
    mapping.dashes = {std::string(smallest_name), std::string(guarantee_name)};
  }
  for (std::size_t i = 0; i < logs.size(); ++i) {
    Lines lines = lines_of(logs[i], i, named);
    objective.series.push_back(std::move(lines.objective));
    mapping.series.push_back(std::move(lines.smallest));
    if (!lines.guarantee.x.empty()) mapping.series.push_back(std::move(lines.guarantee));
  }
  return {objective, mapping};
}

}  // namespace smoothbound
