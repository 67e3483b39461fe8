#include "grid.hpp"

#include <algorithm>

#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

void pad(std::string& line, std::string_view cell, std::size_t width, Grid::Align align) {
  const std::size_t missing = width - std::min(width, character_count(cell));
  if (align == Grid::Align::right) line.append(missing, ' ');
  line += cell;
  if (align == Grid::Align::left) line.append(missing, ' ');
}

}  // namespace

std::string escape_markdown(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("|\\`*_<>[]&~").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

Grid::Grid(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (const Column& column : columns_) widths_.push_back(character_count(column.title));
}

void Grid::add_row(std::span<const std::string_view> cells) {
  std::size_t column = 0;
  for (const std::string_view cell : cells) {
    const std::string shown = escape_controls(cell);
    widths_[column] = std::max(widths_[column], character_count(shown));
    ++column;
    text_ += shown;
    ends_.push_back(text_.size());
  }
}

template <class Cell, class EndOfRow>
void Grid::for_each_cell(Cell&& cell, EndOfRow&& end_of_row) const {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    cell(i % columns_.size(), std::string_view(text_).substr(begin, ends_[i] - begin));
    begin = ends_[i];
    if ((i + 1) % columns_.size() == 0) end_of_row();
  }
}

void Grid::write_text(std::string_view indent,
                      const std::function<void(std::string_view)>& sink) const {
  std::string line(indent);
  const auto add = [&](std::size_t column, std::string_view cell) {
    if (column > 0) line += "  ";
    pad(line, cell, widths_[column], columns_[column].align);
  };
  const auto flush = [&] {
    line.erase(line.find_last_not_of(' ') + 1);
    line += '\n';
    sink(line);
    line = indent;
  };
  for (std::size_t i = 0; i < columns_.size(); ++i) add(i, columns_[i].title);
  flush();
  for_each_cell(add, flush);
}

void Grid::write_markdown(const std::function<void(std::string_view)>& sink) const {
  std::string line;
  const auto flush = [&] {
    line += "|\n";
    sink(line);
    line.clear();
  };
  for (const Column& column : columns_) line.append("| ").append(column.title).append(" ");
  flush();
  for (const Column& column : columns_) line += column.align == Align::right ? "| ---: " : "| --- ";
  flush();
  for_each_cell(
      [&](std::size_t /*column*/, std::string_view cell) {
        line.append("| ").append(escape_markdown(cell)).append(" ");
      },
      flush);
}

}  // namespace smoothbound
