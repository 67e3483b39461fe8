// Writes arrays: safetensors and NPY.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace smoothbound {

/// An array in memory, in C order: as many values as the product of `shape`.
struct TensorView {
  std::string name;
  std::vector<std::int64_t> shape;
  std::variant<std::span<const float>, std::span<const double>> values;  // F32 or F64
};

/// Writes a safetensors file: whole or not at all, and the same bytes for the same tensors in
/// whatever order. F64 come first, then F32, each by name, so that all are aligned to their size.
/// Throws OutputError, and std::invalid_argument for a name that appears twice, is `__metadata__`
/// or is not UTF-8, for metadata that are not UTF-8, and for a number of values that is not that of
/// the shape.
void write_safetensors(const std::string& path, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata = {});

/// Writes an NPY file (version 1.0, little endian), whole or not at all; the name is not stored.
/// Throws as above.
void write_npy(const std::string& path, const TensorView& array);

}  // namespace smoothbound
