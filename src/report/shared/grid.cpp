#include "grid.hpp"

#include <algorithm>

#include "smoothbound/text/source.hpp"

namespace smoothbound {

Grid::Grid(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (const Column& column : columns_) widths_.push_back(character_count(column.title));
}

void Grid::add(std::string_view cell) {
  const std::string shown = escape_controls(cell);
  std::size_t& width = widths_[ends_.size() % columns_.size()];
  width = std::max(width, character_count(shown));
  text_ += shown;
  ends_.push_back(text_.size());
}

void Grid::write(const Markup& markup, const Sink& sink) const {
  std::string line;
  const auto add = [&](std::size_t column, std::string_view cell) {
    line += column == 0 ? markup.row : markup.between_cells;
    const std::size_t missing =
        markup.is_aligned ? widths_[column] - std::min(widths_[column], character_count(cell)) : 0;
    const bool right = columns_[column].align == Align::right;
    if (right) line.append(missing, ' ');
    line += cell;
    if (!right) line.append(missing, ' ');
    if (column + 1 < columns_.size()) return;
    if (markup.is_aligned) line.erase(line.find_last_not_of(' ') + 1);
    sink(line += markup.row_end);
    line.clear();
  };
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string& title = columns_[i].title;
    markup.escape_cell != nullptr ? add(i, markup.escape_cell(title)) : add(i, title);
  }
  for (std::size_t i = 0; i < columns_.size() && !markup.left_divider.empty(); ++i) {
    add(i, columns_[i].align == Align::right ? markup.right_divider : markup.left_divider);
  }
  std::size_t begin = 0;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    const std::string_view cell = std::string_view(text_).substr(begin, ends_[i] - begin);
    begin = ends_[i];
    const std::size_t column = i % columns_.size();
    markup.escape != nullptr ? add(column, markup.escape(cell)) : add(column, cell);
  }
}

}  // namespace smoothbound
