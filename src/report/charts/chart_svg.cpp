// The charts as one SVG document.
#include "chart_svg.hpp"

#include <algorithm>
#include <cmath>

#include "shared/xml.hpp"

namespace smoothbound {
namespace {

using svg::number;

constexpr double usual_width = 640;
constexpr double narrow_width = 500;

// How many of the first charts are drawn together: dots about the same categories, or panels.
std::size_t group_size(std::span<const Chart> charts) {
  const bool dots = charts.front().kind == ChartKind::dots;
  std::size_t size = 1;
  while (size < charts.size() && (charts[size].kind == ChartKind::dots) == dots &&
         (!dots || charts[size].x.categories == charts.front().x.categories)) {
    ++size;
  }
  return size;
}

std::string title_of(std::span<const Chart> charts) {
  for (const Chart& chart : charts) {
    if (!chart.title.empty()) return chart.title;
  }
  return charts.empty() ? "chart" : charts.front().y.label;
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
    for (const ChartMarker& marker : chart.markers) {
      text += fmt::format(" {} {};", marker.crosses ? "crossing at" : "marked:", marker.label);
    }
    text.back() = '.';
    text += ' ';
  }
  return text;
}

void write_document(std::span<const Chart> charts, std::string_view id, double width,
                    const std::string& style, const Sink& sink) {
  svg::Canvas canvas(id, width);
  for (std::span<const Chart> rest = charts; !rest.empty();) {
    const std::size_t size = group_size(rest);
    const bool dots = rest.front().kind == ChartKind::dots;
    dots ? svg::draw_dots(rest.first(size), canvas) : svg::draw_panels(rest.first(size), canvas);
    rest = rest.subspan(size);
  }
  const std::string height = number(std::ceil(canvas.y() + svg::margin / 2));
  sink(
      fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"sb-chart\" role=\"img\" "
                  "viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
                  "style=\"max-width:100%;height:auto\" "
                  "aria-labelledby=\"{2}-title {2}-desc\">\n<title id=\"{2}-title\">{3}</title>\n"
                  "<desc id=\"{2}-desc\">{4}</desc>\n",
                  number(width), height, id, xml::escape(title_of(charts)),
                  xml::escape(description_of(charts))));
  if (!style.empty()) sink("<style>\n" + style + "</style>\n");
  sink(fmt::format("<rect class=\"bg\" width=\"{}\" height=\"{}\"/>\n", number(width), height));
  sink(canvas.text());
  sink("</svg>\n");
}

}  // namespace

void write_svg(std::span<const Chart> charts, const Sink& sink) {
  write_document(charts, "chart", usual_width, svg_style(), sink);
}

void write_inline_svg(std::span<const Chart> charts, std::string_view id, const Sink& sink) {
  write_document(charts, id, narrow_width, "", sink);
}

}  // namespace smoothbound
