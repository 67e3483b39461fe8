#include "smoothbound/text/source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smoothbound {
namespace {

struct Decoded {
  std::uint32_t code_point = 0;
  std::size_t length = 0;  // 0: not UTF-8
};

// One character of UTF-8; overlong forms, surrogates and values past U+10FFFF are refused.
Decoded decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return {};
  std::uint32_t code_point = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return {};
    code_point = (code_point << 6U) | (byte(at + i) & 0x3FU);
  }
  const bool overlong = code_point < (length == 2 ? 0x80U : length == 3 ? 0x800U : 0x10000U);
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (overlong || surrogate || code_point > 0x10FFFF) return {};
  return {code_point, length};
}

// Characters without width, which make two names look the same, or hide a part of one.
bool is_invisible(std::uint32_t c) {
  return c == 0xAD || c == 0x034F || c == 0x115F || c == 0x1160 || c == 0x17B4 || c == 0x17B5 ||
         (c >= 0x180B && c <= 0x180F) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0x3164 || c == 0xFEFF || c == 0xFFA0 ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF);
}

// Characters that act on a terminal, reorder what is shown or do not show.
bool is_harmless(std::uint32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
  const bool separator = c == 0x2028 || c == 0x2029;
  const bool bidirectional = c == 0x061C || (c >= 0x202A && c <= 0x202E);
  return !control && !separator && !bidirectional && !is_invisible(c);
}

std::string escape_code_point(std::uint32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  if (c == '\r') return "\\r";
  return c < 0x80 ? fmt::format("\\x{:02x}", c) : fmt::format("\\u{{{:04x}}}", c);
}

bool is_white_space(std::uint32_t c) {
  return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

// GitHub's runner takes `::command::` at the beginning of a line, behind white space, for a
// command, and `##[command]` anywhere in it (its ActionCommand.cs). A text of others begins a line,
// if it does, with its own beginning.
std::string defuse_commands(std::string text) {
  for (std::size_t at = 0; (at = text.find("##[", at)) != std::string::npos;) {
    text.replace(at + 2, 1, "\\x5b");
  }
  std::size_t start = 0;
  for (Decoded c; start < text.size(); start += c.length) {
    c = decode(text, start);
    if (!is_white_space(c.code_point)) break;
  }
  if (text.compare(start, 2, "::") == 0) text.replace(start, 1, "\\x3a");
  return text;
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
  std::size_t start = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  for (std::uint32_t i = 1; i < number; ++i) {
    const std::size_t end = text.find('\n', start);
    if (end == std::string_view::npos) return {};
    start = end + 1;
  }
  std::string_view line = text.substr(start, text.find('\n', start) - start);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

constexpr std::size_t excerpt_width = 120;

// The line and, below it, the caret. A long line is cut to a window around the column.
std::string excerpt(std::string_view text, Location location) {
  const std::string_view line = line_of(text, location.line);
  std::string shown;
  std::size_t caret = 0;
  std::size_t column = 1;
  const std::size_t first =
      location.column > excerpt_width / 2 ? location.column - excerpt_width / 2 : 1;
  if (first > 1) shown = "...";
  bool caret_placed = false;
  for (std::size_t i = 0; i < line.size() && column < first + excerpt_width; ++column) {
    const Decoded c = decode(line, i);
    if (column == location.column) {
      caret = character_count(shown);
      caret_placed = true;
    }
    const std::size_t length = std::max<std::size_t>(c.length, 1);
    if (column >= first) {
      if (c.length == 0) {
        shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(line[i]));
      } else if (c.code_point == '\t') {
        shown += ' ';
      } else if (c.code_point == '[' && shown.ends_with("##")) {  // see `defuse_commands`
        shown += "\\x5b";
      } else {
        shown += is_harmless(c.code_point) ? std::string(line.substr(i, length))
                                           : escape_code_point(c.code_point);
      }
    }
    i += length;
  }
  if (column == first + excerpt_width) shown += "...";
  if (!caret_placed) caret = character_count(shown);
  const std::string number = std::to_string(location.line);
  return fmt::format(" {} | {}\n {} | {}^\n", number, shown, std::string(number.size(), ' '),
                     std::string(caret, ' '));
}

}  // namespace

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string escape_controls(std::string_view text) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~'; };
  if (std::ranges::all_of(text, is_plain)) return defuse_commands(std::string(text));
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const Decoded c = decode(text, i);
    if (c.length == 0) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
    } else if (is_harmless(c.code_point)) {
      result += text.substr(i, c.length);
    } else {
      result += escape_code_point(c.code_point);
    }
    i += std::max<std::size_t>(c.length, 1);
  }
  return defuse_commands(std::move(result));
}

std::string escape_message(std::string_view message) {
  // A key or name may be as long as the file.
  std::size_t longest = 1000;
  if (message.size() <= longest) return escape_controls(message);
  while (longest > 0 && (static_cast<unsigned char>(message[longest]) & 0xC0U) == 0x80U) --longest;
  return escape_controls(message.substr(0, longest)) + "...";
}

std::size_t find_invalid_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Decoded c = decode(text, i);
    if (c.length == 0 || c.code_point == 0) return i;
    i += c.length;
  }
  return std::string_view::npos;
}

Location locate(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start =
      before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  return {static_cast<std::uint32_t>(line),
          static_cast<std::uint32_t>(1 + character_count(before.substr(line_start)))};
}

std::string render_hint(const std::string& hint, Remedy remedy, RemedyWords words) {
  const std::string text = hint.empty() ? std::string(words(remedy)) : escape_message(hint);
  return text.empty() ? "" : "hint: " + text + "\n";
}

std::string render_error(const Source& source, const SpecError& error, RemedyWords words) {
  const std::string name = escape_controls(source.name);
  const auto place = [&](Location location, std::string_view kind, std::string_view message) {
    if (location == whole_file) return fmt::format("{}: {}: {}\n", name, kind, message);
    const char* const made = source.model_format.empty() ? "" : " (imported)";  // not in the file
    return fmt::format("{}{}:{}:{}: {}: {}\n{}", name, made, location.line, location.column, kind,
                       message, excerpt(source.text, location));
  };
  std::string result = place(error.location, "error", escape_message(error.what()));
  for (const SpecError::Note& note : error.notes) {
    result += place(note.location, "note", escape_message(note.message));
  }
  return result + render_hint(error.hint, error.remedy, words);
}

}  // namespace smoothbound
