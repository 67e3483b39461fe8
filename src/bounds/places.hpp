// Where the parameter blocks vary.
#pragma once

#include "layer_evaluator.hpp"
#include "smoothbound/bounds/local.hpp"

namespace smoothbound {

/// Every block in the ball around 0 that the file or the settings name. Refers to its arguments.
PlaceAffine place_in_balls(const Graph& graph, const Inputs& inputs);
/// Every block in the ball around its value at the point. Refers to its arguments.
PlaceAffine place_around(const PointBounds& point, const Magnitude& radius, Method method);

}  // namespace smoothbound
