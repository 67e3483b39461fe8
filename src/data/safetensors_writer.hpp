// Writes safetensors whose values come piece by piece.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "smoothbound/models/element_type.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// A tensor that is to be written: F32 or F64.
struct StoredTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  ElementType type = ElementType::f32;
  std::function<void(const Sink&)> write;  // as many bytes as the shape says
};

/// Behind `write_safetensors`, which tells of it.
void write_stored(const std::string& path, std::span<const StoredTensor> tensors,
                  const std::map<std::string, std::string>& metadata);

}  // namespace smoothbound
