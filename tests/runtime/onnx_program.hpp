// An ONNX test of one node as an architecture with parameters, input and expected output.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "onnx_reader.hpp"

namespace smoothbound::testing::onnx {

/// Why a node has no counterpart among architectures.
enum class Inexpressible : std::uint8_t {
  many_axes,
  asymmetric_padding,
  dilated_pooling,
  bias_of_each_sample,
  stacked_matrices,
  other_constants,
  integer_arithmetic,
  random,
  not_a_tensor,
  beyond_float32,
  empty_array,
  backwards,
  padded_channels,
  other_interpolation,
  other_axes,
};
std::string_view reason_of(Inexpressible why);

struct Program {
  std::string architecture;
  std::int64_t batch = 1;
  std::map<std::string, std::vector<double>> parameters;  // by name
  std::vector<double> input;
  std::vector<std::int64_t> output_sizes;
  std::vector<double> output;
};

/// Whether the catalogue has a component for that operator, so that its tests run or are listed.
bool has_component(std::string_view operation);

/// `folder` holds the model and test_data_set_0.
std::variant<Program, Inexpressible> translate(const Model& model,
                                               const std::filesystem::path& folder);

}  // namespace smoothbound::testing::onnx
