#include "onnx_builder.hpp"

#include <bit>

namespace smoothbound::testing::onnx {
namespace {

std::string attribute(std::string_view name, std::int64_t type, const std::string& value) {
  return bytes_field(1, name) + integer_field(20, type) + value;
}

std::string value_info(std::string_view name, const std::string& type) {
  return bytes_field(1, name) + (type.empty() ? "" : bytes_field(2, type));
}

std::string external_entry(std::string_view key, std::string_view value) {
  return value.empty() ? "" : bytes_field(13, bytes_field(1, key) + bytes_field(2, value));
}

}  // namespace

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>((value & 0x7FU) | 0x80U);
  return bytes + static_cast<char>(value);
}

std::string tag(std::uint32_t number, std::uint32_t type) { return varint(number << 3U | type); }

std::string integer_field(std::uint32_t number, std::int64_t value) {
  return tag(number, 0) + varint(std::bit_cast<std::uint64_t>(value));
}

std::string bytes_field(std::uint32_t number, std::string_view bytes) {
  return tag(number, 2) + varint(bytes.size()) + std::string(bytes);
}

std::string float_field(std::uint32_t number, float value) {
  return tag(number, 5) + raw<float>({value});
}

std::string packed(const std::vector<std::int64_t>& integers) {
  std::string bytes;
  for (const std::int64_t value : integers) bytes += varint(std::bit_cast<std::uint64_t>(value));
  return bytes;
}

std::string integer(std::string_view name, std::int64_t value) {
  return attribute(name, 2, integer_field(3, value));
}

std::string ints(std::string_view name, const std::vector<std::int64_t>& values) {
  return attribute(name, 7, bytes_field(8, packed(values)));
}

std::string real(std::string_view name, float value) {
  return attribute(name, 1, float_field(2, value));
}

std::string reals(std::string_view name, const std::vector<float>& values) {
  return attribute(name, 6, bytes_field(7, raw(values)));
}

std::string text(std::string_view name, std::string_view value) {
  return attribute(name, 3, bytes_field(4, value));
}

std::string texts(std::string_view name, const std::vector<std::string>& values) {
  std::string fields;
  for (const std::string& value : values) fields += bytes_field(9, value);
  return attribute(name, 8, fields);
}

std::string tensor(std::string_view name, std::string_view proto) {
  return attribute(name, 4, bytes_field(5, proto));
}

std::string graph(std::string_view name, std::string_view proto) {
  return attribute(name, 5, bytes_field(6, proto));
}

std::string reference(std::string_view name, std::string_view reference, std::int64_t type) {
  return attribute(name, type, bytes_field(21, reference));
}

std::string bare_tensor(std::string_view name, const std::vector<std::int64_t>& sizes,
                        std::int64_t type, std::string_view fields) {
  return bytes_field(1, packed(sizes)) + integer_field(2, type) + bytes_field(8, name) +
         std::string(fields);
}

std::string float_tensor(std::string_view name, const std::vector<std::int64_t>& sizes,
                         const std::vector<float>& values) {
  return bare_tensor(name, sizes, 1, bytes_field(9, raw(values)));
}

std::string integer_tensor(std::string_view name, const std::vector<std::int64_t>& sizes,
                           const std::vector<std::int64_t>& values) {
  return bare_tensor(name, sizes, 7, bytes_field(7, packed(values)));
}

std::string external(std::string_view location, std::string_view offset, std::string_view length) {
  return external_entry("location", location) + external_entry("offset", offset) +
         external_entry("length", length) + integer_field(14, 1);
}

std::string node(std::string_view operation, const std::vector<std::string>& inputs,
                 const std::vector<std::string>& outputs,
                 const std::vector<std::string>& attributes, std::string_view name,
                 std::string_view domain) {
  std::string fields;
  for (const std::string& input : inputs) fields += bytes_field(1, input);
  for (const std::string& output : outputs) fields += bytes_field(2, output);
  if (!name.empty()) fields += bytes_field(3, name);
  fields += bytes_field(4, operation);
  for (const std::string& each : attributes) fields += bytes_field(5, each);
  if (!domain.empty()) fields += bytes_field(7, domain);
  return fields;
}

GraphMaker& GraphMaker::input(std::string_view name, const std::vector<Size>& sizes,
                              std::int64_t type) {
  std::string shape;
  for (const Size& size : sizes) {
    const auto* const number = std::get_if<std::int64_t>(&size);
    shape += bytes_field(1, number != nullptr ? integer_field(1, *number)
                                              : bytes_field(2, std::get<std::string>(size)));
  }
  const std::string tensor_type = integer_field(1, type) + bytes_field(2, shape);
  fields += bytes_field(11, value_info(name, bytes_field(1, tensor_type)));
  return *this;
}

GraphMaker& GraphMaker::output(std::string_view name) {
  fields += bytes_field(12, value_info(name, {}));
  return *this;
}

GraphMaker& GraphMaker::initializer(std::string_view name, const std::vector<std::int64_t>& sizes,
                                    const std::vector<float>& values) {
  return initializer(float_tensor(name, sizes, values));
}

GraphMaker& GraphMaker::initializer(std::string_view proto) {
  fields += bytes_field(5, proto);
  return *this;
}

GraphMaker& GraphMaker::node(std::string_view operation, const std::vector<std::string>& inputs,
                             const std::vector<std::string>& outputs,
                             const std::vector<std::string>& attributes, std::string_view name,
                             std::string_view domain) {
  fields += bytes_field(1, onnx::node(operation, inputs, outputs, attributes, name, domain));
  return *this;
}

FunctionMaker::FunctionMaker(std::string_view name, std::string_view domain,
                             const std::vector<std::string>& inputs,
                             const std::vector<std::string>& outputs,
                             const std::vector<std::string>& attributes) {
  fields = bytes_field(1, name) + bytes_field(10, domain);
  for (const std::string& input : inputs) fields += bytes_field(4, input);
  for (const std::string& output : outputs) fields += bytes_field(5, output);
  for (const std::string& each : attributes) fields += bytes_field(6, each);
}

FunctionMaker& FunctionMaker::node(std::string_view operation,
                                   const std::vector<std::string>& inputs,
                                   const std::vector<std::string>& outputs,
                                   const std::vector<std::string>& attributes,
                                   std::string_view name, std::string_view domain) {
  fields += bytes_field(7, onnx::node(operation, inputs, outputs, attributes, name, domain));
  return *this;
}

Model& Model::function(const FunctionMaker& function) {
  more += bytes_field(25, function.fields);
  return *this;
}

std::string Model::head() const {
  return integer_field(1, ir) + bytes_field(8, bytes_field(1, "") + integer_field(2, opset)) + more;
}

std::string Model::bytes() const { return head() + bytes_field(7, fields); }

}  // namespace smoothbound::testing::onnx
