// The charts as one SVG document.
#include "chart_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "shared/xml.hpp"

namespace smoothbound {
namespace {

using svg::number;
using svg::text_width;

constexpr double width = 640;
constexpr double margin = 14;
constexpr double line_height = 16;
constexpr double lone_height = 300;   // of the plot area of a single chart
constexpr double panel_height = 170;  // of each of several
constexpr double strip_height = 26;   // the edge for inf, and the one for -inf
constexpr double edge_distance = 17;  // of such values from the finite ones
constexpr double empty_height = 10;   // of a plot area without finite values
constexpr double marker_row = 15;
constexpr std::size_t most_marked = 120;  // points of a line that each get a marker
constexpr std::size_t longest_name = 44;
constexpr std::size_t most_category = 18;

// Whether `next` is a further panel of the same chart, with the same x axis.
bool shares_axis(const Chart& chart, const Chart& next) {
  const ChartAxis& a = chart.x;
  const ChartAxis& b = next.x;
  return next.title.empty() && chart.note.empty() && a.label == b.label &&
         a.logarithmic == b.logarithmic && !a.categories.empty() && a.categories == b.categories;
}

bool same_names(const Chart& a, const Chart& b) {
  return a.kind == b.kind &&
         std::ranges::equal(a.series, b.series, {}, &ChartSeries::name, &ChartSeries::name);
}

// Draws charts one below the other into a text; knows the height only at the end.
class Drawing {
 public:
  explicit Drawing(std::string_view id) : id_(id) {}

  void draw(std::span<const Chart> charts) {
    for (const Chart& chart : charts) {  // all plot areas begin at the same place
      plot_height_ = panel_height;
      frame(chart);
      common_left_ = std::max(common_left_, left_);
    }
    y_ = 0;
    for (std::size_t i = 0; i < charts.size(); ++i) {
      const bool legend = i == 0 || !same_names(charts[i], charts[i - 1]);
      const bool x_labels = i + 1 == charts.size() || !shares_axis(charts[i], charts[i + 1]);
      plot_height_ = charts.size() == 1 ? lone_height : panel_height;
      draw(charts[i], legend, x_labels);
    }
  }
  [[nodiscard]] const std::string& text() const { return out_; }
  [[nodiscard]] double height() const { return std::ceil(y_ + margin / 2); }

 private:
  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Arguments>(arguments)...);
  }

  void paragraph(std::string_view text, std::string_view css, double size) {
    for (const std::string& line : svg::wrap(text, width - 2 * margin, size)) {
      y_ += line_height + (size > svg::font_size ? 4 : 0);
      put("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", css, number(margin), number(y_ - 4),
          xml::escape(line));
    }
  }

