// Charts as values, and how they are drawn: SVG, Vega-Lite, text bars.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// An axis. On a logarithmic one the values are decimal logarithms, so that no number is too large.
struct ChartAxis {
  std::string label;
  bool logarithmic = false;
  std::vector<std::string> categories;  // of an x axis: what 0, 1, 2, ... stand for; may be empty
};

/// A line, the bars of one colour, or the dots of one. A NaN is a gap; inf is drawn at the top
/// edge, -inf at the bottom edge (on a logarithmic axis, the number 0).
struct ChartSeries {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
  std::size_t colour = 0;  // index in the palette
  std::size_t dash = 0;    // of a line; 0: none
  bool reference = false;  // a constant that lines are compared with: a plain rule
};

/// A point that is marked and named.
struct ChartMarker {
  double x = 0;
  double y = 0;
  std::string label;
  bool crosses = true;  // it is where lines cross
};

/// Bars of one x are stacked: what is positive upwards from 0, what is negative downwards. Dots
/// have a row for each category of the x axis, and the y axis lies level.
enum class ChartKind : std::uint8_t { lines, bars, dots };

struct Chart {
  std::string title;
  std::string note;  // below: settings, assumptions
  ChartKind kind = ChartKind::lines;
  ChartAxis x;
  ChartAxis y;
  std::vector<ChartSeries> series;
  std::vector<ChartMarker> markers;
  std::vector<double> shown;  // what the y axis reaches besides its values: for a common scale
  std::string total;          // what the bars of one x make up together
  // What a colour and a dash stand for, where these are two things: then the legend explains them
  // instead of each line.
  std::vector<std::string> colours;
  std::vector<std::string> dashes;
};

/// The charts below one another in one SVG document, readable in light and dark surroundings. A
/// legend or an x axis that the next chart repeats is drawn once; charts of dots about the same
/// categories stand side by side.
void write_svg(std::span<const Chart> charts, const Sink& sink);
/// The same as an element of an HTML page, whose style sheet holds `svg_style()`; `id` has to be
/// unique in the page. It is narrow, to be legible on a telephone.
void write_inline_svg(std::span<const Chart> charts, std::string_view id, const Sink& sink);
/// The style sheet of the charts.
std::string svg_style();
/// A Vega-Lite specification with the data inline.
void write_vega_lite(std::span<const Chart> charts, const Sink& sink);
/// Bars of text for a terminal of `columns` columns.
void write_bars(std::span<const Chart> charts, int columns, const Sink& sink);

}  // namespace smoothbound
