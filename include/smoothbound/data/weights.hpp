// The parameters of a network from a file.
#pragma once

#include <cstdint>
#include <functional>
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

/// Names of tensors that a file may hold besides. Asked for only if it holds more than is expected.
using OtherTensors = std::function<std::vector<std::string>()>;

/// Opens a safetensors or NPZ file that holds the expected tensors, all of them and no others but
/// `others`, which are passed over; the result's i-th entry belongs to expected[i]. Throws
/// DataError for what `open_array_file` refuses, for tensors that are missing, superfluous or of
/// another shape (but for axes of size 1 at its end), and for truth values. Values are checked when
/// they are read.
ArrayFile read_weights(const std::string& path, std::span<const ExpectedTensor> expected,
                       const OtherTensors& others = {});

}  // namespace smoothbound
