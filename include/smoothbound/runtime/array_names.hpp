// What files of weights call the arrays of a network.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/data/weights.hpp"
#include "smoothbound/graph/graph.hpp"

namespace smoothbound {

/// Whether some block says what its tensors are called, as those of imported files do.
bool names_weights(const Graph& graph);

/// A tensor for the array that the component calls `array` ("weight", "scale", "running_mean"), by
/// its name in files that are written, and others that are read as well: those of the
/// architecture's `weights`, or the usual ones, also in PyTorch's words.
ExpectedTensor array_tensor(const Layer& layer, std::size_t component, std::string_view array,
                            std::vector<std::int64_t> shape);

}  // namespace smoothbound
