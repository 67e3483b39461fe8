#include "xml.hpp"

#include "smoothbound/text/source.hpp"

namespace smoothbound::xml {
namespace {

// U+FFFE and U+FFFF, which XML excludes.
bool is_noncharacter(std::string_view text) {
  return text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF");
}

}  // namespace

std::string escape(std::string_view text) {
  const std::string harmless = escape_controls(text);
  std::string result;
  result.reserve(harmless.size());
  for (std::size_t i = 0; i < harmless.size(); ++i) {
    const char c = harmless[i];
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        if (c == '\xEF' && is_noncharacter(std::string_view(harmless).substr(i))) {
          result += "\uFFFD";
          i += 2;
        } else {
          result += c;
        }
    }
  }
  return result;
}

}  // namespace smoothbound::xml
