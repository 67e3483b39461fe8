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

/// What becomes of a column in a table that is too wide for the terminal.
enum class Fit : std::uint8_t {
  keep,
  index,    // counts rows: is left out of blocks
  key,      // tells what a row is about: stands in every block of columns
  drop,     // is left out; of several the last one first
  shorten,  // names, shortened in the middle
  wrap,     // words, in several lines
};

/// Cells are kept in one text: 10^6 rows are common enough.
class Grid {
 public:
  struct Column {
    std::string title;
    Align align = Align::left;
    Fit fit = Fit::keep;
    bool joins = false;  // stays beside the column before
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

  /// With aligned columns no line is longer than `width` as far as columns allow: some are dropped,
  /// then names shortened and words wrapped, and if that is not enough, columns stand in blocks
  /// below one another.
  void write(const Markup& markup, std::size_t width, const Sink& sink) const;

 private:
  /// Columns that stand side by side, and how wide they are set.
  struct Block {
    std::vector<std::size_t> columns;
    std::vector<std::size_t> widths;
  };

  [[nodiscard]] std::size_t natural_width(std::size_t column) const;
  [[nodiscard]] std::size_t width_of(const Block& block, const Markup& markup) const;
  [[nodiscard]] std::vector<Block> lay_out(const Markup& markup, std::size_t width) const;
  void shrink(Block& block, const Markup& markup, std::size_t width, bool keys_too) const;
  [[nodiscard]] std::vector<Block> break_up(const Block& all, const Markup& markup,
                                            std::size_t width) const;
  /// As many lines as the cells need, which are empty then.
  void write_row(std::vector<std::string>& cells, const Block& block, const Markup& markup,
                 bool is_title, const Sink& sink) const;
  void write_titles(const Block& block, const Markup& markup, const Sink& sink) const;
  void write_block(const Block& block, const Markup& markup, const Sink& sink) const;

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;  // of the cells, in characters
  std::string text_;
  std::vector<std::size_t> ends_;  // of each cell in `text_`
};

}  // namespace smoothbound
