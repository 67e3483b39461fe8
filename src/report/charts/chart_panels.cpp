// Lines and bars, one chart below the other.
#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "chart_svg.hpp"
#include "shared/xml.hpp"

namespace smoothbound::svg {
namespace {

constexpr double lone_share = 0.47;   // of the width: the plot area of a single chart
constexpr double panel_height = 170;  // of each of several
constexpr double empty_height = 10;   // of a plot area without finite values
constexpr double category_width = 120;

// Whether `next` is a further panel of the same chart, with the same x axis.
bool shares_axis(const Chart& chart, const Chart& next) {
  const ChartAxis& a = chart.x;
  const ChartAxis& b = next.x;
  return next.title.empty() && chart.note.empty() && a.label == b.label &&
         a.logarithmic == b.logarithmic && !a.categories.empty() && a.categories == b.categories;
}

// Whether both have the same legend.
bool shares_legend(const Chart& chart, const Chart& next) {
  const auto key = [](const ChartSeries& series) {
    return std::tie(series.name, series.colour, series.dash);
  };
  return chart.kind == next.kind && chart.total == next.total &&
         std::ranges::equal(chart.series, next.series, {}, key, key);
}

class Panels {
 public:
  explicit Panels(Canvas& canvas) : canvas_(canvas), right_(canvas.width() - margin) {}

  void draw(std::span<const Chart> charts) {
    const double begin = canvas_.y();
    for (const Chart& chart : charts) {  // all plot areas begin at the same place
      plot_height_ = panel_height;
      frame(chart);
      common_left_ = std::max(common_left_, left_);
    }
    canvas_.move_to(begin);
    for (std::size_t i = 0; i < charts.size(); ++i) {
      const bool legend = i == 0 || !shares_legend(charts[i - 1], charts[i]);
      const bool x_labels = i + 1 == charts.size() || !shares_axis(charts[i], charts[i + 1]);
      plot_height_ = charts.size() == 1 ? lone_share * canvas_.width() : panel_height;
      draw(charts[i], legend, x_labels);
    }
  }

 private:
  void draw(const Chart& chart, bool legend, bool x_labels) {
    canvas_.move(margin / 2);
    canvas_.title(chart);
    if (legend) canvas_.legend(chart);
    canvas_.name(chart.y.label);
    frame(chart);
    draw_grid(chart, x_labels);
    if (chart.kind == ChartKind::bars) {
      draw_bars(chart);
    } else {
      for (const ChartSeries& series : chart.series) draw_line(chart, series);
    }
    draw_markers(chart);
    canvas_.move_to(bottom_ + below_);
    if (x_labels && !chart.x.label.empty()) {
      canvas_.move(line_height);
      canvas_.put("<text class=\"muted\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                  number((left_ + right_) / 2), number(canvas_.y() - 3),
                  xml::escape(elide(chart.x.label, right_ - left_, small_size)));
    }
    canvas_.move(margin / 2);
    canvas_.note(chart.note);
    if (infinite_) canvas_.note("\u221e, the top edge: there is no finite number.");
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
    double widest = text_width("10", small_size);
    for (const Tick& tick : y_scale_.ticks) widest = std::max(widest, tick_width(tick));
    left_ = std::max(common_left_, margin + widest + 8);
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
    constexpr double half_line = 9;  // what the topmost label of the y axis needs
    top_ = canvas_.y() + half_line + (infinite_ ? strip_height : 0);
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
    canvas_.put("<path class=\"{}\" d=\"M{} {}H{}\"/>\n", css, number(left_), number(y),
                number(right_));
  }
  void y_label(double y, const std::string& text) {
    canvas_.put("<text class=\"muted\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
                number(left_ - 6), number(y + 4), text);
  }

