// RFC 4180, strictly: for reading what the program writes.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace smoothbound::testing {

using CsvRow = std::map<std::string, std::string>;

/// The cells of each line. Throws where a quote stands where it must not.
inline std::vector<std::vector<std::string>> parse_csv_cells(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string cell;
  bool quoted = false;      // inside quotes
  bool was_quoted = false;  // the cell has been in quotes
  const auto end_cell = [&] {
    row.push_back(cell);
    cell.clear();
    was_quoted = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += '"';
        ++i;
      } else {
        quoted = false;
        was_quoted = true;
      }
    } else if (c == '"') {
      if (!cell.empty() || was_quoted) throw std::runtime_error("CSV: stray quote");
      quoted = true;
    } else if (c == ',') {
      end_cell();
    } else if (c == '\n') {
      end_cell();
      rows.push_back(row);
      row.clear();
    } else {
      if (was_quoted) throw std::runtime_error("CSV: text behind a quoted cell");
      cell += c;
    }
  }
  if (quoted || !cell.empty() || !row.empty()) throw std::runtime_error("CSV: unfinished line");
  return rows;
}

/// Lines by column name. Throws if a line has not as many cells as the first.
inline std::vector<CsvRow> parse_csv(std::string_view text) {
  const auto cells = parse_csv_cells(text);
  std::vector<CsvRow> rows;
  for (std::size_t i = 1; i < cells.size(); ++i) {
    if (cells[i].size() != cells[0].size()) throw std::runtime_error("CSV: a line of other length");
    CsvRow row;
    for (std::size_t j = 0; j < cells[i].size(); ++j) row[cells[0][j]] = cells[i][j];
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace smoothbound::testing
