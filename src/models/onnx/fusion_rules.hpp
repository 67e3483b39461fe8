// The rules of fusion, by theme; each row puts together what ends in one operator.
#pragma once

#include <span>

#include "rewriter.hpp"

namespace smoothbound::models::onnx {

std::span<const FusionRule> activation_fusions();
std::span<const FusionRule> normalization_fusions();
/// Shifts and padding that belong to a layer, means over space.
std::span<const FusionRule> layer_fusions();

}  // namespace smoothbound::models::onnx
