// Where text goes, piece by piece.
#pragma once

#include <functional>
#include <string_view>

namespace smoothbound {

/// Takes the next piece of the text; may throw to stop.
using Sink = std::function<void(std::string_view)>;

}  // namespace smoothbound