  void draw_grid(const Chart& chart, bool x_labels) {
    for (const double at : y_scale_.minor) horizontal("minor", y_of(at));
    for (const Tick& tick : y_scale_.ticks) {
      horizontal("grid", y_of(tick.at));
      y_label(y_of(tick.at), label(tick));
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
      const double x = x_of(tick.at);
      canvas_.put("<path class=\"grid\" d=\"M{} {}V{}\"/>\n", number(x), number(top_),
                  number(bottom_));
      const double half = tick_width(tick) / 2;
      canvas_.put("<text class=\"muted\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                  number(std::min(x, canvas_.width() - 2 - half)), number(bottom_ + 17),
                  label(tick));
    }
    below_ = 20;
  }

  // Category labels stand level if there is room for all, else they are slanted and thinned.
  struct CategoryLayout {
    bool level = false;
    std::size_t every = 1;
    double widest = 0;
  };
  static std::string category(const ChartAxis& axis, std::size_t i) {
    return elide(axis.categories[i], category_width, small_size);
  }
  [[nodiscard]] static CategoryLayout category_layout(const ChartAxis& axis, double room) {
    CategoryLayout layout;
    for (std::size_t i = 0; i < axis.categories.size(); ++i) {
      layout.widest = std::max(layout.widest, text_width(category(axis, i), small_size));
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

  // What slanted labels need left of the plot area.
  [[nodiscard]] double category_overhang(const ChartAxis& axis) const {
    const CategoryLayout layout = category_layout(axis, right_ - left_);
    if (layout.level) return 0;
    const double band = (right_ - left_) / static_cast<double>(axis.categories.size());
    double overhang = 0;
    for (std::size_t i = 0; i < axis.categories.size(); i += layout.every) {
      const double end = text_width(category(axis, i), small_size) * std::cos(radians()) + 10;
      overhang = std::max(overhang, end - band * static_cast<double>(i));
    }
    return overhang;
  }

  void draw_categories(const ChartAxis& axis, bool labels) {
    const CategoryLayout layout = category_layout(axis, right_ - left_);
    for (std::size_t i = 0; i < axis.categories.size(); i += layout.every) {
      const double x = x_of(static_cast<double>(i));
      canvas_.put("<path class=\"axis\" d=\"M{} {}v4\"/>", number(x), number(bottom_));
      if (!labels) continue;
      const std::string name = xml::escape(category(axis, i));
      if (layout.level) {
        canvas_.put("<text class=\"muted\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                    number(x), number(bottom_ + 17), name);
      } else {
        canvas_.put(
            "<text class=\"muted\" transform=\"translate({} {})rotate(-{})\" "
            "text-anchor=\"end\">{}</text>\n",
            number(x + 4), number(bottom_ + 14), slant, name);
      }
    }
    canvas_.put("\n");
    below_ = !labels ? 4 : layout.level ? 20 : 18 + layout.widest * std::sin(radians());
  }

  void draw_line(const Chart& chart, const ChartSeries& series) {
    const std::size_t colour = series.colour % colours;
    const std::string dash = dash_attribute(series.dash);
    if (series.reference) {
      canvas_.put("<path class=\"rule l{}\"{} d=\"M{} {}H{}\"/>\n", colour, dash, number(left_),
                  number(y_of(series.y.front())), number(right_));
      return;
    }
    canvas_.put("<path class=\"line l{}\"{} d=\"", colour, dash);
    bool drawing = false;
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      if (std::isnan(series.y[i])) {
        drawing = false;
        continue;
      }
      canvas_.put("{}{} {}", drawing ? 'L' : 'M', number(x_of(series.x[i])),
                  number(y_of(series.y[i])));
      drawing = true;
    }
    canvas_.put("\"/>\n");
    const auto is_gap = [&](std::size_t i) {
      return i >= series.y.size() || std::isnan(series.y[i]);
    };
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const bool lonely = is_gap(i - 1) && is_gap(i + 1);  // no line reaches it
      if (is_gap(i) || (!has_markers(series) && !lonely)) continue;
      canvas_.put("<path class=\"point edge f{}\" d=\"{}\"><title>{}</title></path>\n", colour,
                  marker_path(series.colour, x_of(series.x[i]), y_of(series.y[i])),
                  xml::escape(point_title(chart, series, i)));
    }
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
    for (const ChartSeries& series : chart.series) {
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
        canvas_.put(
            "<rect class=\"f{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">"
            "<title>{}</title></rect>\n",
            series.colour % colours, number(x_of(series.x[i]) - bar / 2), number(high), number(bar),
            number(low - high), xml::escape(point_title(chart, series, i)));
        if (low > high) areas += rectangle(x_of(series.x[i]) - bar / 2, high, bar, low - high);
      }
      canvas_.hatch(series.colour, areas);
    }
    if (chart.total.empty()) return;
    for (const auto& [x, stack] : stacks) {
      if ((stack.above == 0 && stack.below == 0) || stack.infinite) continue;
      canvas_.put("<path class=\"net\" d=\"M{} {}h{}\"/>\n", number(x_of(x) - bar / 2 - 2),
                  number(y_of(stack.above + stack.below)), number(bar + 4));
    }
  }

