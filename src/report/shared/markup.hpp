// How text and Markdown set what a page consists of.
#pragma once

#include <string>
#include <string_view>

namespace smoothbound {

/// What stands around each part.
struct Markup {
  std::string_view title;
  std::string_view title_end;
  std::string_view heading;
  std::string_view heading_end;
  std::string_view item;
  std::string_view entry;
  std::string_view row;
  std::string_view between_cells;
  std::string_view row_end;
  std::string_view left_divider;  // below the titles of a table; empty: no such line
  std::string_view right_divider;
  std::string_view table_end;
  bool is_aligned;  // columns have one width
  bool escapes;     // markup in texts of others
};

constexpr Markup plain_text{"",   "\n", "\n", "\n", "  - ", "  ", "  ",
                            "  ", "\n", "",   "",   "",     true, false};
constexpr Markup markdown_text{"## ", "\n\n", "\n### ", "\n\n", "- ", "- ",  "| ",
                               " | ", " |\n", "---",    "---:", "\n", false, true};

/// Text with whatever Markdown would take for markup escaped.
std::string escape_markdown(std::string_view text);

}  // namespace smoothbound