  void draw(const Chart& chart, bool legend, bool x_labels) {
    y_ += margin / 2;
    constexpr double title_size = 16;
    paragraph(chart.title, "title", title_size);
    if (legend && chart.series.size() > 1) draw_legend(chart);
    paragraph(chart.y.label, "name", svg::font_size);
    frame(chart);
    if (chart.kind == ChartKind::bars) define_hatchings(chart);
    draw_grid(chart, x_labels);
    draw_markers(chart);
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      if (chart.kind == ChartKind::lines) draw_line(chart, i);
    }
    if (chart.kind == ChartKind::bars) draw_bars(chart);
    y_ = bottom_ + below_;
    if (x_labels && !chart.x.label.empty()) {
      y_ += line_height;
      put("<text class=\"muted\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
          number((left_ + right_) / 2), number(y_ - 3), xml::escape(chart.x.label));
    }
    y_ += margin / 2;
    paragraph(chart.note, "muted", svg::small_size);
    if (infinite_) {
      paragraph("\u221e, the top edge: there is no finite number.", "muted", svg::small_size);
    }
  }

  void draw_legend(const Chart& chart) {
    double x = margin;
    y_ += line_height + 4;
    constexpr double swatch = 30;
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      const std::string name = svg::shorten(chart.series[i].name, longest_name);
      const double item = swatch + 6 + text_width(name, svg::font_size) + 16;
      if (x > margin && x + item > width) {
        x = margin;
        y_ += line_height + 2;
      }
      const double middle = y_ - line_height / 2 - 1;
      if (chart.kind == ChartKind::lines) {
        put("<path class=\"line l{}\"{} d=\"M{} {}h{}\"/>", i % svg::colours, dash_attribute(i),
            number(x), number(middle), number(swatch));
        put("<path class=\"point edge f{}\" d=\"{}\"/>\n", i % svg::colours,
            svg::marker_path(i, x + swatch / 2, middle));
      } else {
        constexpr double half = 6;
        std::string area = rectangle(x, middle - half, swatch, 2 * half);
        put("<path class=\"f{}\" d=\"{}\"/>", i % svg::colours, area);
        hatch(i, area);
      }
      put("<text x=\"{}\" y=\"{}\">{}</text>\n", number(x + swatch + 6), number(middle + 4.5),
          xml::escape(name));
      x += item;
    }
    if (chart.kind == ChartKind::bars) {
      if (x + swatch + 6 + text_width("sum", svg::font_size) > width) {
        x = margin;
        y_ += line_height + 2;
      }
      const double middle = y_ - line_height / 2 - 1;
      put("<path class=\"net\" d=\"M{} {}h{}\"/><text x=\"{}\" y=\"{}\">sum</text>\n", number(x),
          number(middle), number(swatch), number(x + swatch + 6), number(middle + 4.5));
    }
    y_ += 4;
  }

  static std::string dash_attribute(std::size_t i) {
    const std::string_view dashes = svg::dashes(i);
    return dashes.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", dashes);
  }

  static std::string rectangle(double x, double y, double wide, double high) {
    return fmt::format("M{} {}h{}v{}h-{}z", number(x), number(y), number(wide), number(high),
                       number(wide));
  }

  // One path for all areas of a series: browsers embed the tile once for each use when they print.
  void hatch(std::size_t i, std::string_view areas) {
    if (svg::hatching(i).empty() || areas.empty()) return;
    put("<path class=\"over\" fill=\"url(#{}-{})\" d=\"{}\"/>\n", id_, i % svg::colours, areas);
  }

  void define_hatchings(const Chart& chart) {
    for (; hatchings_ < std::min(chart.series.size(), svg::colours); ++hatchings_) {
      if (svg::hatching(hatchings_).empty()) continue;
      put("<pattern id=\"{}-{}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
          "<path class=\"hatch\" d=\"{}\"/></pattern>\n",
          id_, hatchings_, svg::hatching(hatchings_));
    }
  }

  // The place of the plot area and its scales.
  void frame(const Chart& chart) {
    const ChartRange y = y_extent(chart);
    const ChartRange x = x_extent(chart);
    infinite_ = y.has_infinity;
    zero_strip_ = y.has_minus_infinity;
    if (y.empty) plot_height_ = empty_height;
    constexpr double tick_room = 34;
    // Bars of which none has a height stand on a line with room above.
    const bool flat = chart.kind == ChartKind::bars && y.low == 0 && y.high == 0;
    y_scale_ = make_scale(y.low, flat ? 1 : y.high, chart.y.logarithmic,
                          static_cast<int>(plot_height_ / tick_room), true);
    if (y.empty) y_scale_ = {};
    double widest = text_width("10", svg::small_size);
    for (const Tick& tick : y_scale_.ticks) widest = std::max(widest, svg::tick_width(tick));
    left_ = std::max(common_left_, margin + widest + 8);
    right_ = width - margin;
    constexpr double room_for_points = 8;
    x_padding_ = chart.x.categories.empty() ? room_for_points : 0;
    if (chart.x.categories.empty()) {
      constexpr double x_room = 70;
      x_scale_ = make_scale(x.low, x.high, chart.x.logarithmic,
                            static_cast<int>((right_ - left_) / x_room), false);
    } else {
      left_ = std::max(left_, category_overhang(chart.x));
      constexpr double half = 0.5;  // of a band
      x_scale_ = {-half, static_cast<double>(chart.x.categories.size()) - half, {}, {}};
    }
    y_ += 9 + place_marker_labels(chart);
    top_ = y_ + (infinite_ ? strip_height : 0);
    floor_ = top_ + plot_height_;
    bottom_ = floor_ + (zero_strip_ ? strip_height : 0);
    below_ = 0;
  }

  [[nodiscard]] double x_of(double x) const {
    return left_ + x_padding_ + x_scale_.fraction(x) * (right_ - left_ - 2 * x_padding_);
  }
  [[nodiscard]] double y_of(double y) const {
    if (std::isinf(y)) return y > 0 ? top_ - edge_distance : floor_ + edge_distance;
    return floor_ - y_scale_.fraction(y) * plot_height_;
  }

  void horizontal(std::string_view css, double y) {
    put("<path class=\"{}\" d=\"M{} {}H{}\"/>\n", css, number(left_), number(y), number(right_));
  }
  void y_label(double y, const std::string& text) {
    put("<text class=\"muted\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
        number(left_ - 6), number(y + 4), text);
  }

  void draw_grid(const Chart& chart, bool x_labels) {
    for (const double at : y_scale_.minor) horizontal("minor", y_of(at));
    for (const Tick& tick : y_scale_.ticks) {
      horizontal("grid", y_of(tick.at));
      y_label(y_of(tick.at), svg::label(tick));
    }
    if (infinite_) {
      horizontal("grid", top_ - edge_distance);
      y_label(top_ - edge_distance, "\u221e");
    }
    if (zero_strip_) {
      horizontal("grid", floor_ + edge_distance);
      y_label(floor_ + edge_distance, chart.y.logarithmic ? "0" : "\u2212\u221e");
    }
    const bool bars = chart.kind == ChartKind::bars;
    horizontal("axis", bars ? y_of(0) : bottom_);
    chart.x.categories.empty() ? draw_x_ticks() : draw_categories(chart.x, x_labels);
  }

  void draw_x_ticks() {
    for (const Tick& tick : x_scale_.ticks) {
      const std::string x = number(x_of(tick.at));
      put("<path class=\"grid\" d=\"M{} {}V{}\"/>\n", x, number(top_), number(bottom_));
      put("<text class=\"muted\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", x,
          number(bottom_ + 17), svg::label(tick));
    }
    below_ = 20;
  }

  // Category labels stand level if there is room for all, else they are slanted and thinned.
  struct CategoryLayout {
    bool level = false;
    std::size_t every = 1;
    double widest = 0;
  };
  [[nodiscard]] static CategoryLayout category_layout(const ChartAxis& axis, double room) {
    CategoryLayout layout;
    for (const std::string& name : axis.categories) {
      layout.widest =
          std::max(layout.widest, text_width(svg::shorten(name, most_category), svg::small_size));
    }
    const double band = room / static_cast<double>(axis.categories.size());
    constexpr double short_label = 30;  // numbers rather stand level and thinned than slanted
    layout.level = layout.widest <= std::max(short_label, band - 8);
    const double least = layout.level ? layout.widest + 8 : line_height;
    layout.every = static_cast<std::size_t>(std::max(1.0, std::ceil(least / band)));
    return layout;
  }
  static constexpr double slant = 55;  // degrees
  static double radians() { return slant * std::acos(-1.0) / 180; }

  // What slanted labels need left of the first one.
  [[nodiscard]] double category_overhang(const ChartAxis& axis) const {
    const CategoryLayout layout = category_layout(axis, right_ - left_);
    if (layout.level) return 0;
    const double first =
        text_width(svg::shorten(axis.categories.front(), most_category), svg::small_size);
    return first * std::cos(radians()) + 6;
  }

  void draw_categories(const ChartAxis& axis, bool labels) {
    const CategoryLayout layout = category_layout(axis, right_ - left_);
    for (std::size_t i = 0; i < axis.categories.size(); i += layout.every) {
      const double x = x_of(static_cast<double>(i));
      put("<path class=\"axis\" d=\"M{} {}v4\"/>", number(x), number(bottom_));
      if (!labels) continue;
      const std::string name = xml::escape(svg::shorten(axis.categories[i], most_category));
      if (layout.level) {
        put("<text class=\"muted\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", number(x),
            number(bottom_ + 17), name);
      } else {
        put("<text class=\"muted\" transform=\"translate({} {})rotate(-{})\" "
            "text-anchor=\"end\">{}</text>\n",
            number(x + 4), number(bottom_ + 14), slant, name);
      }
    }
    out_ += '\n';
    below_ = !labels ? 4 : layout.level ? 20 : 18 + layout.widest * std::sin(radians());
  }

  // Rows above the plot for the labels of markers, such that none covers another. Returns their
  // height.
  double place_marker_labels(const Chart& chart) {
    marker_rows_.clear();
    std::vector<double> ends;  // of each row
    std::vector<std::size_t> order(chart.markers.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [&](std::size_t i) { return chart.markers[i].x; });
    marker_rows_.resize(order.size());
    for (const std::size_t i : order) {
      const auto [begin, end] = marker_label_span(chart.markers[i]);
      const auto row = std::ranges::find_if(ends, [&, b = begin](double e) { return e < b; });
      marker_rows_[i] = static_cast<std::size_t>(row - ends.begin());
      if (row == ends.end()) {
        ends.push_back(end + 8);
      } else {
        *row = end + 8;
      }
    }
    return marker_row * static_cast<double>(ends.size());
  }

  // Around the line, moved inwards at the edges.
  [[nodiscard]] std::pair<double, double> marker_label_span(const ChartMarker& marker) const {
    const double size = text_width(svg::shorten(marker.label, longest_name), svg::small_size);
    const double begin =
        std::clamp(x_of(marker.x) - size / 2, left_, std::max(left_, right_ - size));
    return {begin, begin + size};
  }

  void draw_markers(const Chart& chart) {
    const double first = top_ - (infinite_ ? strip_height : 0);
    std::string labels;  // above all lines
    for (std::size_t i = 0; i < chart.markers.size(); ++i) {
      const ChartMarker& marker = chart.markers[i];
      const double y = first - marker_row * static_cast<double>(marker_rows_[i]) - 5;
      put("<path class=\"mark\" d=\"M{} {}V{}\"/>\n", number(x_of(marker.x)), number(y + 3),
          number(bottom_));
      labels += fmt::format("<text class=\"muted halo\" x=\"{}\" y=\"{}\">{}</text>\n",
                            number(marker_label_span(marker).first), number(y),
                            xml::escape(svg::shorten(marker.label, longest_name)));
    }
    out_ += labels;
  }

  void draw_line(const Chart& chart, std::size_t index) {
    const ChartSeries& series = chart.series[index];
    put("<path class=\"line l{}\"{} d=\"", index % svg::colours, dash_attribute(index));
    bool drawing = false;
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      if (std::isnan(series.y[i])) {
        drawing = false;
        continue;
      }
      put("{}{} {}", drawing ? 'L' : 'M', number(x_of(series.x[i])), number(y_of(series.y[i])));
      drawing = true;
    }
    put("\"/>\n");
    // Of many points, only some are marked, and those that no line reaches.
    const std::size_t every = (series.y.size() + most_marked - 1) / most_marked;
    const auto is_gap = [&](std::size_t i) {
      return i >= series.y.size() || std::isnan(series.y[i]);
    };
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      if (is_gap(i)) continue;
      const bool lonely = is_gap(i - 1) && is_gap(i + 1);
      if (i % every != 0 && !lonely) continue;
      put("<path class=\"point edge f{}\" d=\"{}\"><title>{}</title></path>\n",
          index % svg::colours, svg::marker_path(index, x_of(series.x[i]), y_of(series.y[i])),
          xml::escape(point_title(chart, series, i)));
    }
  }

  static std::string point_title(const Chart& chart, const ChartSeries& series, std::size_t i) {
    return fmt::format("{}, {}: {}", series.name, x_text(chart.x, series.x[i]),
                       value_text(series.y[i], chart.y.logarithmic));
  }

  void draw_bars(const Chart& chart) {
    constexpr double most_wide = 44;
    constexpr double share = 0.72;  // of a band
    const double band = (right_ - left_) / (x_scale_.high - x_scale_.low);
    const double bar = std::min(band * share, most_wide);
    struct Stack {
      double above = 0;
      double below = 0;
      bool infinite = false;
    };
    std::map<double, Stack> stacks;
    for (std::size_t s = 0; s < chart.series.size(); ++s) {
      const ChartSeries& series = chart.series[s];
      std::string areas;
      for (std::size_t i = 0; i < series.y.size(); ++i) {
        if (std::isnan(series.y[i])) continue;
        Stack& stack = stacks[series.x[i]];
        double& end = series.y[i] < 0 ? stack.below : stack.above;
        const double from = end;
        end += series.y[i];
        stack.infinite = stack.infinite || std::isinf(series.y[i]);
        const double high = y_of(std::max(from, end));
        const double low = y_of(std::min(from, end));
        put("<rect class=\"f{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">"
            "<title>{}</title></rect>\n",
            s % svg::colours, number(x_of(series.x[i]) - bar / 2), number(high), number(bar),
            number(low - high), xml::escape(point_title(chart, series, i)));
        if (low > high) areas += rectangle(x_of(series.x[i]) - bar / 2, high, bar, low - high);
      }
      hatch(s, areas);
    }
    for (const auto& [x, stack] : stacks) {  // the sum
      if ((stack.above == 0 && stack.below == 0) || stack.infinite) continue;
      put("<path class=\"net\" d=\"M{} {}h{}\"/>\n", number(x_of(x) - bar / 2 - 2),
          number(y_of(stack.above + stack.below)), number(bar + 4));
    }
  }

  std::string id_;
  std::string out_;
  double y_ = 0;  // down to here all is drawn
  double plot_height_ = 0;
  double x_padding_ = 0;  // keeps points of an axis of numbers off the edges
  double left_ = 0;
  double common_left_ = 0;
  double right_ = 0;
  double top_ = 0;     // of finite values
  double floor_ = 0;   // of finite values
  double bottom_ = 0;  // of the plot area
  double below_ = 0;   // what the x axis needs
  bool infinite_ = false;
  bool zero_strip_ = false;
  Scale x_scale_;
  Scale y_scale_;
  std::vector<std::size_t> marker_rows_;
  std::size_t hatchings_ = 0;
};

