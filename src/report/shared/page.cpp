#include "page.hpp"

#include "smoothbound/text/source.hpp"

namespace smoothbound {

std::string escape_markdown(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("|\\`*_<>[]&~").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

std::string Page::foreign(std::string_view text) const {
  std::string harmless = escape_controls(text);
  return markup_.escapes ? escape_markdown(harmless) : harmless;
}

void Page::put(std::string_view begin, std::string_view line, std::string_view end) {
  std::string text(begin);
  sink_(text.append(line).append(end));
}

}  // namespace smoothbound
