// What all charts have: titles, notes, legends, and labels of points.
#include <algorithm>
#include <cmath>

#include "chart_svg.hpp"
#include "shared/xml.hpp"

namespace smoothbound::svg {
namespace {

constexpr double swatch = 30;
constexpr double swatch_gap = 6;  // between a swatch and its name

struct LegendItem {
  enum class Kind : std::uint8_t { line, marked_line, dash, area, dot, total };
  std::string name;
  Kind kind = Kind::line;
  std::size_t colour = 0;
  std::size_t dash = 0;
};

LegendItem::Kind kind_of(const Chart& chart, const ChartSeries& series) {
  if (chart.kind == ChartKind::bars) return LegendItem::Kind::area;
  if (chart.kind == ChartKind::dots) return LegendItem::Kind::dot;
  return has_markers(series) ? LegendItem::Kind::marked_line : LegendItem::Kind::line;
}

std::vector<LegendItem> legend_items(const Chart& chart) {
  std::vector<LegendItem> items;
  if (chart.colours.empty() && chart.dashes.empty()) {
    for (const ChartSeries& series : chart.series) {
      items.push_back({series.name, kind_of(chart, series), series.colour, series.dash});
    }
    if (!chart.total.empty()) items.push_back({chart.total, LegendItem::Kind::total, 0, 0});
    if (items.size() == 1) items.clear();
    return items;
  }
  for (std::size_t i = 0; i < chart.colours.size(); ++i) {
    const auto drawn = std::ranges::find(chart.series, i, &ChartSeries::colour);
    if (drawn == chart.series.end()) continue;
    items.push_back({chart.colours[i], kind_of(chart, *drawn), i, 0});
  }
  if (items.size() == 1) items.clear();
  const std::size_t before = items.size();
  for (std::size_t i = 0; i < chart.dashes.size(); ++i) {
    const auto drawn = std::ranges::find(chart.series, i, &ChartSeries::dash);
    if (drawn == chart.series.end()) continue;
    items.push_back({chart.dashes[i], LegendItem::Kind::dash, 0, i});
  }
  if (items.size() == before + 1) items.pop_back();
  return items;
}

void draw_swatch(Canvas& canvas, const LegendItem& item, double x, double y) {
  using Kind = LegendItem::Kind;
  const std::size_t colour = item.colour % colours;
  constexpr double half = 6;
  switch (item.kind) {
    case Kind::line:
    case Kind::marked_line:
      canvas.put("<path class=\"line l{}\"{} d=\"M{} {}h{}\"/>", colour, dash_attribute(item.dash),
                 number(x), number(y), number(swatch));
      break;
    case Kind::dash:
      canvas.put("<path class=\"line key\"{} d=\"M{} {}h{}\"/>", dash_attribute(item.dash),
                 number(x), number(y), number(swatch));
      break;
    case Kind::total:
      canvas.put("<path class=\"net\" d=\"M{} {}h{}\"/>", number(x), number(y), number(swatch));
      break;
    case Kind::area: {
      const std::string area = rectangle(x, y - half, swatch, 2 * half);
      canvas.put("<path class=\"f{}\" d=\"{}\"/>", colour, area);
      canvas.hatch(item.colour, area);
      break;
    }
    case Kind::dot:
      break;
  }
  if (item.kind == Kind::marked_line || item.kind == Kind::dot) {
    canvas.put("<path class=\"point edge f{}\" d=\"{}\"/>", colour,
               marker_path(item.colour, x + swatch / 2, y));
  }
}

bool overlap(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

}  // namespace

void Canvas::paragraph(std::string_view text, std::string_view css, double size) {
  constexpr double bold = 1.12;  // how much wider it is
  const double estimate = css == "muted" ? size : bold * size;
  for (const std::string& line : wrap(text, width_ - 2 * margin, estimate)) {
    y_ += line_height + (size > font_size ? 4 : 0);
    put("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", css, number(margin), number(y_ - 4),
        xml::escape(line));
  }
}

void Canvas::title(const Chart& chart) {
  constexpr double title_size = 16;
  paragraph(chart.title, "title", title_size);
}
void Canvas::name(const std::string& text) { paragraph(text, "name", font_size); }
void Canvas::note(const std::string& text) { paragraph(text, "muted", small_size); }

void Canvas::legend(const Chart& chart) {
  const std::vector<LegendItem> items = legend_items(chart);
  if (items.empty()) return;
  double x = margin;
  y_ += line_height + 4;
  for (const LegendItem& item : items) {
    const std::string name = elide(item.name, width_ - 2 * margin - swatch - swatch_gap, font_size);
    const double size = swatch + swatch_gap + text_width(name, font_size);
    if (x > margin && x + size > width_ - margin) {
      x = margin;
      y_ += line_height + 2;
    }
    const double middle = y_ - line_height / 2 - 1;
    draw_swatch(*this, item, x, middle);
    put("<text x=\"{}\" y=\"{}\">{}</text>\n", number(x + swatch + swatch_gap),
        number(middle + 4.5), xml::escape(name));
    x += size + 16;
  }
  y_ += 4;
}

void Canvas::hatch(std::size_t colour, std::string_view areas) {
  const std::size_t index = hatching_of(colour);
  if (hatching(index).empty() || areas.empty()) return;
  if (!hatchings_[index]) {
    hatchings_[index] = true;
    put("<pattern id=\"{}-{}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
        "<path class=\"hatch\" d=\"{}\"/></pattern>\n",
        id_, index, hatching(index));
  }
  put("<path class=\"over\" fill=\"url(#{}-{})\" d=\"{}\"/>\n", id_, index, areas);
}

std::vector<Box> place_labels(std::span<const PointLabel> labels, const Box& frame,
                              const std::function<bool(const Box&)>& is_taken) {
  constexpr double height = 13;
  constexpr double aside = 8;  // from the point
  constexpr int most_rows = 8;
  std::vector<Box> boxes;
  for (const PointLabel& label : labels) {
    std::vector<Box> candidates;  // that cover no other label, the best one first
    // Above and below in turn, ever farther; of each row to the right first.
    for (int i = 0; i < 2 * most_rows; ++i) {
      const int row = i / 2;
      const double top =
          i % 2 == 0 ? label.y - aside - height * (row + 1) : label.y + aside / 2 + height * row;
      for (const double left : {label.x + aside, label.x - aside - label.width}) {
        const Box box{left, top, left + label.width, top + height};
        const bool inside = box.left >= frame.left && box.right <= frame.right &&
                            box.top >= frame.top && box.bottom <= frame.bottom;
        const auto covers = [&](const Box& other) { return overlap(box, other); };
        if (inside && std::ranges::none_of(boxes, covers)) candidates.push_back(box);
      }
    }
    const auto best = std::ranges::find_if_not(candidates, is_taken);
    if (best != candidates.end()) {
      boxes.push_back(*best);
    } else if (!candidates.empty()) {
      boxes.push_back(candidates.front());
    } else {  // no room: at the point, but inside
      const double left =
          std::clamp(label.x, frame.left, std::max(frame.left, frame.right - label.width));
      const double top =
          std::clamp(label.y - height, frame.top, std::max(frame.top, frame.bottom - height));
      boxes.push_back({left, top, left + label.width, top + height});
    }
  }
  return boxes;
}

}  // namespace smoothbound::svg
