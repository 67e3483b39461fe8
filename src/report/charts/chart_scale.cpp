#include "chart_scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

namespace smoothbound {
namespace {

constexpr double tolerance = 1e-9;  // of a step: what rounding may do

// The smallest of 1, 2, 5 times a power of ten that is not below `least`.
double round_step(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1 - tolerance)) return factor * power;
  }
  return 10 * power;
}

std::string with_minus(std::string text) {
  if (text.starts_with('-')) text.replace(0, 1, "\u2212");
  return text;
}

Tick make_tick(double at, bool logarithmic) {
  if (at == 0) at = 0;  // no negative zero
  if (logarithmic) return {at, "10", with_minus(fmt::format("{:.0f}", at))};
  return {at, with_minus(fmt::format("{:.10g}", at)), ""};
}

// 2 and 5 times powers of ten, labelled, for a short axis that may have no power at all.
void add_between(Scale& scale) {
  constexpr int largest_plain = 4;
  for (int power = static_cast<int>(std::floor(scale.low)); power <= scale.high; ++power) {
    for (const int factor : {2, 5}) {
      const double at = power + std::log10(factor);
      if (at < scale.low || at > scale.high) continue;
      if (std::abs(power) <= largest_plain) {
        scale.ticks.push_back({at, fmt::format("{:g}", factor * std::pow(10.0, power)), ""});
      } else {
        scale.ticks.push_back(
            {at, fmt::format("{}\u00b710", factor), with_minus(std::to_string(power))});
      }
    }
  }
  std::ranges::sort(scale.ticks, {}, &Tick::at);
}

void add_minor(Scale& scale) {
  constexpr int last_factor = 9;
  for (int power = static_cast<int>(std::floor(scale.low)); power <= scale.high; ++power) {
    for (int factor = 2; factor <= last_factor; ++factor) {
      const double at = power + std::log10(factor);
      if (at > scale.low && at < scale.high) scale.minor.push_back(at);
    }
  }
}

}  // namespace

Scale make_scale(double low, double high, bool logarithmic, int most_ticks, bool snap) {
  if (!(high > low)) {  // one value: room around it
    const double room = logarithmic ? 0.5 : std::max(0.5 * std::abs(low), 0.5);
    low -= room;
    high += room;
  }
  double step = round_step((high - low) / most_ticks);
  if (logarithmic) step = std::max(step, 1.0);
  // Snapping may add a step, and then there are too many.
  const auto first = [&] { return std::floor(low / step + tolerance); };
  const auto last = [&] { return std::ceil(high / step - tolerance); };
  while (snap && last() - first() > most_ticks && high - low > step) step = round_step(1.5 * step);
  Scale scale{low, high, {}, {}};
  if (snap) {
    scale.low = first() * step;
    scale.high = last() * step;
    if (!(scale.high > scale.low)) scale.high = scale.low + step;
  }
  const double begin = std::ceil(scale.low / step - tolerance);
  const double end = std::floor(scale.high / step + tolerance);
  for (double i = begin; i <= end; ++i) scale.ticks.push_back(make_tick(i * step, logarithmic));
  constexpr double short_axis = 3;
  if (logarithmic && scale.high - scale.low <= short_axis) add_minor(scale);
  if (logarithmic && !snap && scale.ticks.size() < 3 && scale.high - scale.low < 2) {
    add_between(scale);
  }
  return scale;
}

void ChartRange::include(double value) {
  if (std::isnan(value)) return;
  if (std::isinf(value)) {
    (value > 0 ? has_infinity : has_minus_infinity) = true;
    return;
  }
  low = empty ? value : std::min(low, value);
  high = empty ? value : std::max(high, value);
  empty = false;
}

ChartRange extent_of(std::span<const double> values) {
  ChartRange extent;
  for (const double value : values) extent.include(value);
  return extent;
}

ChartRange y_extent(const Chart& chart) {
  ChartRange extent = extent_of(chart.shown);
  if (chart.kind != ChartKind::bars) {
    for (const ChartSeries& series : chart.series) {
      for (const double y : series.y) extent.include(y);
    }
    return extent;
  }
  extent.include(0);
  std::map<double, std::array<double, 2>> stacks;
  for (const ChartSeries& series : chart.series) {
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const double y = series.y[i];
      if (!std::isfinite(y)) {
        extent.include(y);
        continue;
      }
      double& stack = stacks[series.x[i]][y < 0 ? 1 : 0];
      stack += y;
      extent.include(stack);
    }
  }
  return extent;
}

ChartRange x_extent(const Chart& chart) {
  ChartRange extent;
  for (const ChartSeries& series : chart.series) {
    for (const double x : series.x) extent.include(x);
  }
  for (const ChartMarker& marker : chart.markers) extent.include(marker.x);
  return extent;
}

double height_at(const ChartSeries& line, double x) {
  const auto after = std::ranges::upper_bound(line.x, x);
  if (after == line.x.begin() || (after == line.x.end() && !(x <= line.x.back()))) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const auto i = static_cast<std::size_t>(after - line.x.begin());
  if (i == line.x.size()) return line.y.back();
  const double before = line.y[i - 1];
  if (std::isinf(before) || std::isinf(line.y[i])) return std::isinf(before) ? line.y[i] : before;
  return before + (x - line.x[i - 1]) / (line.x[i] - line.x[i - 1]) * (line.y[i] - before);
}

std::string value_text(double value, bool logarithmic) {
  if (std::isnan(value)) return "";
  if (std::isinf(value)) return value > 0 ? "inf" : (logarithmic ? "0" : "-inf");
  if (!logarithmic) return fmt::format("{:.3g}", value);
  constexpr double hundred = 100;
  constexpr double slack = 1e-6;  // so that 2e3 is not written as 2.01e3
  double exponent = std::floor(value);
  double mantissa = std::ceil(std::pow(10.0, value - exponent) * hundred - slack) / hundred;
  if (mantissa >= 10) {
    mantissa /= 10;
    exponent += 1;
  }
  return fmt::format("{:.2f}e{:+.0f}", mantissa, exponent);
}

std::string x_text(const ChartAxis& axis, double x) {
  if (!axis.categories.empty()) {
    const auto i = static_cast<std::size_t>(std::lround(x));
    return i < axis.categories.size() ? axis.categories[i] : std::string();
  }
  constexpr double readable = 5;
  if (axis.logarithmic && std::abs(x) > readable) return value_text(x, true);
  return fmt::format("{:.6g}", axis.logarithmic ? std::pow(10.0, x) : x);
}

}  // namespace smoothbound
