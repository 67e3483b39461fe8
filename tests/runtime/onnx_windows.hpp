// The windows of ONNX nodes as settings of architectures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "onnx_reader.hpp"

namespace smoothbound::testing::onnx {

using Sizes = std::vector<std::int64_t>;

/// "[1, 2]"
std::string list(const Sizes& sizes);

/// Empty if the node does not have it.
Attribute attribute_of(const Node& node, const std::string& name);

/// "kernel: [3, 3], stride: [1, 1], padding: same" and the like, from the node's attributes and the
/// sizes of its input and output, batch and channels first. Throws Inexpressible.
class WindowSettings {
 public:
  WindowSettings(const Node& node, Sizes input, Sizes output)
      : node_(&node), input_(std::move(input)), output_(std::move(output)) {}

  [[nodiscard]] std::string of_conv(const Sizes& kernel) const { return text(kernel, false); }
  [[nodiscard]] std::string of_pooling(const Sizes& kernel) const { return text(kernel, true); }
  [[nodiscard]] std::string of_transposed(const Sizes& kernel) const;

 private:
  [[nodiscard]] std::string text(const Sizes& kernel, bool is_pooling) const;

  const Node* node_;
  Sizes input_;
  Sizes output_;
};

}  // namespace smoothbound::testing::onnx
