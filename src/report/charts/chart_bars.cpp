// Charts as bars of text, one line for each value.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "chart_scale.hpp"
#include "chart_svg.hpp"
#include "smoothbound/text/lines.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

// A bar from `begin` to `end`, in characters; the left edge falls on a character, the right one on
// an eighth.
std::string bar(double begin, double end) {
  constexpr std::array<std::string_view, 8> eighths{"",       "\u258f", "\u258e", "\u258d",
                                                    "\u258c", "\u258b", "\u258a", "\u2589"};
  const double first = std::round(begin);
  const auto length = static_cast<std::size_t>(std::max(0.0, std::round((end - first) * 8)));
  std::string text(static_cast<std::size_t>(first), ' ');
  for (std::size_t i = 0; i < length / 8; ++i) text += "\u2588";
  return text + std::string(eighths[length % 8]);
}

class BarWriter {
 public:
  BarWriter(const Chart& chart, int columns, const Sink& sink)
      : chart_(chart),
        sink_(sink),
        columns_(static_cast<std::size_t>(std::max(columns, 1))),
        most_name_(std::min<std::size_t>(24, columns_ / (chart.series.size() > 1 ? 5 : 3))),
        extent_(y_extent(chart)) {
    for (const ChartSeries& series : chart.series) {
      names_ = std::max(names_, character_count(name(series)));
      rows_ = std::max(rows_, series.x.size());
      for (std::size_t i = 0; i < series.x.size(); ++i) {
        places_ = std::max(places_, character_count(place(series.x[i])));
        values_ = std::max(values_, value_text(series.y[i], chart.y.logarithmic).size());
      }
    }
    if (chart.series.size() == 1) names_ = 0;
    const std::size_t used = indent + places_ + names_ + values_ + 3 * separator;
    constexpr std::size_t least = 6;
    room_ = static_cast<double>(columns_ > used + least ? columns_ - used : least);
    if (chart.kind == ChartKind::bars && chart.series.size() > 1) {
      // Each bar of a stack has a line of its own, so that none is longer than the largest part.
      extent_ = {};
      extent_.include(0);
      for (const ChartSeries& series : chart.series) {
        for (const double y : series.y) extent_.include(y);
      }
    }
    if (chart.kind != ChartKind::bars) start_at_round_number();
  }

  void write() {
    if (!chart_.title.empty()) sink_(wrapped("", escape_controls(chart_.title)) + "\n");
    sink_(wrapped("", escape_controls(chart_.y.label) + range()));
    for (std::size_t i = 0; i < rows_; ++i) write_place(i);
    for (const ChartMarker& marker : chart_.markers) {
      sink_(wrapped("  ", fmt::format("mark at {}: {}", x_text(chart_.x, marker.x),
                                      escape_controls(marker.label))));
    }
    if (!chart_.note.empty()) sink_(wrapped("", escape_controls(chart_.note)));
  }

 private:
  static constexpr std::size_t indent = 2;
  static constexpr std::size_t separator = 2;

  [[nodiscard]] std::string wrapped(std::string_view begin, std::string_view text) const {
    return wrap_text(begin, text, columns_);
  }
  [[nodiscard]] std::string name(const ChartSeries& series) const {
    return shorten_middle(escape_controls(series.name), most_name_);
  }
  [[nodiscard]] std::string place(double x) const {
    return shorten_middle(escape_controls(x_text(chart_.x, x)), most_name_);
  }

  void start_at_round_number() {
    constexpr int steps = 10;
    const Scale scale = make_scale(extent_.low, extent_.high, chart_.y.logarithmic, steps, true);
    extent_.low = scale.low;
    extent_.high = scale.high;
  }

  [[nodiscard]] std::string range() const {
    if (chart_.kind == ChartKind::bars) return chart_.y.logarithmic ? ", bars from 1" : "";
    return fmt::format(", bars from {} to {}{}", value_text(extent_.low, chart_.y.logarithmic),
                       value_text(extent_.high, chart_.y.logarithmic),
                       chart_.y.logarithmic ? " on a logarithmic scale" : "");
  }

  // The lines of all series for their i-th value.
  void write_place(std::size_t i) {
    bool first = true;
    for (const ChartSeries& series : chart_.series) {
      if (i >= series.x.size() || std::isnan(series.y[i])) continue;
      std::string line(indent, ' ');
      append(line, first ? place(series.x[i]) : "", places_);
      if (names_ > 0) append(line, name(series), names_);
      const std::string value = value_text(series.y[i], chart_.y.logarithmic);
      line += std::string(values_ - value.size(), ' ') + value + "  " + bar_of(series.y[i]);
      line.erase(line.find_last_not_of(' ') + 1);
      sink_(line + "\n");
      first = false;
    }
  }

  static void append(std::string& line, const std::string& cell, std::size_t size) {
    line += cell + std::string(size - character_count(cell) + separator, ' ');
  }

  [[nodiscard]] std::string bar_of(double y) const {
    if (y > extent_.high) return bar(0, room_ - 1) + "\u2192";  // beyond all
    if (y < extent_.low) return "";
    const double span = std::max(extent_.high - extent_.low, 1e-300);
    const double zero = chart_.kind == ChartKind::bars ? -extent_.low / span * room_ : 0;
    const double end = (y - extent_.low) / span * room_;
    return bar(std::min(zero, end), std::max(zero, end));
  }

  const Chart& chart_;
  const Sink& sink_;
  std::size_t columns_;
  std::size_t most_name_;
  ChartRange extent_;
  std::size_t places_ = 0;  // characters of the columns
  std::size_t names_ = 0;
  std::size_t values_ = 0;
  std::size_t rows_ = 0;
  double room_ = 0;
};

}  // namespace

void write_bars(std::span<const Chart> charts, int columns, const Sink& sink) {
  bool first = true;
  for (const Chart& chart : charts) {
    if (!first) sink("\n");
    first = false;
    BarWriter(chart, columns, sink).write();
  }
}

}  // namespace smoothbound
