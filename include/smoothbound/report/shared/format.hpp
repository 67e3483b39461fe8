// The forms in which every result can be written.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "smoothbound/text/lines.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

struct Content;

/// One form; all of them are rows of the table in src/report/shared/format.cpp.
struct FormatRow {
  std::string_view name;                       // of --format
  std::string_view ending;                     // that its files usually have
  std::array<std::string_view, 2> asking_for;  // endings that ask for it
  /// What stands around several results in one text.
  std::string_view before;
  std::string_view between;
  std::string_view after;
  /// `width`: of the terminal that shows it; what programs read does not mind.
  void (*write)(const Content& content, std::size_t width, const Sink& sink);
};

/// A row of the table.
class Format {
 public:
  static const Format table;     // aligned columns for people
  static const Format markdown;  // the same as GitHub-flavoured Markdown
  static const Format csv;       // RFC 4180 with a header, 17 digits
  static const Format json;      // the contracts of docs/json.md, 17 digits

  explicit constexpr Format(const FormatRow& row) : row_(&row) {}

  /// The same where lines longer than that would be broken: the terminal's columns.
  [[nodiscard]] constexpr Format within(std::size_t width) const {
    Format narrow = *this;
    narrow.width_ = width;
    return narrow;
  }

  void write(const Content& content, const Sink& sink) const { row_->write(content, width_, sink); }
  const FormatRow* operator->() const { return row_; }
  bool operator==(const Format& other) const { return row_ == other.row_; }

 private:
  const FormatRow* row_;
  std::size_t width_ = any_width;
};

/// All of them, the usual one first.
std::span<const FormatRow> formats();

/// The format that the name of a file asks for (*.md, *.csv, *.json), if any.
std::optional<Format> format_of_name(std::string_view path);

}  // namespace smoothbound
