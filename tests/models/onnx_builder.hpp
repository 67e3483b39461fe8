// Makes the bytes of ONNX files, well formed or not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace smoothbound::testing::onnx {

// The wire format: fields as bytes.
std::string varint(std::uint64_t value);
std::string tag(std::uint32_t number, std::uint32_t type);
std::string integer_field(std::uint32_t number, std::int64_t value);
std::string bytes_field(std::uint32_t number, std::string_view bytes);
std::string float_field(std::uint32_t number, float value);
std::string packed(const std::vector<std::int64_t>& integers);
template <class Number>
std::string raw(const std::vector<Number>& numbers) {
  return numbers.empty() ? std::string()
                         : std::string(reinterpret_cast<const char*>(numbers.data()),
                                       numbers.size() * sizeof(Number));
}

/// AttributeProto.
std::string integer(std::string_view name, std::int64_t value);
std::string ints(std::string_view name, const std::vector<std::int64_t>& values);
std::string real(std::string_view name, float value);
std::string reals(std::string_view name, const std::vector<float>& values);
std::string text(std::string_view name, std::string_view value);
std::string texts(std::string_view name, const std::vector<std::string>& values);
std::string tensor(std::string_view name, std::string_view proto);
std::string graph(std::string_view name, std::string_view proto);
/// Stands for the call's attribute `reference`, of this AttributeProto.AttributeType.
std::string reference(std::string_view name, std::string_view reference, std::int64_t type);

/// TensorProto, of float32 with raw_data; `fields` are more of them.
std::string float_tensor(std::string_view name, const std::vector<std::int64_t>& sizes,
                         const std::vector<float>& values);
/// Of int64 with int64_data.
std::string integer_tensor(std::string_view name, const std::vector<std::int64_t>& sizes,
                           const std::vector<std::int64_t>& values);
/// With nothing but name, sizes and type, and these fields.
std::string bare_tensor(std::string_view name, const std::vector<std::int64_t>& sizes,
                        std::int64_t type, std::string_view fields = {});
/// Fields for numbers in another file; an empty offset or length is not written.
std::string external(std::string_view location, std::string_view offset, std::string_view length);

/// A size with a name, or a number.
using Size = std::variant<std::int64_t, std::string>;

/// NodeProto, GraphProto, FunctionProto and ModelProto, built step by step.
std::string node(std::string_view operation, const std::vector<std::string>& inputs,
                 const std::vector<std::string>& outputs,
                 const std::vector<std::string>& attributes = {}, std::string_view name = {},
                 std::string_view domain = {});

struct GraphMaker {
  std::string fields;

  GraphMaker& input(std::string_view name, const std::vector<Size>& sizes, std::int64_t type = 1);
  GraphMaker& output(std::string_view name);
  GraphMaker& initializer(std::string_view name, const std::vector<std::int64_t>& sizes,
                          const std::vector<float>& values);
  /// A TensorProto.
  GraphMaker& initializer(std::string_view proto);
  GraphMaker& node(std::string_view operation, const std::vector<std::string>& inputs,
                   const std::vector<std::string>& outputs,
                   const std::vector<std::string>& attributes = {}, std::string_view name = {},
                   std::string_view domain = {});
};

struct FunctionMaker {
  std::string fields;

  FunctionMaker(std::string_view name, std::string_view domain,
                const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                const std::vector<std::string>& attributes = {});
  FunctionMaker& node(std::string_view operation, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs,
                      const std::vector<std::string>& attributes = {}, std::string_view name = {},
                      std::string_view domain = {});
};

struct Model : GraphMaker {
  std::int64_t ir = 8;
  std::int64_t opset = 13;
  std::string more;  // fields of ModelProto

  Model& function(const FunctionMaker& function);
  [[nodiscard]] std::string bytes() const;
  /// All of ModelProto but its graph.
  [[nodiscard]] std::string head() const;
};

}  // namespace smoothbound::testing::onnx
