// A sweep as charts: l and L against the first swept setting.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shared/words.hpp"
#include "smoothbound/report/sweep/writers.hpp"

namespace smoothbound {
namespace {

// More lines than these cannot be told apart.
constexpr std::size_t most_lines = 8;

class ChartMaker {
 public:
  ChartMaker(const Sweep& sweep, TripleEntry bound)
      : sweep_(sweep), axis_(sweep.axes[sweep.crossing_axis]), bound_(bound) {
    const auto is_zero = [](const SweepValue& value) { return value.real.nearest == 0; };
    logarithmic_ =
        axis_.spacing == Spacing::logarithmic && std::ranges::none_of(axis_.values, is_zero);
    for (std::size_t i = sweep.crossing_axis + 1; i < sweep.axes.size(); ++i) {
      stride_ *= sweep.axes[i].values.size();
    }
  }

  Chart make() {
    const bool lipschitz = bound_ == &Triple::lipschitz;
    chart_.title = fmt::format("{}: {} along {}", sweep_.base.graph.name,
                               lipschitz ? "Lipschitz constant l" : "smoothness constant L",
                               name_of(axis_.setting));
    chart_.x = {std::string(name_of(axis_.setting)), logarithmic_, {}};
    chart_.y = {lipschitz ? "l" : "L", true, {}};
    const std::size_t combinations = sweep_.point_count() / axis_.values.size();
    const std::size_t drawn =
        std::min(combinations, std::max<std::size_t>(1, most_lines / sweep_.methods.size()));
    for (std::size_t combination = 0; combination < drawn; ++combination) {
      for (std::size_t i = 0; i < sweep_.methods.size(); ++i) add_lines(combination, i);
    }
    // The lists come combination by combination: one for each method and bound.
    const std::size_t listed =
        std::min(sweep_.crossings.size(), drawn * sweep_.crossings.size() / combinations);
    for (std::size_t i = 0; i < listed; ++i) add_markers(sweep_.crossings[i]);
    if (drawn < combinations) {
      chart_.note =
          fmt::format("the first {} of {} combinations of the other settings", drawn, combinations);
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

  // ", batch 8": the settings that are not on the x axis.
  [[nodiscard]] std::string others_at(std::size_t point, bool of_other) const {
    std::string result;
    for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
      if (i == sweep_.crossing_axis || sweep_.axes[i].values.size() < 2) continue;
      if (of_other && !varies_with(i)) continue;
      result +=
          fmt::format(", {} {}", name_of(sweep_.axes[i].setting), sweep_.value(point, i).literal);
    }
    return result;
  }

  [[nodiscard]] bool varies_with(std::size_t axis) const {
    return std::ranges::find(sweep_.against_axes, axis) != sweep_.against_axes.end();
  }

  [[nodiscard]] std::string method_label(std::size_t method) const {
    return sweep_.methods.size() > 1 ? fmt::format(", {}", name_of(sweep_.methods[method])) : "";
  }

  void add_lines(std::size_t combination, std::size_t method) {
    const std::size_t first = first_point(combination);
    std::vector<std::size_t> points;
    for (std::size_t i = 0; i < axis_.values.size(); ++i) points.push_back(first + i * stride_);
    std::ranges::stable_sort(points, {}, [&](std::size_t point) {
      return sweep_.value(point, sweep_.crossing_axis).real.nearest;
    });
    ChartSeries series{
        sweep_.base.graph.name + method_label(method) + others_at(first, false), {}, {}};
    ChartSeries other;
    if (sweep_.against) {
      other.name = sweep_.against->graph.name + method_label(method) + others_at(first, true);
    }
    for (const std::size_t point : points) {
      const double x = position_of(sweep_.value(point, sweep_.crossing_axis));
      series.x.push_back(x);
      series.y.push_back((sweep_.at(point, method).network.*bound_).log10());
      if (!sweep_.against) continue;
      other.x.push_back(x);
      other.y.push_back((sweep_.other_at(point, method).network.*bound_).log10());
    }
    chart_.series.push_back(std::move(series));
    // The same line for many combinations is drawn once.
    if (!sweep_.against || std::ranges::find(others_, other.name) != others_.end()) return;
    others_.push_back(other.name);
    chart_.series.push_back(std::move(other));
  }

  void add_markers(const CrossingList& list) {
    if (list.bound != bound_) return;
    for (const Crossing& crossing : list.crossings) {
      constexpr int digits = 6;
      chart_.markers.push_back(
          {(position_of(crossing.low) + position_of(crossing.high)) / 2,
           decimal_literal(crossing.high.real.nearest, digits) + method_label(list.method)});
    }
  }

  const Sweep& sweep_;
  const SweepAxis& axis_;
  TripleEntry bound_;
  bool logarithmic_ = false;
  std::size_t stride_ = 1;
  std::vector<std::string> others_;  // the lines of the other network
  Chart chart_;
};

}  // namespace

std::vector<Chart> sweep_charts(const Sweep& sweep) {
  std::vector<Chart> charts;
  for (const auto bound : {&Triple::lipschitz, &Triple::smoothness}) {
    charts.push_back(ChartMaker(sweep, bound).make());
  }
  return charts;
}

}  // namespace smoothbound
