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
  /// Text with whatever would be taken for markup escaped; null: nothing would.
  std::string (*escape)(std::string_view text);
  std::string (*escape_cell)(std::string_view text);  // of our own words, in a table
};

std::string escape_markdown(std::string_view text);
std::string escape_bars(std::string_view text);

constexpr Markup plain_text{"",   "\n", "\n", "\n", "  - ", "  ",    "  ",   "  ",
                            "\n", "",   "",   "",   true,   nullptr, nullptr};
constexpr Markup markdown_text{"## ",  "\n\n", "\n### ", "\n\n",          "- ",
                               "- ",   "| ",   " | ",    " |\n",          "---",
                               "---:", "\n",   false,    escape_markdown, escape_bars};

}  // namespace smoothbound
