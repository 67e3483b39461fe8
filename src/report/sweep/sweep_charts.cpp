// A sweep as charts: l and L against the first swept setting, by each method.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "charts/chart_scale.hpp"
#include "shared/words.hpp"
#include "smoothbound/report/sweep/writers.hpp"

namespace smoothbound {
namespace {

// More dashes than these cannot be told apart.
constexpr std::size_t most_combinations = 6;

// Of one bound and method: a colour for each network, a dash for each combination of the settings
// that are not on the x axis.
class ChartMaker {
 public:
  ChartMaker(const Sweep& sweep, TripleEntry bound, std::size_t method)
      : sweep_(sweep), axis_(sweep.axes[sweep.crossing_axis]), bound_(bound), method_(method) {
    const auto is_zero = [](const SweepValue& value) { return value.real.nearest == 0; };
    logarithmic_ =
        axis_.spacing == Spacing::logarithmic && std::ranges::none_of(axis_.values, is_zero);
    for (std::size_t i = sweep.crossing_axis + 1; i < sweep.axes.size(); ++i) {
      stride_ *= sweep.axes[i].values.size();
    }
    std::vector<words::NetworkFile> networks{{sweep.base.graph.name, sweep.base.file}};
    if (sweep.against) networks.push_back({sweep.against->graph.name, sweep.against->file});
    chart_.colours = words::distinct_names(networks);
  }

  Chart make() {
    const bool lipschitz = bound_ == &Triple::lipschitz;
    chart_.title = fmt::format("{}: {} along {}", sweep_.base.graph.name,
                               lipschitz ? "Lipschitz constant l" : "smoothness constant L",
                               name_of(axis_.setting));
    chart_.x = {std::string(name_of(axis_.setting)), logarithmic_, {}};
    chart_.y = {lipschitz ? "l" : "L", true, {}};
    if (sweep_.methods.size() > 1) {
      chart_.title += fmt::format(", method {}", name_of(sweep_.methods[method_]));
    }
    const std::size_t combinations = sweep_.point_count() / axis_.values.size();
    const std::size_t drawn = std::min(combinations, most_combinations);
    for (std::size_t i = 0; i < drawn; ++i) add_lines(i);
    if (drawn < combinations) {
      chart_.note =
          fmt::format("the first {} of {} combinations of the other settings", drawn, combinations);
    }
    if (drawn > 1) {
      for (std::size_t i = 0; i < drawn; ++i) chart_.dashes.push_back(others_at(i, false));
    }
    return std::move(chart_);
  }

 private:
  [[nodiscard]] double position_of(const SweepValue& value) const {
    return logarithmic_ ? std::log10(value.real.nearest) : value.real.nearest;
  }

  [[nodiscard]] std::size_t first_point(std::size_t combination) const {
    return combination / stride_ * stride_ * axis_.values.size() + combination % stride_;
  }

  // "batch 8": the settings of a combination, or those that the other network depends on.
  [[nodiscard]] std::string others_at(std::size_t combination, bool of_other) const {
    std::string result;
    for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
      if (i == sweep_.crossing_axis || sweep_.axes[i].values.size() < 2) continue;
      if (of_other && !varies_with(i)) continue;
      result += fmt::format("{}{} {}", result.empty() ? "" : ", ", name_of(sweep_.axes[i].setting),
                            sweep_.value(first_point(combination), i).literal);
    }
    return result;
  }

  [[nodiscard]] bool varies_with(std::size_t axis) const {
    return std::ranges::find(sweep_.against_axes, axis) != sweep_.against_axes.end();
  }

  void add_lines(std::size_t combination) {
    const std::size_t first = first_point(combination);
    std::vector<std::size_t> points;
    for (std::size_t i = 0; i < axis_.values.size(); ++i) points.push_back(first + i * stride_);
    std::ranges::stable_sort(points, {}, [&](std::size_t point) {
      return sweep_.value(point, sweep_.crossing_axis).real.nearest;
    });
    const std::string all = others_at(combination, false);
    ChartSeries series{chart_.colours[0] + (all.empty() ? "" : ", ") + all, {}, {}, 0, combination};
    ChartSeries other;
    for (const std::size_t point : points) {
      const double x = position_of(sweep_.value(point, sweep_.crossing_axis));
      series.x.push_back(x);
      series.y.push_back((sweep_.at(point, method_).network.*bound_).log10());
      if (!sweep_.against) continue;
      other.x.push_back(x);
      other.y.push_back((sweep_.other_at(point, method_).network.*bound_).log10());
    }
    add_markers(first, series, all);
    chart_.series.push_back(std::move(series));
    if (!sweep_.against) return;
    // The same line for many combinations is drawn once.
    const std::string some = others_at(combination, true);
    other.name = chart_.colours[1] + (some.empty() ? "" : ", ") + some;
    if (std::ranges::find(others_, other.name) != others_.end()) return;
    others_.push_back(other.name);
    other.colour = 1;
    other.dash = combination;
    other.reference = !varies_with(sweep_.crossing_axis);
    chart_.series.push_back(std::move(other));
  }

  // Where the line crosses that of the other network.
  void add_markers(std::size_t first, const ChartSeries& line, const std::string& others) {
    for (const CrossingList& list : sweep_.crossings) {
      if (list.bound != bound_ || list.method != method_ || list.first_point != first) continue;
      for (const Crossing& crossing : list.crossings) {
        constexpr int digits = 6;
        const double x = (position_of(crossing.low) + position_of(crossing.high)) / 2;
        chart_.markers.push_back({x, height_at(line, x),
                                  decimal_literal(crossing.high.real.nearest, digits) +
                                      (others.empty() ? "" : ", ") + others});
      }
    }
  }

  const Sweep& sweep_;
  const SweepAxis& axis_;
  TripleEntry bound_;
  std::size_t method_;
  bool logarithmic_ = false;
  std::size_t stride_ = 1;
  std::vector<std::string> others_;  // the lines of the other network
  Chart chart_;
};

}  // namespace

std::vector<Chart> sweep_charts(const Sweep& sweep) {
  std::vector<Chart> charts;
  for (const auto bound : {&Triple::lipschitz, &Triple::smoothness}) {
    for (std::size_t method = 0; method < sweep.methods.size(); ++method) {
      charts.push_back(ChartMaker(sweep, bound, method).make());
    }
  }
  return charts;
}

}  // namespace smoothbound
