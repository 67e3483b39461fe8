// Line charts as values, and how they are drawn: SVG, Vega-Lite, text bars.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "smoothbound/report/writers.hpp"

namespace smoothbound {

/// An axis. On a logarithmic one the values are decimal logarithms, so that no number is too large.
struct ChartAxis {
  std::string label;
  bool logarithmic = false;
  std::vector<std::string> categories;  // of an x axis: what 0, 1, 2, ... stand for; may be empty
};

/// A line, or with `ChartKind::bars` the bars of one colour. A NaN is a gap; inf lies beyond the
/// top.
struct ChartSeries {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
};

/// A place on the x axis that is marked and named.
struct ChartMarker {
  double x = 0;
  std::string label;
};

enum class ChartKind : std::uint8_t { lines, bars };

struct Chart {
  std::string title;
  std::string note;  // below: settings, assumptions
  ChartKind kind = ChartKind::lines;
  ChartAxis x;
  ChartAxis y;
  std::vector<ChartSeries> series;
  std::vector<ChartMarker> markers;
};

/// The charts below one another in one SVG document, readable in light and dark surroundings.
void write_svg(std::span<const Chart> charts, const Sink& sink);
/// A Vega-Lite specification with the data inline.
void write_vega_lite(std::span<const Chart> charts, const Sink& sink);
/// Bars of text for a terminal of `columns` columns.
void write_bars(std::span<const Chart> charts, int columns, const Sink& sink);

}  // namespace smoothbound
