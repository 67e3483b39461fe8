// Pieces of SVG that the chart writer is made of: text of estimated width, colours, shapes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chart_scale.hpp"

namespace smoothbound::svg {

constexpr double font_size = 13;
constexpr double small_size = 11.5;
constexpr std::size_t colours = 8;

/// About how wide a text is drawn.
double text_width(std::string_view text, double size);
double tick_width(const Tick& tick);
/// At most `most` characters, the rest as an ellipsis.
std::string shorten(std::string_view text, std::size_t most);
/// Lines that are no wider than `width`, broken at blanks.
std::vector<std::string> wrap(std::string_view text, double width, double size);
/// A coordinate with two decimals at most.
std::string number(double value);
/// The path of the marker of series `index`, around a point.
std::string marker_path(std::size_t index, double x, double y);
/// The dashes of series `index`; empty: a full line.
std::string_view dashes(std::size_t index);
/// The lines of the hatching of series `index`, on a tile of 8 x 8; empty: none.
std::string_view hatching(std::size_t index);
/// A tick's label, escaped.
std::string label(const Tick& tick);

}  // namespace smoothbound::svg