std::string title_of(std::span<const Chart> charts) {
  for (const Chart& chart : charts) {
    if (!chart.title.empty()) return chart.title;
  }
  return "chart";
}

// What is drawn, for those who cannot see it.
std::string description_of(std::span<const Chart> charts) {
  std::string text;
  for (const Chart& chart : charts) {
    text += fmt::format("{} over {}:", chart.y.label, chart.x.label);
    for (const ChartSeries& series : chart.series) {
      const ChartRange extent = extent_of(series.y);
      text += fmt::format(" {}", series.name);
      if (!extent.empty) {
        text += fmt::format(" from {} to {}", value_text(extent.low, chart.y.logarithmic),
                            value_text(extent.high, chart.y.logarithmic));
      }
      if (extent.has_infinity) text += ", infinite in places";
      text += ';';
    }
    for (const ChartMarker& marker : chart.markers) text += fmt::format(" {};", marker.label);
    text.back() = '.';
    text += ' ';
  }
  return text;
}

void write_document(std::span<const Chart> charts, std::string_view id, const std::string& style,
                    const Sink& sink) {
  Drawing drawing(id);
  drawing.draw(charts);
  const std::string height = number(drawing.height());
  sink(fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"sb-chart\" role=\"img\" "
      "viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "style=\"max-width:100%;height:auto\" "
      "aria-labelledby=\"{2}-title {2}-desc\">\n<title id=\"{2}-title\">{3}</title>\n"
      "<desc id=\"{2}-desc\">{4}</desc>\n",
      width, height, id, xml::escape(title_of(charts)), xml::escape(description_of(charts))));
  if (!style.empty()) sink("<style>\n" + style + "</style>\n");
  sink(fmt::format("<rect class=\"bg\" width=\"{}\" height=\"{}\"/>\n", width, height));
  sink(drawing.text());
  sink("</svg>\n");
}

}  // namespace

void write_svg(std::span<const Chart> charts, const Sink& sink) {
  write_document(charts, "chart", svg_style(), sink);
}

void write_inline_svg(std::span<const Chart> charts, std::string_view id, const Sink& sink) {
  write_document(charts, id, "", sink);
}

}  // namespace smoothbound