  // A ring at each, a line down to its place on the axis, and its label beside it.
  void draw_markers(const Chart& chart) {
    std::vector<PointLabel> points;
    std::vector<std::string> texts;
    for (const ChartMarker& marker : chart.markers) {
      texts.push_back(elide(marker.label, right_ - left_, small_size));
      points.push_back({x_of(marker.x), y_of(marker.y), text_width(texts.back(), small_size)});
      canvas_.put("<path class=\"mark\" d=\"M{} {}V{}\"/>\n", number(points.back().x),
                  number(points.back().y), number(bottom_));
    }
    const std::vector<Box> boxes =
        place_labels(points, {left_, top_ - (infinite_ ? strip_height : 0), right_, bottom_},
                     [&](const Box& box) { return holds_line(chart, box); });
    for (std::size_t i = 0; i < points.size(); ++i) {
      draw_leader(points[i], boxes[i]);
      canvas_.put("<circle class=\"ring\" cx=\"{}\" cy=\"{}\" r=\"3.5\"/>\n", number(points[i].x),
                  number(points[i].y));
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
      canvas_.put("<text class=\"small halo\" x=\"{}\" y=\"{}\">{}</text>\n", number(boxes[i].left),
                  number(boxes[i].bottom - 3), xml::escape(texts[i]));
    }
  }

  // To a label that is not beside its point.
  void draw_leader(const PointLabel& point, const Box& box) {
    constexpr double beside = 9;
    const double y = std::clamp(point.y, box.top, box.bottom);
    if (std::abs(y - point.y) <= beside) return;
    canvas_.put("<path class=\"leader\" d=\"M{} {}L{} {}\"/>\n", number(point.x), number(point.y),
                number(std::clamp(point.x, box.left - 2, box.right + 2)), number(y));
  }

  [[nodiscard]] bool holds_line(const Chart& chart, const Box& box) const {
    constexpr double step = 4;
    const double per_pixel = (x_scale_.high - x_scale_.low) / (right_ - left_ - 2 * x_padding_);
    for (const ChartSeries& series : chart.series) {
      for (double x = box.left; x <= box.right; x += step) {
        const double at = x_scale_.low + (x - left_ - x_padding_) * per_pixel;
        const double y = y_of(height_at(series, at));  // NaN where there is no line
        if (y > box.top - 1 && y < box.bottom + 1) return true;
      }
    }
    return false;
  }

  Canvas& canvas_;
  double plot_height_ = 0;
  double x_padding_ = 0;  // keeps points of an axis of numbers off the edges
  double left_ = 0;
  double common_left_ = 0;
  double right_;
  double top_ = 0;     // of finite values
  double floor_ = 0;   // of finite values
  double bottom_ = 0;  // of the plot area
  double below_ = 0;   // what the x axis needs
  bool infinite_ = false;
  bool zero_strip_ = false;
  Scale x_scale_;
  Scale y_scale_;
};

}  // namespace

void draw_panels(std::span<const Chart> charts, Canvas& canvas) { Panels(canvas).draw(charts); }

}  // namespace smoothbound::svg
