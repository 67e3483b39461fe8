#include "grid.hpp"

#include <algorithm>
#include <utility>

#include "smoothbound/text/lines.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

// The least widths of columns that give way.
constexpr std::size_t least_name = 10;
constexpr std::size_t least_words = 16;
constexpr std::size_t least_key = 12;

// What a cell shows in the next line of its row; `cell` keeps what is left for further ones.
std::string take_cell(std::string& cell, std::size_t width, bool wraps) {
  if (character_count(cell) <= width) return std::exchange(cell, {});
  const std::string all = std::exchange(cell, {});
  if (!wraps) return shorten_middle(all, width);
  std::string_view rest = all;
  std::string line = shorten_middle(take_line(rest, width), width);
  cell = rest;
  return line;
}

}  // namespace

Grid::Grid(std::vector<Column> columns) : columns_(std::move(columns)), widths_(columns_.size()) {}

void Grid::add(std::string_view cell) {
  const std::string shown = escape_controls(cell);
  std::size_t& width = widths_[ends_.size() % columns_.size()];
  width = std::max(width, character_count(shown));
  text_ += shown;
  ends_.push_back(text_.size());
}

std::size_t Grid::natural_width(std::size_t column) const {
  return std::max(widths_[column], character_count(columns_[column].title));
}

std::size_t Grid::width_of(const Block& block, const Markup& markup) const {
  std::size_t width = character_count(markup.row);
  for (const std::size_t each : block.widths) width += each;
  return width + (block.columns.size() - 1) * character_count(markup.between_cells);
}

std::vector<Grid::Block> Grid::lay_out(const Markup& markup, std::size_t width) const {
  Block all;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    all.columns.push_back(i);
    all.widths.push_back(natural_width(i));
  }
  if (!markup.is_aligned) return {all};
  for (std::size_t i = columns_.size(); i-- > 0 && width_of(all, markup) > width;) {
    if (columns_[i].fit != Fit::drop) continue;
    all.columns.erase(all.columns.begin() + static_cast<std::ptrdiff_t>(i));
    all.widths.erase(all.widths.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (const bool keys_too : {false, true}) {
    Block narrow = all;
    shrink(narrow, markup, width, keys_too);
    if (width_of(narrow, markup) <= width) return {narrow};
  }
  return break_up(all, markup, width);
}

// Takes from the widest of the columns that give way, as far as they do.
void Grid::shrink(Block& block, const Markup& markup, std::size_t width, bool keys_too) const {
  const auto least = [&](std::size_t i) {
    const Column& column = columns_[block.columns[i]];
    switch (column.fit) {
      case Fit::shorten:
        return std::max(least_name, character_count(column.title));
      case Fit::wrap:
        return std::max(least_words, character_count(column.title));
      case Fit::key:
        if (keys_too) return std::max(least_key, character_count(column.title));
        break;
      default:
        break;
    }
    return any_width;
  };
  for (std::size_t i = 0; i < block.widths.size(); ++i) {
    if (least(i) < block.widths[i]) {
      block.widths[i] = std::min(block.widths[i], std::max(least(i), width));
    }
  }
  while (width_of(block, markup) > width) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < block.widths.size(); ++i) {
      if (block.widths[i] <= least(i)) continue;
      if (widest == nullptr || block.widths[i] > *widest) widest = &block.widths[i];
    }
    if (widest == nullptr) return;
    --*widest;
  }
}

// Blocks that begin with the key, which takes a third of the width unless that hides it.
std::vector<Grid::Block> Grid::break_up(const Block& all, const Markup& markup,
                                        std::size_t width) const {
  Block keys;
  for (std::size_t i = 0; i < all.columns.size(); ++i) {
    if (columns_[all.columns[i]].fit != Fit::key) continue;
    keys.columns.push_back(all.columns[i]);
    keys.widths.push_back(all.widths[i]);
  }
  if (!keys.columns.empty()) shrink(keys, markup, width / 3, true);
  const std::size_t gap = character_count(markup.between_cells);
  const std::size_t used =
      keys.columns.empty() ? character_count(markup.row) : width_of(keys, markup) + gap;
  const std::size_t room = width > used ? width - used : 1;
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < all.columns.size(); ++i) {
    const std::size_t column = all.columns[i];
    const Column& what = columns_[column];
    if (what.fit == Fit::key || what.fit == Fit::index) continue;
    const bool gives_way = what.fit == Fit::shorten || what.fit == Fit::wrap;
    const std::size_t size =
        std::min(natural_width(column), gives_way ? room : std::max(room, widths_[column]));
    // As many as fit; those that join have to.
    std::size_t together = size;
    for (std::size_t next = i + 1; next < all.columns.size(); ++next) {
      if (!columns_[all.columns[next]].joins) break;
      together += gap + all.widths[next];
    }
    if (blocks.empty() ||
        (!what.joins && width_of(blocks.back(), markup) + gap + together > width)) {
      blocks.push_back(keys);
    }
    blocks.back().columns.push_back(column);
    blocks.back().widths.push_back(size);
  }
  return blocks;
}

void Grid::write(const Markup& markup, std::size_t width, const Sink& sink) const {
  bool first = true;
  for (const Block& block : lay_out(markup, width)) {
    if (!first) sink("\n");
    first = false;
    write_block(block, markup, sink);
  }
}

void Grid::write_row(std::vector<std::string>& cells, const Block& block, const Markup& markup,
                     bool is_title, const Sink& sink) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Column& column = columns_[block.columns[i]];
    const std::size_t width = markup.is_aligned ? block.widths[i] : any_width;
    const std::string shown = take_cell(cells[i], width, is_title || column.fit == Fit::wrap);
    line += i == 0 ? markup.row : markup.between_cells;
    const std::size_t missing =
        markup.is_aligned ? width - std::min(width, character_count(shown)) : 0;
    if (column.align == Align::right) line.append(missing, ' ');
    line += shown;
    if (column.align == Align::left) line.append(missing, ' ');
  }
  if (markup.is_aligned) line.erase(line.find_last_not_of(' ') + 1);
  sink(line += markup.row_end);
  if (!std::ranges::all_of(cells, &std::string::empty)) {
    write_row(cells, block, markup, is_title, sink);
  }
}

void Grid::write_titles(const Block& block, const Markup& markup, const Sink& sink) const {
  std::vector<std::string> cells;
  for (const std::size_t column : block.columns) {
    const std::string& title = columns_[column].title;
    cells.push_back(markup.escape_cell != nullptr ? markup.escape_cell(title) : title);
  }
  write_row(cells, block, markup, true, sink);
  if (markup.left_divider.empty()) return;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool right = columns_[block.columns[i]].align == Align::right;
    cells[i] = right ? markup.right_divider : markup.left_divider;
  }
  write_row(cells, block, markup, true, sink);
}

void Grid::write_block(const Block& block, const Markup& markup, const Sink& sink) const {
  write_titles(block, markup, sink);
  std::vector<std::string> cells(block.columns.size());
  for (std::size_t row = 0; row < ends_.size(); row += columns_.size()) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t index = row + block.columns[i];
      const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
      const std::string_view cell = std::string_view(text_).substr(begin, ends_[index] - begin);
      cells[i] = markup.escape != nullptr ? markup.escape(cell) : std::string(cell);
    }
    write_row(cells, block, markup, false, sink);
  }
}

}  // namespace smoothbound
