#include <fmt/format.h>

#include <array>
#include <cmath>

#include "chart_style.hpp"
#include "chart_svg.hpp"
#include "shared/xml.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace svg {

namespace {

// Advance widths of DejaVu Sans, the widest of the usual fonts, in hundredths of the size: groups
// of characters that are at most this wide.
struct WidthGroup {
  int width;
  std::string_view characters;
};
constexpr std::array<WidthGroup, 6> widths{{{28, "'ijl"},
                                            {37, "IJ ,./:;\\|f-"},
                                            {46, "()[]t!r\""},
                                            {62, "*_`sz?cLFkvxyPTYaeo"},
                                            {84, "KABVXZCRUNHDGOQ&#+<=>^~w"},
                                            {100, "MmW%@"}}};

double character_width(std::string_view character) {
  constexpr double hundred = 100;
  constexpr double usual = 0.65;  // of the other letters and digits
  constexpr double wide = 1.1;    // of what may be any script
  if (static_cast<unsigned char>(character.front()) >= 0x80) return wide;
  for (const WidthGroup& group : widths) {
    if (group.characters.find(character.front()) != std::string_view::npos) {
      return group.width / hundred;
    }
  }
  return usual;
}

std::vector<std::string_view> characters_of(std::string_view text) {
  std::vector<std::string_view> characters;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    characters.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return characters;
}

// Begin and end of a text, as much of both as fits, where `sizes` are those of its characters.
template <class Size>
std::string keep_ends(std::string_view text, double room, const Size& size) {
  const std::vector<std::string_view> all = characters_of(text);
  double used = 0;
  std::size_t head = 0;
  std::size_t tail = all.size();
  while (head < tail) {
    const bool from_head = head <= all.size() - tail;
    used += size(from_head ? all[head] : all[tail - 1]);
    if (used > room) break;
    from_head ? ++head : --tail;
  }
  std::string kept;
  for (std::size_t i = 0; i < head; ++i) kept += all[i];
  kept += "\u2026";
  for (std::size_t i = tail; i < all.size(); ++i) kept += all[i];
  return kept;
}

}  // namespace

double text_width(std::string_view text, double size) {
  double width = 0;
  for (const std::string_view character : characters_of(text)) width += character_width(character);
  return width * size;
}

double tick_width(const Tick& tick) {
  return text_width(tick.text, small_size) + text_width(tick.exponent, small_size * 0.8);
}

std::string shorten(std::string_view text, std::size_t most) {
  if (character_count(text) <= most) return std::string(text);
  return keep_ends(text, static_cast<double>(most) - 1, [](std::string_view) { return 1.0; });
}

std::string elide(std::string_view text, double width, double size) {
  if (text_width(text, size) <= width) return std::string(text);
  return keep_ends(text, width - text_width("\u2026", size),
                   [&](std::string_view character) { return character_width(character) * size; });
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
    line = elide(line, width, size);  // a single word may be wider than all
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

std::string rectangle(double x, double y, double wide, double high) {
  return fmt::format("M{} {}h{}v{}h-{}z", number(x), number(y), number(wide), number(high),
                     number(wide));
}

std::string marker_path(std::size_t colour, double x, double y) {
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
  return "M" + at + std::string(shapes[colour % shapes.size()]);
}

std::string_view dashes(std::size_t dash) {
  constexpr std::array<std::string_view, 6> patterns{"",        "7 4",  "2 3",
                                                     "9 3 2 3", "14 4", "9 3 2 3 2 3"};
  return patterns[dash % patterns.size()];
}

std::string dash_attribute(std::size_t dash) {
  const std::string_view pattern = dashes(dash);
  return pattern.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", pattern);
}

std::size_t hatching_of(std::size_t colour) { return (colour + colour / colours) % colours; }

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

bool has_markers(const ChartSeries& series) {
  constexpr std::size_t most = 40;
  return !series.reference && series.y.size() <= most;
}

std::string point_title(const Chart& chart, const ChartSeries& series, std::size_t i) {
  return fmt::format("{}, {}: {}", series.name, x_text(chart.x, series.x[i]),
                     value_text(series.y[i], chart.y.logarithmic));
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
  rule(".axis,.sb-chart .mark,.sb-chart .key,.sb-chart .leader", "stroke", theme.muted);
  rule(".net,.sb-chart .ring", "stroke", theme.text);
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
         ".sb-chart .muted,.sb-chart .small{font-size:11.5px}\n"
         ".sb-chart .sup{font-size:9.2px}\n"
         ".sb-chart .grid,.sb-chart .axis{stroke-width:1;fill:none}\n"
         ".sb-chart .minor{stroke-width:.5;fill:none}\n"
         ".sb-chart .line{fill:none;stroke-width:2;stroke-linejoin:round}\n"
         ".sb-chart .rule{fill:none;stroke-width:1.5}\n"
         ".sb-chart .ring{fill:none;stroke-width:1.2}\n"
         ".sb-chart .point{stroke-width:1}\n"
         ".sb-chart .over{pointer-events:none}\n"
         ".sb-chart .hatch{fill:none;stroke-width:1.4;stroke-linecap:round}\n"
         ".sb-chart .mark{stroke-width:.8;stroke-dasharray:2 3;fill:none}\n"
         ".sb-chart .leader{stroke-width:.8;fill:none}\n"
         ".sb-chart .net{stroke-width:2;fill:none}\n"
         ".sb-chart .halo{paint-order:stroke;stroke-width:4;stroke-linejoin:round}\n" +
         theme_rules(light_theme) + "@media screen and (prefers-color-scheme:dark){\n" +
         theme_rules(dark_theme) + "}\n";
}

}  // namespace smoothbound
