#include "page.hpp"

#include "smoothbound/text/source.hpp"

namespace smoothbound {

std::string Page::foreign(std::string_view text) const {
  std::string harmless = escape_controls(text);
  return markup_.escape != nullptr ? markup_.escape(harmless) : harmless;
}

void Page::put(std::string_view begin, std::string_view line, std::string_view end) {
  if (width_ == any_width) {
    std::string text(begin);
    return sink_(text.append(line).append(end));
  }
  sink_(wrap_text(begin, line, width_) + std::string(end.substr(1)));
}

}  // namespace smoothbound
