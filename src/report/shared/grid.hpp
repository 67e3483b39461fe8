// A table of texts.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "markup.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

enum class Align : std::uint8_t { left, right };

/// Cells are kept in one text: 10^6 rows are common enough.
class Grid {
 public:
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit Grid(std::vector<Column> columns);

  /// As many cells as columns. Control characters are escaped.
  void add_row(std::initializer_list<std::string_view> cells) {
    for (const std::string_view cell : cells) add(cell);
  }
  void add_row(std::span<const std::string> cells) {
    for (const std::string& cell : cells) add(cell);
  }
  /// The next cell of a row.
  void add(std::string_view cell);
  /// Whether nothing was added.
  [[nodiscard]] bool empty() const { return ends_.empty(); }

  void write(const Markup& markup, const Sink& sink) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;  // in characters
  std::string text_;
  std::vector<std::size_t> ends_;  // of each cell in `text_`
};

}  // namespace smoothbound
