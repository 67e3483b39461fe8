// ONNX as a format of models: see model_formats().
#pragma once

#include "smoothbound/models/model.hpp"

namespace smoothbound::models::onnx {

/// By the ending *.onnx, or by fields of a ModelProto at the beginning.
bool recognizes(std::string_view path, std::string_view beginning);
ImportedModel read(std::string_view path, std::string_view content, const ImportOptions& options);
/// Operators, by name.
std::vector<ModelFormat::Understood> understood();

}  // namespace smoothbound::models::onnx
