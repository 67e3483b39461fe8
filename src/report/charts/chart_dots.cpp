// Dots: a row for each category, a column for each chart.
#include <algorithm>
#include <cmath>

#include "chart_svg.hpp"
#include "shared/xml.hpp"

namespace smoothbound::svg {
namespace {

constexpr double row_height = 17;
constexpr double column_gap = 26;
constexpr double infinity_width = 38;  // the edge for inf, and the one for 0
constexpr double infinity_distance = 28;
constexpr double width_of_tick = 52;

class DotColumns {
 public:
  DotColumns(std::span<const Chart> charts, Canvas& canvas)
      : charts_(charts), canvas_(canvas), categories_(charts.front().x.categories) {
    constexpr double share = 0.34;  // of the width, for names at most
    const double all = canvas.width() - 2 * margin;
    for (const std::string& name : categories_) {
      names_ = std::max(names_, text_width(elide(name, share * all, small_size), small_size));
    }
    const auto count = static_cast<double>(charts.size());
    // NOLINTNEXTLINE(cppcoreguidelines-prefer-member-initializer): of `names_`, known only now
    first_ = margin + names_ + column_gap;
    column_ = (canvas.width() - margin - first_ - column_gap * (count - 1)) / count;
  }

  void draw() {
    canvas_.move(margin / 2);
    canvas_.title(charts_.front());
    canvas_.legend(charts_.front());
    head();
    top_ = canvas_.y() + 6;
    bottom_ = top_ + row_height * static_cast<double>(categories_.size());
    for (std::size_t i = 0; i < categories_.size(); ++i) row(i);
    bool infinite = false;
    for (std::size_t c = 0; c < charts_.size(); ++c) {
      column(charts_[c], first_ + (column_ + column_gap) * static_cast<double>(c));
      infinite = infinite || infinite_;
    }
    constexpr double tick_labels = 24;
    canvas_.move_to(bottom_ + tick_labels);
    canvas_.note(charts_.back().note);
    if (infinite) canvas_.note("\u221e, the right edge: there is no finite number.");
  }

 private:
  // What the columns show; of names that take several lines, the last ones are on one level.
  void head() {
    constexpr double bold = 1.12;
    std::vector<std::vector<std::string>> heads;
    std::size_t lines = 0;
    for (const Chart& chart : charts_) {
      std::string label = chart.y.label;  // whose symbol at the end does not stand alone
      if (const std::size_t last = label.rfind(' '); last != std::string::npos) {
        label.replace(last, 1, "\u00a0");
      }
      heads.push_back(wrap(label, column_, bold * small_size));
      lines = std::max(lines, heads.back().size());
    }
    canvas_.move(line_height * static_cast<double>(lines));
    for (std::size_t c = 0; c < heads.size(); ++c) {
      for (std::size_t i = 0; i < heads[c].size(); ++i) {
        const auto from_last = static_cast<double>(heads[c].size() - 1 - i);
        canvas_.put("<text class=\"name small\" x=\"{}\" y=\"{}\">{}</text>\n",
                    number(first_ + (column_ + column_gap) * static_cast<double>(c)),
                    number(canvas_.y() - line_height * from_last), xml::escape(heads[c][i]));
      }
    }
  }

  [[nodiscard]] double y_of(std::size_t i) const {
    return top_ + row_height * (static_cast<double>(i) + 0.5);
  }

  void row(std::size_t i) {
    canvas_.put("<text class=\"small\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
                number(margin + names_), number(y_of(i) + 4),
                xml::escape(elide(categories_[i], names_ + 1, small_size)));
  }

  void column(const Chart& chart, double left) {
    const ChartRange extent = y_extent(chart);
    infinite_ = extent.has_infinity;
    left_ = left + (extent.has_minus_infinity ? infinity_width : 0);
    right_ = left + column_ - (infinite_ ? infinity_width : 0);
    constexpr double room_for_points = 5;
    left_ += room_for_points;
    right_ -= room_for_points;
    scale_ = make_scale(extent.low, extent.high, chart.y.logarithmic,
                        static_cast<int>(std::max(2.0, (right_ - left_) / width_of_tick)), true);
    for (std::size_t i = 0; i < categories_.size(); ++i) {
      canvas_.put("<path class=\"grid\" d=\"M{} {}h{}\"/>\n", number(left), number(y_of(i)),
                  number(column_));
    }
    canvas_.put("<path class=\"axis\" d=\"M{} {}h{}\"/>\n", number(left), number(bottom_),
                number(column_));
    if (!extent.empty) {
      for (const Tick& tick : scale_.ticks) place(x_of(tick.at), label(tick));
    }
    if (infinite_) place(x_of(HUGE_VAL), "\u221e");
    if (extent.has_minus_infinity) {
      place(x_of(-HUGE_VAL), chart.y.logarithmic ? "0" : "\u2212\u221e");
    }
    for (const ChartSeries& series : chart.series) {
      for (std::size_t i = 0; i < series.y.size(); ++i) {
        if (std::isnan(series.y[i])) continue;
        const double y = y_of(static_cast<std::size_t>(std::lround(series.x[i])));
        canvas_.put("<path class=\"point edge f{}\" d=\"{}\"><title>{}</title></path>\n",
                    series.colour % colours, marker_path(series.colour, x_of(series.y[i]), y),
                    xml::escape(point_title(chart, series, i)));
      }
    }
  }

  [[nodiscard]] double x_of(double y) const {
    if (std::isinf(y)) return y > 0 ? right_ + infinity_distance : left_ - infinity_distance;
    return left_ + scale_.fraction(y) * (right_ - left_);
  }

  void place(double x, const std::string& text) {
    canvas_.put("<path class=\"axis\" d=\"M{} {}v4\"/>", number(x), number(bottom_));
    canvas_.put("<text class=\"muted\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                number(x), number(bottom_ + 17), text);
  }

  std::span<const Chart> charts_;
  Canvas& canvas_;
  const std::vector<std::string>& categories_;
  double names_ = 0;   // width of the names
  double first_ = 0;   // where the first column begins
  double column_ = 0;  // how wide each is
  double top_ = 0;
  double bottom_ = 0;
  // Of the column that is drawn: where its finite values lie.
  double left_ = 0;
  double right_ = 0;
  bool infinite_ = false;
  Scale scale_;
};

}  // namespace

void draw_dots(std::span<const Chart> charts, Canvas& canvas) { DotColumns(charts, canvas).draw(); }

}  // namespace smoothbound::svg
