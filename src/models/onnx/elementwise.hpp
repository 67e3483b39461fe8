// Maps of all numbers of a view alike.
#pragma once

#include "translator.hpp"

namespace smoothbound::models::onnx {

/// A component that treats all numbers alike: where they lie does not matter.
View mapped(Translator& translator, const Node& node, const View& x, const std::string& component,
            std::vector<Setting> settings);
/// factor x + summand, without what does nothing.
View scaled_and_shifted(Translator& translator, const Node& node, View x, double factor,
                        double summand);
/// min(max(x, low), high); bounds beyond the range of float are none.
View clipped(Translator& translator, const Node& node, View x, double low, double high);

/// The view with axes of size 1 repeated so that it has these sizes.
View expanded(Translator& translator, const Node& node, View x, const Sizes& sizes);
/// With axes of size 1 in front.
View with_rank(View x, std::size_t rank);
/// The numbers of `x` lying as those of `like`, which has the same sizes: as a step whose output has
/// that one's shape.
StepId lying_as(Translator& translator, const Node& node, const View& x, const View& like);

}  // namespace smoothbound::models::onnx
