// What attention consists of, for the operators of its parts and for that of all of it.
#pragma once

#include "translator.hpp"

namespace smoothbound::models::onnx {

/// The products of two stacks of matrices, along the last two axes of both.
View matrix_products(Translator& translator, const Node& node, View a, View b);
/// Softmax of the numbers along an axis.
View softmax_along(Translator& translator, const Node& node, View x, std::size_t axis);

}  // namespace smoothbound::models::onnx
