// A table of texts whose columns are as wide as their widest cell.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace smoothbound {

/// Text with whatever Markdown would take for markup escaped.
std::string escape_markdown(std::string_view text);

/// Cells are kept in one text: 10^6 rows are common enough.
class Grid {
 public:
  enum class Align : std::uint8_t { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit Grid(std::vector<Column> columns);

  /// As many cells as columns. Control characters are escaped.
  void add_row(std::span<const std::string_view> cells);
  void add_row(std::initializer_list<std::string_view> cells) {
    add_row(std::span<const std::string_view>(cells.begin(), cells.size()));
  }
  /// Whether nothing was added.
  [[nodiscard]] bool empty() const { return ends_.empty(); }

  /// Aligned text with a line of titles, each line behind `indent`.
  void write_text(std::string_view indent, const std::function<void(std::string_view)>& sink) const;
  /// A Markdown table.
  void write_markdown(const std::function<void(std::string_view)>& sink) const;

 private:
  template <class Cell, class EndOfRow>
  void for_each_cell(Cell&& cell, EndOfRow&& end_of_row) const;

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;  // in characters
  std::string text_;
  std::vector<std::size_t> ends_;  // of each cell in `text_`
};

}  // namespace smoothbound
