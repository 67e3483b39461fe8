// The parameters of a network from a file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "smoothbound/data/array_file.hpp"

namespace smoothbound {

/// A tensor that a network has.
struct ExpectedTensor {
  std::string name;  // "conv1.weight"
  std::vector<std::int64_t> shape;
};

/// Opens a safetensors or NPZ file that holds the expected tensors, all of them and no others; the
/// result's i-th entry belongs to expected[i]. Throws DataError for what `open_array_file` refuses,
/// for tensors that are missing, superfluous or of another shape, and for truth values. Values are
/// checked when they are read.
ArrayFile read_weights(const std::string& path, std::span<const ExpectedTensor> expected);

}  // namespace smoothbound
