// Digests of texts.
#pragma once

#include <string>
#include <string_view>

namespace smoothbound {

/// SHA-256 as 64 hexadecimal digits.
std::string sha256(std::string_view text);

}  // namespace smoothbound
