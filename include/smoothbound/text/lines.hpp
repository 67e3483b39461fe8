// Text in lines of a limited width, counted in characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace smoothbound {

/// No limit.
constexpr std::size_t any_width = static_cast<std::size_t>(-1);

/// Takes the first line of at most `width` characters from `text`, broken at a space; a word that
/// is longer stands alone. The spaces around the break belong to neither line.
std::string_view take_line(std::string_view& text, std::size_t width);

/// `begin` and `text`, each further line indented to where the text begins. Ends in a newline.
std::string wrap_text(std::string_view begin, std::string_view text, std::size_t width);

/// At most `most` characters of `text`: those of its middle make room for an ellipsis.
std::string shorten_middle(std::string_view text, std::size_t most);

}  // namespace smoothbound
