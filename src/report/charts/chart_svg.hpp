// Pieces of SVG that the chart writer is made of: text of estimated width, colours, shapes, and the
// canvas that charts are drawn on.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chart_scale.hpp"

namespace smoothbound::svg {

constexpr double font_size = 13;
constexpr double small_size = 11.5;
constexpr double margin = 14;
constexpr double line_height = 16;
constexpr double strip_height = 26;   // the edge for inf, and the one for -inf
constexpr double edge_distance = 17;  // of such values from the finite ones
constexpr std::size_t colours = 8;

/// How wide a text is drawn at most, in usual fonts.
double text_width(std::string_view text, double size);
double tick_width(const Tick& tick);
/// At most `most` characters, an ellipsis in the middle for those that are left out.
std::string shorten(std::string_view text, std::size_t most);
/// The same, no wider than `width`.
std::string elide(std::string_view text, double width, double size);
/// Lines that are no wider than `width`, broken at blanks.
std::vector<std::string> wrap(std::string_view text, double width, double size);
/// A coordinate with two decimals at most.
std::string number(double value);
std::string rectangle(double x, double y, double wide, double high);
/// The path of the marker of a colour, around a point.
std::string marker_path(std::size_t colour, double x, double y);
/// The dashes of a line; empty: a full line.
std::string_view dashes(std::size_t dash);
/// The attribute that draws them.
std::string dash_attribute(std::size_t dash);
/// Which hatching goes with a colour: colours that are alike have different ones.
std::size_t hatching_of(std::size_t colour);
/// The lines of a hatching, on a tile of 8 x 8; empty: none.
std::string_view hatching(std::size_t index);
/// A tick's label, escaped.
std::string label(const Tick& tick);
/// Whether the points of a line are marked. Many would hide it.
bool has_markers(const ChartSeries& series);
/// "vgg16, conv1_1: 2.54e+4"
std::string point_title(const Chart& chart, const ChartSeries& series, std::size_t i);

/// A label beside a point.
struct PointLabel {
  double x = 0;
  double y = 0;
  double width = 0;
};
struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
};
/// A place for each label inside of `frame`, close to its point, such that none covers another, nor
/// what `is_taken` says, as long as there is room.
std::vector<Box> place_labels(std::span<const PointLabel> labels, const Box& frame,
                              const std::function<bool(const Box&)>& is_taken);

/// The text of a document of charts, which grows downwards.
class Canvas {
 public:
  /// `id` begins the identifiers of the document.
  Canvas(std::string_view id, double width) : id_(id), width_(width) {}

  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Arguments>(arguments)...);
  }
  /// Text across the canvas, in as many lines as it takes.
  void paragraph(std::string_view text, std::string_view css, double size);
  void title(const Chart& chart);
  void name(const std::string& text);
  void note(const std::string& text);
  /// What tells series apart: of each, or of each colour and each dash.
  void legend(const Chart& chart);
  /// Hatches areas in the manner of a colour. One path for all areas of a series: browsers embed
  /// the tile once for each use when they print.
  void hatch(std::size_t colour, std::string_view areas);

  void move(double distance) { y_ += distance; }
  void move_to(double y) { y_ = y; }
  [[nodiscard]] double y() const { return y_; }  // down to here all is drawn
  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] const std::string& text() const { return out_; }

 private:
  std::string id_;
  double width_;
  double y_ = 0;
  std::string out_;
  std::vector<bool> hatchings_ = std::vector<bool>(colours);  // those that are defined
};

/// Draws lines or bars, one chart below the other.
void draw_panels(std::span<const Chart> charts, Canvas& canvas);
/// Draws charts of dots about the same categories, side by side.
void draw_dots(std::span<const Chart> charts, Canvas& canvas);

}  // namespace smoothbound::svg
