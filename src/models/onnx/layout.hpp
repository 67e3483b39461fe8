// Parts of axes.
#pragma once

#include "translator.hpp"

namespace smoothbound::models::onnx {

/// A part of an axis. Throws SpecError for one that is empty or in reverse order.
View sliced(Translator& translator, const Node& node, const View& x, std::size_t axis, Range range);

}  // namespace smoothbound::models::onnx
