// The forms in which every result can be written.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace smoothbound {

enum class Format : std::uint8_t {
  table,     // aligned columns for people
  markdown,  // the same as GitHub-flavoured Markdown
  csv,       // RFC 4180 with a header, 17 digits
  json,      // the contracts of docs/json.md, 17 digits
};

/// In the order of Format.
constexpr std::array<std::string_view, 4> format_names{"table", "markdown", "csv", "json"};

constexpr std::string_view name_of(Format format) {
  return format_names[static_cast<std::size_t>(format)];
}

/// The format that the name of a file asks for (*.md, *.csv, *.json), if any.
std::optional<Format> format_of_name(std::string_view path);

}  // namespace smoothbound
