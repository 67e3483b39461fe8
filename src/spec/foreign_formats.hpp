// Files of weights or of other programs' networks, told by what is in them.
#pragma once

#include <string_view>

namespace smoothbound {

/// Throws SpecError, with how to convert it, if a file of this name that begins like this (with
/// 16 KiB at most) is one of them, and none that is read.
void refuse_foreign(std::string_view path, std::string_view beginning);

}  // namespace smoothbound
