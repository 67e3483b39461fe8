#include "csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

bool is_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::invalid_argument && end == text.data() + text.size() &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

}  // namespace

CsvWriter::CsvWriter(const Sink& sink, std::vector<std::string> columns, bool header)
    : sink_(sink), columns_(std::move(columns)) {
  if (!header) return;
  for (const std::string& column : columns_) cell(column);
  end_row();
}

void CsvWriter::cell(std::string_view text) {
  if (cells_++ > 0) line_ += ',';
  // GitHub's runner may take a row that begins with `::` for a command, but not with a quote.
  const std::string shown = escape_controls(std::string(1, '"').append(text)).substr(1);
  if (shown.find_first_of(",\"") == std::string::npos && shown.find("::") == std::string::npos) {
    line_ += shown;
    return;
  }
  line_ += '"';
  for (const char c : shown) line_.append(c == '"' ? 2 : 1, c);
  line_ += '"';
}

void CsvWriter::cell(double value) { cell(std::string_view(fmt::format("{}", value))); }

CsvWriter& CsvWriter::add_with_log(const Magnitude& value) {
  const double log10 = value.log10();
  add(value);
  return std::isfinite(log10) ? add(log10) : skip(1);
}

CsvWriter& CsvWriter::skip(std::size_t cells) {
  for (std::size_t i = 0; i < cells; ++i) cell(std::string_view());
  return *this;
}

CsvWriter& CsvWriter::skip_to(std::string_view column) {
  const auto place = std::ranges::find(columns_, column) - columns_.begin();
  return skip(static_cast<std::size_t>(place) - cells_);
}

void CsvWriter::end_row() {
  skip(columns_.size() - cells_);
  sink_(line_ += '\n');
  line_.clear();
  cells_ = 0;
}

std::string without_formulas(std::string_view line) {
  std::string result;
  while (!line.empty()) {
    std::size_t end = 0;
    bool in_quotes = false;
    for (; end < line.size() && (in_quotes || (line[end] != ',' && line[end] != '\n')); ++end) {
      if (line[end] == '"') in_quotes = !in_quotes;
    }
    std::string cell(line.substr(0, end));
    const std::size_t first = cell.starts_with('"') ? 1 : 0;
    if (cell.find_first_of("=+-@") == first && !is_number(cell)) cell.insert(first, 1, '\'');
    result += cell;
    if (end < line.size()) result += line[end++];
    line.remove_prefix(end);
  }
  return result;
}

void add_with_log(std::vector<std::string>& columns, std::string name) {
  columns.push_back(name);
  columns.push_back(std::move(name += "_log10"));
}

}  // namespace smoothbound
