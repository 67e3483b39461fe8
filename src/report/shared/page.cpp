#include "page.hpp"

#include "smoothbound/text/source.hpp"

namespace smoothbound {

std::string Page::foreign(std::string_view text) const {
  std::string harmless = escape_controls(text);
  return markup_.escape != nullptr ? markup_.escape(harmless) : harmless;
}

void Page::put(std::string_view begin, std::string_view line, std::string_view end) {
  std::string text(begin);
  sink_(text.append(line).append(end));
}

}  // namespace smoothbound
