// What reading an ONNX file comes to.
#pragma once

#include <string>

#include "models/onnx/graph.hpp"
#include "smoothbound/text/mistakes.hpp"

namespace smoothbound::testing::onnx {

/// What `read` throws as lines "MESSAGE | HINT", or "read".
template <class Read>
std::string mistakes_of(const Read& read) {
  const auto line = [](const SpecError& error) {
    return std::string(error.what()) + " | " + error.hint;
  };
  try {
    read();
  } catch (const SpecErrors& errors) {
    std::string lines;
    for (const SpecError& error : errors.all) {
      if (!lines.empty()) lines += '\n';
      lines += line(error);
    }
    return lines;
  } catch (const SpecError& error) {
    return line(error);
  }
  return "read";
}

inline std::string mistakes_in(const std::string& bytes, const std::string& path = {}) {
  return mistakes_of([&] { models::onnx::read_graph(path, bytes); });
}

inline constexpr const char* incomplete =
    " | is the file complete? copy, download or export it again";
inline constexpr const char* no_exporter =
    " | export the model again; no exporter writes such an array";
inline constexpr const char* checker =
    " | export the model again; ONNX's own checker refuses it, too";

}  // namespace smoothbound::testing::onnx
