#include "markup.hpp"

namespace smoothbound {
namespace {

std::string escape(std::string_view text, std::string_view special) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

}  // namespace

std::string escape_markdown(std::string_view text) { return escape(text, "|\\`*_<>[]&~"); }

std::string escape_bars(std::string_view text) { return escape(text, "|"); }

}  // namespace smoothbound
