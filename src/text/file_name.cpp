#include "smoothbound/text/file_name.hpp"

#include <fmt/format.h>

#include <charconv>

#include "smoothbound/text/source.hpp"

namespace smoothbound {

std::string text_of_name(std::string_view name) {
  std::string text;
  const auto add_text = [&](std::string_view part) {
    for (const char c : part) text.append(c == '\\' ? 2 : 1, c);
  };
  while (!name.empty()) {
    const std::size_t bad = find_invalid_text(name);
    add_text(name.substr(0, bad));
    if (bad == std::string_view::npos) break;
    text += fmt::format("\\x{:02x}", static_cast<unsigned char>(name[bad]));
    name.remove_prefix(bad + 1);
  }
  return text;
}

std::string name_of_text(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("\\x") && rest.size() >= 4 &&
        std::from_chars(rest.data() + 2, rest.data() + 4, byte, 16).ptr == rest.data() + 4) {
      name += static_cast<char>(byte);
      i += 3;
      continue;
    }
    if (rest.starts_with("\\\\")) ++i;
    name += text[i];
  }
  return name;
}

std::filesystem::path resolved(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  std::filesystem::path result = std::filesystem::weakly_canonical(absolute, error);
  return error ? absolute.lexically_normal() : result;
}

}  // namespace smoothbound
