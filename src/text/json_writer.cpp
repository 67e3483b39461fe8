#include "smoothbound/text/json_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smoothbound {
namespace {

constexpr char32_t replacement = 0xFFFD;

// A character of UTF-8, and how many bytes it takes: of what is not UTF-8, those that might have
// begun one.
struct Character {
  char32_t code = replacement;
  std::size_t size = 1;
};

Character decode(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xC2 && lead <= 0xDF   ? 2
                           : lead >= 0xE0 && lead <= 0xEF ? 3
                           : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                          : 0;
  if (size == 0) return {};
  // No detours, no surrogates, nothing beyond U+10FFFF.
  const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  char32_t code = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const unsigned next = byte(i);
    if (next < (i == 1 ? least : 0x80) || next > (i == 1 ? most : 0xBF)) return {replacement, i};
    code = code << 6U | (next & 0x3FU);
  }
  return {code, size};
}

void append_escaped(std::string& out, char32_t code) {
  constexpr char32_t planes = 0x10000;
  const auto append = [&](char32_t unit) {
    out += "\\u";
    for (unsigned shift = 16; shift > 0;) out += "0123456789abcdef"[(unit >> (shift -= 4)) & 0xFU];
  };
  if (code >= planes) {
    append(0xD800 + ((code - planes) >> 10U));
    append(0xDC00 + ((code - planes) & 0x3FFU));
  } else {
    append(code);
  }
}

void append_quoted(std::string& out, std::string_view text, bool ascii) {
  constexpr std::string_view special = "\"\\\b\f\n\r\t";
  constexpr std::string_view letters = "\"\\bfnrt";
  out += '"';
  while (!text.empty()) {
    const Character character = decode(text);
    const auto place = character.code < 0x80 ? special.find(text.front()) : std::string_view::npos;
    if (place != std::string_view::npos) {
      out += {'\\', letters[place]};
    } else if (character.code == replacement && !text.starts_with("\uFFFD")) {
      for (const char byte : text.substr(0, character.size)) {
        out += fmt::format("\\\\x{:02x}", static_cast<unsigned char>(byte));
      }
    } else if (character.code < 0x20 || (ascii && character.code >= 0x7F) ||
               (character.code == '[' && out.ends_with("##"))) {  // GitHub's runner: `##[command]`
      append_escaped(out, character.code);
    } else {
      out += text.substr(0, character.size);
    }
    text.remove_prefix(character.size);
  }
  out += '"';
}

}  // namespace

JsonWriter::Level JsonWriter::open(char brace, int indent) {
  buffer_ += brace;
  const Level outer = level_;
  level_ = {indent, brace == '[', true};
  if (style_ != JsonStyle::lines) {
    const int step = style_ == JsonStyle::indented_by_1 ? 1 : 2;
    level_.indent = outer.indent == tight ? step : outer.indent + step;
  }
  return outer;
}

void JsonWriter::close(char brace, const Level& outer) {
  const bool own_line = style_ != JsonStyle::lines && !level_.is_empty;
  level_ = outer;
  if (own_line) new_line(std::max(outer.indent, 0));
  raw(std::string_view(&brace, 1));
}

void JsonWriter::begin_item() {
  const bool first = std::exchange(level_.is_empty, false);
  if (!first) buffer_ += ',';
  if (level_.indent == tight) return;
  if (level_.indent == spaced) {
    if (!first) buffer_ += ' ';
    return;
  }
  // An object on lines begins beside its brace.
  if (!first || level_.is_array || style_ != JsonStyle::lines) new_line(level_.indent);
}

void JsonWriter::begin_member(std::string_view key) {
  begin_item();
  text(key);
  buffer_ += level_.indent == tight ? ":" : ": ";
}

void JsonWriter::members(Scalars members) {
  for (const auto& [key, value] : members) {
    begin_member(key);
    std::visit([&](const auto& scalar) { this->value(scalar); }, value);
  }
}

void JsonWriter::new_line(int indent) {
  buffer_ += '\n';
  buffer_.append(static_cast<std::size_t>(indent), ' ');
}

void JsonWriter::raw(std::string_view piece) {
  constexpr std::size_t enough = 1U << 14U;
  buffer_ += piece;
  if (buffer_.size() >= enough) flush();
}

void JsonWriter::text(std::string_view value) {
  append_quoted(buffer_, value, style_ == JsonStyle::lines);
}

void JsonWriter::number(double value) { raw(json_number(value)); }

void JsonWriter::flush() {
  sink_(buffer_);
  buffer_.clear();
}

std::string json_quoted(std::string_view text) {
  std::string result;
  append_quoted(result, text, true);
  return result;
}

}  // namespace smoothbound
