#include "onnx_reader.hpp"

#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace smoothbound::testing::onnx {
namespace {

// Protocol buffers: a message is a sequence of fields, each a key (number and wire type) and a
// value. text::Fields that are not asked for are passed over.
struct Field {
  std::uint64_t number = 0;
  std::uint64_t integer = 0;  // of wire types varint, fixed32 and fixed64
  std::string_view bytes;     // of wire type length-delimited, and of the fixed ones

  [[nodiscard]] double as_float() const {
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(integer)));
  }
  [[nodiscard]] std::int64_t as_signed() const { return static_cast<std::int64_t>(integer); }
};

class Message {
 public:
  explicit Message(std::string_view bytes) : rest_(bytes) {}

  // Whether there is another field, which it reads.
  bool next(Field& field) {
    if (rest_.empty()) return false;
    const std::uint64_t key = varint();
    field = {key >> 3U, 0, {}};
    switch (key & 7U) {
      case 0:
        field.integer = varint();
        break;
      case 1:
        fixed(field, 8);
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5:
        fixed(field, 4);
        break;
      default:
        throw std::runtime_error("an unknown wire type");
    }
    return true;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80U) return value;
    }
    throw std::runtime_error("a number of more than 64 bits");
  }
  [[nodiscard]] bool is_empty() const { return rest_.empty(); }

 private:
  std::string_view take(std::uint64_t count) {
    if (count > rest_.size()) throw std::runtime_error("the file is truncated");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  void fixed(Field& field, std::uint64_t size) {
    field.bytes = take(size);
    std::memcpy(&field.integer, field.bytes.data(), size);  // little-endian, as the tests' machines
  }

  std::string_view rest_;
};

// A repeated number: one of them, or packed all in one field.
void append_integers(const Field& field, std::vector<std::int64_t>& to) {
  if (field.bytes.empty()) {
    to.push_back(field.as_signed());
    return;
  }
  Message packed(field.bytes);
  while (!packed.is_empty()) to.push_back(static_cast<std::int64_t>(packed.varint()));
}

template <class Number>
void append_raw(std::string_view bytes, std::vector<double>& to) {
  for (std::size_t at = 0; at + sizeof(Number) <= bytes.size(); at += sizeof(Number)) {
    Number number{};
    std::memcpy(&number, bytes.data() + at, sizeof(Number));
    to.push_back(static_cast<double>(number));
  }
}

Tensor parse_tensor(std::string_view bytes) {
  // TensorProto.DataType
  enum : std::int64_t { float32 = 1, uint8 = 2, int8 = 3, int32 = 6, int64 = 7, float64 = 11 };
  Tensor tensor;
  std::int64_t type = 0;
  std::string_view raw;
  std::vector<std::int64_t> integers;
  Message message(bytes);
  for (Field field; message.next(field);) {
    switch (field.number) {
      case 1:
        append_integers(field, tensor.sizes);
        break;
      case 2:
        type = field.as_signed();
        break;
      case 4:
        append_raw<float>(field.bytes, tensor.values);
        break;
      case 5:
      case 7:
        append_integers(field, integers);
        break;
      case 8:
        tensor.name = field.bytes;
        break;
      case 9:
        raw = field.bytes;
        break;
      case 10:
        append_raw<double>(field.bytes, tensor.values);
        break;
      default:
        break;
    }
  }
  switch (type) {
    case float32:
      append_raw<float>(raw, tensor.values);
      break;
    case float64:
      append_raw<double>(raw, tensor.values);
      break;
    case uint8:
      append_raw<std::uint8_t>(raw, tensor.values);
      break;
    case int8:
      append_raw<std::int8_t>(raw, tensor.values);
      break;
    case int32:
      append_raw<std::int32_t>(raw, tensor.values);
      break;
    case int64:
      append_raw<std::int64_t>(raw, tensor.values);
      break;
    default:
      return tensor;
  }
  const bool is_real = type == float32 || type == float64;
  tensor.type = is_real ? ElementType::real : ElementType::integer;
  if (!is_real) tensor.values.insert(tensor.values.end(), integers.begin(), integers.end());
  std::int64_t elements = 1;
  for (const std::int64_t size : tensor.sizes) elements *= size;
  if (static_cast<std::int64_t>(tensor.values.size()) != elements) {
    throw std::runtime_error("a tensor's shape and data disagree");
  }
  return tensor;
}

void parse_attribute(std::string_view bytes, Node& node) {
  std::string name;
  Attribute attribute;
  Message message(bytes);
  for (Field field; message.next(field);) {
    switch (field.number) {
      case 1:
        name = field.bytes;
        break;
      case 2:
        attribute.real = field.as_float();
        break;
      case 3:
        attribute.integer = field.as_signed();
        break;
      case 4:
        attribute.text = field.bytes;
        break;
      case 8:
        append_integers(field, attribute.integers);
        break;
      default:
        break;
    }
  }
  node.attributes[name] = attribute;
}

Node parse_node(std::string_view bytes) {
  Node node;
  Message message(bytes);
  for (Field field; message.next(field);) {
    switch (field.number) {
      case 1:
        node.inputs.emplace_back(field.bytes);
        break;
      case 4:
        node.operation = field.bytes;
        break;
      case 5:
        parse_attribute(field.bytes, node);
        break;
      default:
        break;
    }
  }
  return node;
}

Value parse_value(std::string_view bytes) {
  Value value;
  Message message(bytes);
  for (Field field; message.next(field);) {
    if (field.number == 1) value.name = field.bytes;
    if (field.number == 2) {  // TypeProto: which field it has says what it is
      Message type(field.bytes);
      for (Field kind; type.next(kind);) value.is_tensor = value.is_tensor || kind.number == 1;
    }
  }
  return value;
}

Model parse_model(std::string_view bytes) {
  Model model;
  Message message(bytes);
  for (Field field; message.next(field);) {
    if (field.number != 7) continue;
    Message graph(field.bytes);
    for (Field part; graph.next(part);) {
      if (part.number == 1) model.nodes.push_back(parse_node(part.bytes));
      if (part.number == 5) {
        Tensor tensor = parse_tensor(part.bytes);
        model.initializers.emplace(tensor.name, tensor);
      }
      if (part.number == 11) model.inputs.push_back(parse_value(part.bytes));
    }
  }
  return model;
}

template <class Parse>
auto parse_file(const std::filesystem::path& path, const Parse& parse) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + ": cannot be opened");
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  try {
    return parse(bytes);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(path.string() + ": " + error.what());
  }
}

}  // namespace

Model read_model(const std::filesystem::path& path) { return parse_file(path, parse_model); }

Tensor read_tensor(const std::filesystem::path& path) { return parse_file(path, parse_tensor); }

}  // namespace smoothbound::testing::onnx
