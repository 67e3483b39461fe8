#include <fmt/format.h>

#include <array>
#include <cmath>

#include "chart_style.hpp"
#include "chart_svg.hpp"
#include "shared/xml.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace svg {

double text_width(std::string_view text, double size) {
  constexpr double narrow = 0.57;  // of a sans-serif letter or digit, on average
  constexpr double wide = 1;       // of what may be an ideograph
  double width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) width += narrow;
    if (byte >= 0xC0) width += byte < 0xE0 ? narrow : wide;
  }
  return width * size;
}

double tick_width(const Tick& tick) {
  return text_width(tick.text, small_size) + text_width(tick.exponent, small_size * 0.8);
}

std::string shorten(std::string_view text, std::size_t most) {
  if (character_count(text) <= most) return std::string(text);
  std::size_t end = 0;
  for (std::size_t count = 0; count < most && end < text.size(); ++count) {
    do ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U);
  }
  return std::string(text.substr(0, end)) + "\u2026";
}

std::vector<std::string> wrap(std::string_view text, double width, double size) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string longer = line.empty() ? std::string(word) : line + " " + std::string(word);
    if (!line.empty() && text_width(longer, size) > width) {
      lines.push_back(line);
      line = word;
    } else {
      line = longer;
    }
    // A single word that is wider than all is cut.
    if (text_width(line, size) > width)
      line = shorten(line, static_cast<std::size_t>(width / size));
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

std::string number(double value) {
  std::string text = fmt::format("{:.2f}", value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string marker_path(std::size_t index, double x, double y) {
  const std::string at = number(x) + " " + number(y);
  constexpr std::array<std::string_view, 8> shapes{
      "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",                           // circle
      "m-2.8-2.8h5.6v5.6h-5.6z",                                      // square
      "m0-3.6l3.6 6.2h-7.2z",                                         // triangle
      "m0-4l4 4l-4 4l-4-4z",                                          // diamond
      "m0 3.6l3.6-6.2h-7.2z",                                         // triangle, down
      "m-1.3-3.8h2.6v2.5h2.5v2.6h-2.5v2.5h-2.6v-2.5h-2.5v-2.6h2.5z",  // plus
      "m-3.6 0l6.2-3.6v7.2z",                                         // triangle, left
      "m3.6 0l-6.2-3.6v7.2z"};                                        // triangle, right
  return "M" + at + std::string(shapes[index % shapes.size()]);
}

std::string_view dashes(std::size_t index) {
  constexpr std::array<std::string_view, 5> patterns{"", "7 4", "2 3", "9 3 2 3", "12 4"};
  return patterns[(index + index / colours) % patterns.size()];
}

std::string_view hatching(std::size_t index) {
  constexpr std::array<std::string_view, 8> patterns{"",
                                                     "M-1 9L9-1M-1 1L1-1M7 9L9 7",
                                                     "M2 2h.01M6 6h.01",
                                                     "M-1-1L9 9M-1 7L1 9M7-1L9 1",
                                                     "M0 2h8M0 6h8",
                                                     "M2 0v8M6 0v8",
                                                     "M-1 9L9-1M-1-1L9 9",
                                                     "M0 4h8M4 0v8"};
  return patterns[index % patterns.size()];
}

std::string label(const Tick& tick) {
  std::string text = xml::escape(tick.text);
  if (!tick.exponent.empty()) {
    text += fmt::format("<tspan class=\"sup\" dy=\"-4.5\">{}</tspan>", xml::escape(tick.exponent));
  }
  return text;
}

}  // namespace svg

namespace {

std::string theme_rules(const Theme& theme) {
  std::string css;
  const auto rule = [&](std::string_view selector, std::string_view property,
                        std::string_view colour) {
    css += fmt::format(".sb-chart {}{{{}:{}}}\n", selector, property, colour);
  };
  rule(".bg", "fill", theme.background);
  rule("text", "fill", theme.text);
  rule(".muted", "fill", theme.muted);
  rule(".grid,.sb-chart .minor", "stroke", theme.grid);
  rule(".axis,.sb-chart .mark", "stroke", theme.muted);
  rule(".net", "stroke", theme.text);
  rule(".hatch,.sb-chart .edge,.sb-chart .halo", "stroke", theme.background);
  for (std::size_t i = 0; i < theme.series.size(); ++i) {
    rule(fmt::format(".l{}", i), "stroke", theme.series[i]);
    rule(fmt::format(".f{}", i), "fill", theme.series[i]);
  }
  return css;
}

}  // namespace

std::string svg_style() {
  return ".sb-chart{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,"
         "'DejaVu Sans',sans-serif;font-size:13px}\n"
         ".sb-chart .title{font-size:16px;font-weight:600}\n"
         ".sb-chart .name{font-weight:600}\n"
         ".sb-chart .muted{font-size:11.5px}\n"
         ".sb-chart .sup{font-size:9.2px}\n"
         ".sb-chart .grid,.sb-chart .axis{stroke-width:1;fill:none}\n"
         ".sb-chart .minor{stroke-width:.5;fill:none}\n"
         ".sb-chart .line{fill:none;stroke-width:2;stroke-linejoin:round}\n"
         ".sb-chart .point{stroke-width:1}\n"
         ".sb-chart .over{pointer-events:none}\n"
         ".sb-chart .hatch{fill:none;stroke-width:1.4;stroke-linecap:round}\n"
         ".sb-chart .mark{stroke-width:1.2;stroke-dasharray:5 3;fill:none}\n"
         ".sb-chart .net{stroke-width:2;fill:none}\n"
         ".sb-chart .halo{paint-order:stroke;stroke-width:4;stroke-linejoin:round}\n" +
         theme_rules(light_theme) + "@media screen and (prefers-color-scheme:dark){\n" +
         theme_rules(dark_theme) + "}\n";
}

}  // namespace smoothbound
