// Text and Markdown: the same sections, told apart only by how they are set.
#pragma once

#include <string>

#include "grid.hpp"
#include "markup.hpp"
#include "smoothbound/text/lines.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

class Page {
 public:
  /// `width`: longer lines are broken, unless a program will set the page.
  Page(const Sink& sink, const Markup& markup, std::size_t width = any_width)
      : sink_(sink), markup_(markup), width_(markup.is_aligned ? width : any_width) {}

  void title(std::string_view line) { put(markup_.title, line, markup_.title_end); }
  void heading(std::string_view line) { put(markup_.heading, line, markup_.heading_end); }
  void item(std::string_view line) { put(markup_.item, line, "\n"); }
  /// A line of a list without marks, and what belongs to it at depth 1.
  void entry(std::size_t depth, std::string_view line) {
    put(std::string(2 * depth, ' ').append(markup_.entry), line, "\n");
  }
  void paragraph(std::string_view line) { put("", line, "\n"); }
  /// `ends`: what follows is another paragraph.
  void grid(const Grid& grid, bool ends = true) {
    grid.write(markup_, width_, sink_);
    if (ends) sink_(markup_.table_end);
  }
  void gap() { sink_("\n"); }
  /// A section that lists texts of others; nothing if there are none.
  void list(std::string_view heading_line, const std::vector<std::string>& lines) {
    if (!lines.empty()) heading(heading_line);
    for (const std::string& line : lines) item(foreign(line));
  }

  /// Text that others have written, made harmless: it may hold controls and markup.
  [[nodiscard]] std::string foreign(std::string_view text) const;
  /// Whether a program will set it, so that lines need not be aligned or cut.
  [[nodiscard]] bool is_marked_up() const { return !markup_.is_aligned; }

 private:
  void put(std::string_view begin, std::string_view line, std::string_view end);

  const Sink& sink_;
  const Markup& markup_;
  std::size_t width_;
};

}  // namespace smoothbound
