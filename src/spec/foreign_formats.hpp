// Files of weights or of other programs' networks, told by what is in them.
#pragma once

#include <string_view>

namespace smoothbound {

/// Throws SpecError if `text` is one of them.
void refuse_foreign(std::string_view text);

}  // namespace smoothbound
