// What the translator makes of scripts of nodes.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "models/onnx/translator.hpp"
#include "node_script.hpp"
#include "onnx_messages.hpp"

namespace smoothbound::models::onnx {

/// The text below `layers:` that the nodes become, without fusion, or what is wrong with them:
/// "MESSAGE | HINT" in lines.
inline std::string layers_of_script(std::string_view script, std::int64_t opset = 17,
                                    const ImportOptions& options = {}) {
  std::string layers;
  const std::string mistakes = smoothbound::testing::onnx::mistakes_of([&] {
    const auto graph = std::make_shared<Graph>(graph_of_script(script, opset));
    const std::string text = Translator(graph, "m.onnx", options).translate().text;
    layers = text.substr(text.find("layers:\n") + 8);
  });
  return mistakes == "read" ? layers : mistakes;
}

struct LayersCase {
  const char* script;
  const char* expected;
  std::int64_t opset = 17;
};

inline void check_layers(std::span<const LayersCase> cases, const ImportOptions& options = {}) {
  for (const LayersCase& one : cases) {
    EXPECT_EQ(layers_of_script(one.script, one.opset, options), one.expected) << one.script;
  }
}

}  // namespace smoothbound::models::onnx
