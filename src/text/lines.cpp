#include "smoothbound/text/lines.hpp"

#include <algorithm>

#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// The offset behind the first `count` characters.
std::size_t offset_of(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; count > 0 && end < text.size(); --count) {
    do ++end;
    while (end < text.size() && continues_character(text[end]));
  }
  return end;
}

}  // namespace

std::string_view take_line(std::string_view& text, std::size_t width) {
  std::size_t end = offset_of(text, width);
  if (end < text.size()) {
    // A space in front of the first word is its indentation.
    const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
    const std::size_t space = text.rfind(' ', end);
    end = space != std::string_view::npos && space > begin
              ? space
              : std::min(text.find(' ', begin), text.size());
  }
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  if (!text.empty()) line = line.substr(0, line.find_last_not_of(' ') + 1);
  return line;
}

std::string wrap_text(std::string_view begin, std::string_view text, std::size_t width) {
  const std::size_t indent = character_count(begin.substr(begin.rfind('\n') + 1));
  const std::size_t room = width > indent ? width - indent : 1;
  std::string lines(begin);
  lines.append(take_line(text, width == any_width ? width : room)).append("\n");
  while (!text.empty()) {
    lines.append(indent, ' ').append(take_line(text, room)).append("\n");
  }
  return lines;
}

std::string shorten_middle(std::string_view text, std::size_t most) {
  const std::size_t all = character_count(text);
  if (all <= most) return std::string(text);
  if (most == 0) return {};
  const std::size_t back = (most - 1) / 2;
  const std::size_t front = most - 1 - back;
  return std::string(text.substr(0, offset_of(text, front))) + "\u2026" +
         std::string(text.substr(offset_of(text, all - back)));
}

}  // namespace smoothbound
