// ONNX operators that copy, move, leave out or interpolate entries, as components of an
// architecture.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "onnx_program.hpp"
#include "onnx_reader.hpp"

namespace smoothbound::testing::onnx {

/// What acts on a batch of inputs of that shape.
struct MapText {
  std::int64_t batch = 1;
  std::vector<std::int64_t> sample;
  std::string components;  // of `then`
};

/// Throws Inexpressible.
MapText index_map_text(const Node& node, const std::vector<std::optional<Tensor>>& inputs,
                       const std::vector<std::int64_t>& output);

}  // namespace smoothbound::testing::onnx
