// Axes of charts: ranges, ticks and how values are written. Doubles: for drawing only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "smoothbound/report/charts/chart.hpp"

namespace smoothbound {

/// A labelled place on an axis: `text`, then `exponent` raised.
struct Tick {
  double at = 0;
  std::string text;
  std::string exponent;
};

struct Scale {
  double low = 0;
  double high = 1;
  std::vector<Tick> ticks;
  std::vector<double> minor;  // places without a label

  /// From 0 at `low` to 1 at `high`.
  [[nodiscard]] double fraction(double value) const { return (value - low) / (high - low); }
};

/// A range that holds [low, high], both finite, with at most `most_ticks` + 1 ticks at round
/// numbers; on a logarithmic axis at powers of ten. `snap`: it begins and ends at a tick.
Scale make_scale(double low, double high, bool logarithmic, int most_ticks, bool snap);

/// The finite ones of some values.
struct ChartRange {
  double low = 0;
  double high = 0;
  bool empty = true;
  bool has_infinity = false;
  bool has_minus_infinity = false;

  void include(double value);
};
ChartRange extent_of(std::span<const double> values);
/// Of the axis: stacked, and with 0, if the chart has bars.
ChartRange y_extent(const Chart& chart);
ChartRange x_extent(const Chart& chart);

/// The height of a line, as it is drawn, between its points, whose x increase; NaN beside them.
double height_at(const ChartSeries& line, double x);

/// A value of an axis with 3 significant digits ("1.66e+4", "0.25", "inf"), up if logarithmic.
std::string value_text(double value, bool logarithmic);
/// The place on the x axis: the category, or the number.
std::string x_text(const ChartAxis& axis, double x);

}  // namespace smoothbound
