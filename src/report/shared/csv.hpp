// The one writer of CSV: RFC 4180, with control characters escaped so that a row stays a line.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/rules/magnitude.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

class CsvWriter {
 public:
  /// `header`: begin with the row of the columns' names.
  CsvWriter(const Sink& sink, std::vector<std::string> columns, bool header = true);

  /// The next cells of the row: texts, integers, doubles (the fewest digits that tell them), bounds
  /// (17 digits).
  template <class... Cells>
  CsvWriter& add(const Cells&... cells) {
    (cell(cells), ...);
    return *this;
  }
  /// A bound, and its decimal logarithm, which is empty where it is not finite.
  CsvWriter& add_with_log(const Magnitude& value);
  CsvWriter& skip(std::size_t cells);
  /// Leaves the cells before this column empty.
  CsvWriter& skip_to(std::string_view column);
  /// The remaining cells are empty.
  void end_row();

 private:
  void cell(std::string_view text);
  void cell(double value);
  template <std::integral Integer>
  void cell(Integer value) {
    cell(std::string_view(std::to_string(value)));
  }
  template <Rounding d>
  void cell(const Bound<d>& value) {
    cell(std::string_view(value.to_text(17)));
  }

  const Sink& sink_;
  std::vector<std::string> columns_;
  std::string line_;
  std::size_t cells_ = 0;
};

/// `line` of CSV where no cell is a formula for a spreadsheet: texts that begin with = + - or @ get
/// an apostrophe in front, which spreadsheets show as text. Numbers stay.
std::string without_formulas(std::string_view line);

/// The columns of a bound that is added with its logarithm.
void add_with_log(std::vector<std::string>& columns, std::string name);

}  // namespace smoothbound
