// Reads what the tests need of ONNX files: models of a few nodes, and tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace smoothbound::testing::onnx {

enum class ElementType : std::uint8_t { real, integer, other };

/// TensorProto. Numbers of every type as float64; none for `other`.
struct Tensor {
  std::string name;
  std::vector<std::int64_t> sizes;
  ElementType type = ElementType::other;
  std::vector<double> values;
};

/// AttributeProto; which of the fields holds depends on the operator.
struct Attribute {
  double real = 0;
  std::int64_t integer = 0;
  std::string text;
  std::vector<std::int64_t> integers;
};

/// NodeProto. An input that is left out has an empty name.
struct Node {
  std::string operation;
  std::vector<std::string> inputs;
  std::map<std::string, Attribute> attributes;
};

/// ValueInfoProto.
struct Value {
  std::string name;
  bool is_tensor = false;  // neither sequence nor optional
};

/// ModelProto.
struct Model {
  std::vector<Node> nodes;
  std::vector<Value> inputs;  // initializers may stand among them
  std::map<std::string, Tensor> initializers;
};

/// Throw std::runtime_error for files that cannot be read, with the path.
Model read_model(const std::filesystem::path& path);
Tensor read_tensor(const std::filesystem::path& path);

}  // namespace smoothbound::testing::onnx
