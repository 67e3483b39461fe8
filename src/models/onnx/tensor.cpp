#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <functional>

#include "reading.hpp"

namespace smoothbound::models::onnx {
namespace {

// Which field has the numbers that are not raw: `packed` lie as in memory.
enum class Typed : std::uint8_t { none, packed_floats, packed_doubles, int32, int64, uint64 };

struct DataTypeRow {
  DataType type;
  std::string_view name;
  std::size_t size;  // in bytes; 0: no arithmetic here
  Typed typed = Typed::none;
};

constexpr std::array<DataTypeRow, 26> data_types{{
    {DataType::float32, "float32", 4, Typed::packed_floats},
    {DataType::uint8, "uint8", 1, Typed::int32},
    {DataType::int8, "int8", 1, Typed::int32},
    {DataType::uint16, "uint16", 2, Typed::int32},
    {DataType::int16, "int16", 2, Typed::int32},
    {DataType::int32, "int32", 4, Typed::int32},
    {DataType::int64, "int64", 8, Typed::int64},
    {DataType::text, "string", 0},
    {DataType::boolean, "bool", 1, Typed::int32},
    {DataType::float16, "float16", 2, Typed::int32},
    {DataType::float64, "float64", 8, Typed::packed_doubles},
    {DataType::uint32, "uint32", 4, Typed::uint64},
    {DataType::uint64, "uint64", 8, Typed::uint64},
    {DataType{14}, "complex64", 0},
    {DataType{15}, "complex128", 0},
    {DataType::bfloat16, "bfloat16", 2, Typed::int32},
    {DataType{17}, "float8e4m3fn", 0},
    {DataType{18}, "float8e4m3fnuz", 0},
    {DataType{19}, "float8e5m2", 0},
    {DataType{20}, "float8e5m2fnuz", 0},
    {DataType{21}, "uint4", 0},
    {DataType{22}, "int4", 0},
    {DataType{23}, "float4e2m1", 0},
    {DataType{24}, "float8e8m0", 0},
    {DataType{25}, "uint2", 0},
    {DataType{26}, "int2", 0},
}};

const DataTypeRow* find_row(DataType type) {
  const auto* const row = std::ranges::find(data_types, type, &DataTypeRow::type);
  return row == data_types.end() ? nullptr : row;
}

[[noreturn]] void refuse_tensor(const std::string& message,
                                const char* advice =
                                    "export the model again; no exporter writes "
                                    "such an array") {
  throw SpecError(whole_file, message, advice);
}

// Numbers that come in one packed field are a view, others are put together.
class PackedBytes {
 public:
  void add(const Field& field, WireType single) {
    if (field.type == WireType::bytes && field.bytes.empty()) return;
    if (field.type == WireType::bytes && view_.empty() && joined_.empty()) {
      view_ = field.bytes;
      return;
    }
    joined_ += view_;
    view_ = {};
    if (field.type == WireType::bytes) {
      joined_ += field.bytes;
    } else if (field.type == single) {
      const std::size_t size = single == WireType::fixed32 ? 4 : 8;
      std::array<char, 8> number{};
      std::memcpy(number.data(), &field.value, size);
      joined_.append(number.data(), size);
    } else {
      refuse_tensor(fmt::format("field {} of the array is no list of numbers", field.number));
    }
  }
  [[nodiscard]] bool empty() const { return view_.empty() && joined_.empty(); }
  std::string_view in(Graph& graph) {
    return joined_.empty() ? view_ : graph.keep(std::move(joined_));
  }

 private:
  std::string_view view_;
  std::string joined_;
};

// The fields of TensorProto as they come.
struct TensorParts {
  std::int64_t type = 0;
  bool has_raw = false;
  std::string_view raw;
  PackedBytes floats;
  PackedBytes doubles;
  std::vector<std::int64_t> int32;
  std::vector<std::int64_t> int64;
  std::vector<std::int64_t> uint64;
  bool has_texts = false;
  bool is_external = false;
  std::string_view location;
  std::string_view offset;
  std::string_view length;
};

void read_external_entry(std::string_view bytes, TensorParts& parts) {
  Field field;
  std::string_view key;
  std::string_view value;
  for (FieldReader reader(bytes, "external_data"); reader.next(field);) {
    if (field.number == 1) key = field.name();
    if (field.number == 2) value = field.name();
  }
  if (key == "location") parts.location = value;
  if (key == "offset") parts.offset = value;
  if (key == "length") parts.length = value;
}

void read_tensor_field(const Field& field, Tensor& tensor, TensorParts& parts) {
  switch (field.number) {
    case 1:
      return field.append_to(tensor.sizes);
    case 2:
      parts.type = field.integer();
      return;
    case 3:
      refuse_tensor("the array is one of several segments", "export it in one piece");
    case 4:
      return parts.floats.add(field, WireType::fixed32);
    case 5:
      return field.append_to(parts.int32);
    case 6:
      parts.has_texts = true;
      return;
    case 7:
      return field.append_to(parts.int64);
    case 8:
      tensor.name = field.name();
      return;
    case 9:
      parts.raw = field.message();
      parts.has_raw = true;
      return;
    case 10:
      return parts.doubles.add(field, WireType::fixed64);
    case 11:
      return field.append_to(parts.uint64);
    case 13:
      return read_external_entry(field.message(), parts);
    case 14:
      parts.is_external = field.integer() == 1;
      return;
    default:
      return;
  }
}

std::int64_t product_of(const std::vector<std::int64_t>& sizes) {
  if (const auto negative = std::ranges::find_if(sizes, [](auto size) { return size < 0; });
      negative != sizes.end()) {
    refuse_tensor(fmt::format("a size of the array is {}", *negative));
  }
  if (sizes.size() > largest_rank) {
    refuse_tensor(
        fmt::format("the array has {} axes; up to {} are read", sizes.size(), largest_rank));
  }
  std::int64_t product = 1;  // of all but zeros: strides are products of some
  for (const std::int64_t size : sizes) {
    if (size != 0 && __builtin_mul_overflow(product, size, &product)) {
      refuse_tensor("the array has more than 2^63 - 1 numbers");
    }
  }
  return std::ranges::find(sizes, 0) == sizes.end() ? product : 0;
}

std::uint64_t decimal(std::string_view text, std::string_view key) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stop != end) {
    refuse_tensor(
        fmt::format("the {} of its external data is '{}', which is no number", key, text));
  }
  return number;
}

// `size`: in bytes, of the whole array.
void take_external(Graph& graph, const TensorParts& parts, std::uint64_t size, Tensor& tensor) {
  if (parts.location.empty()) refuse_tensor("external data without a location");
  tensor.offset = parts.offset.empty() ? 0 : decimal(parts.offset, "offset");
  if (!parts.length.empty()) {
    const std::uint64_t length = decimal(parts.length, "length");
    if (length != size) {
      refuse_tensor(fmt::format("its external data has {} bytes, the array {}", length, size));
    }
  }
  read_external(*graph.reading, parts.location, size, tensor);
}

void take_raw(const Graph& graph, std::string_view bytes, Tensor& tensor) {
  tensor.bytes = bytes;
  const std::string_view content = graph.reading->content;
  const std::less_equal<> before;  // also of pointers into different texts
  if (before(content.data(), bytes.data()) &&
      before(bytes.data() + bytes.size(), content.data() + content.size())) {
    tensor.offset = static_cast<std::uint64_t>(bytes.data() - content.data());
  }
}

// The numbers of a type that is understood, from one place.
void take_numbers(Graph& graph, TensorParts& parts, const DataTypeRow& row, Tensor& tensor) {
  const std::int64_t elements = product_of(tensor.sizes);
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(elements, static_cast<std::int64_t>(row.size), &bytes)) {
    refuse_tensor("the array has more than 2^63 - 1 bytes");
  }
  const bool has_typed = !parts.floats.empty() || !parts.doubles.empty() || !parts.int32.empty() ||
                         !parts.int64.empty() || !parts.uint64.empty();
  if (std::ranges::count(
          std::array{parts.is_external, parts.has_raw && !parts.raw.empty(), has_typed}, true) >
      1) {
    refuse_tensor("the array has its numbers in two places");
  }
  if (parts.is_external) {
    return take_external(graph, parts, static_cast<std::uint64_t>(bytes), tensor);
  }
  std::int64_t count = 0;
  if (!has_typed) {
    take_raw(graph, parts.raw, tensor);
  } else if (row.typed == Typed::packed_floats) {
    take_raw(graph, parts.floats.in(graph), tensor);
  } else if (row.typed == Typed::packed_doubles) {
    take_raw(graph, parts.doubles.in(graph), tensor);
  } else {
    tensor.integers = std::move(row.typed == Typed::int32   ? parts.int32
                                : row.typed == Typed::int64 ? parts.int64
                                                            : parts.uint64);
    count = static_cast<std::int64_t>(tensor.integers.size());
    if (count != elements) {
      refuse_tensor(fmt::format("the array has {} numbers in place of {}", count, elements));
    }
    return;
  }
  if (tensor.bytes.size() != static_cast<std::uint64_t>(bytes)) {
    refuse_tensor(fmt::format("the array has {} bytes in place of {}: {} numbers of {}",
                              tensor.bytes.size(), bytes, elements, row.name));
  }
}

template <class Number>
Number number_at(const char* bytes) {
  Number number{};
  std::memcpy(&number, bytes, sizeof(Number));
  return number;
}

double half_at(std::uint16_t bits) { return static_cast<double>(half_to_float(bits)); }
double brain_at(std::uint16_t bits) {
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U));
}

template <class Number>
double plain_at(const char* bytes) {
  return static_cast<double>(number_at<Number>(bytes));
}

// How a number lies in memory; and what an integer that stands for one of 16 bits is.
struct DecodeRow {
  DataType type;
  double (*from_bytes)(const char* bytes);
};

constexpr std::array<DecodeRow, 13> decoders{{
    {DataType::float32, plain_at<float>},
    {DataType::float64, plain_at<double>},
    {DataType::float16, [](const char* bytes) { return half_at(number_at<std::uint16_t>(bytes)); }},
    {DataType::bfloat16,
     [](const char* bytes) { return brain_at(number_at<std::uint16_t>(bytes)); }},
    {DataType::uint8, plain_at<std::uint8_t>},
    {DataType::int8, plain_at<std::int8_t>},
    {DataType::uint16, plain_at<std::uint16_t>},
    {DataType::int16, plain_at<std::int16_t>},
    {DataType::uint32, plain_at<std::uint32_t>},
    {DataType::int32, plain_at<std::int32_t>},
    {DataType::uint64, plain_at<std::uint64_t>},
    {DataType::int64, plain_at<std::int64_t>},
    {DataType::boolean, [](const char* bytes) { return *bytes == 0 ? 0.0 : 1.0; }},
}};

}  // namespace

std::string_view name_of(DataType type) {
  const DataTypeRow* const row = find_row(type);
  return row == nullptr ? "an unknown type" : row->name;
}

std::int64_t Tensor::elements() const { return product_of(sizes); }

std::vector<double> Tensor::values() const {
  const auto* const decoder = std::ranges::find(decoders, type, &DecodeRow::type);
  if (decoder == decoders.end()) {
    throw SpecError(whole_file, fmt::format("numbers of type {} are not read", name_of(type)),
                    "export the model in float32, float64, float16 or bfloat16");
  }
  std::vector<double> result;
  result.reserve(static_cast<std::size_t>(elements()));
  if (bytes.empty()) {  // an integer has the lowest bits of the number as it lies in memory
    for (const std::int64_t bits : integers) {
      std::array<char, 8> number{};
      std::memcpy(number.data(), &bits, number.size());
      result.push_back(decoder->from_bytes(number.data()));
    }
    return result;
  }
  const std::size_t size = find_row(type)->size;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    result.push_back(decoder->from_bytes(bytes.data() + at));
  }
  return result;
}

Tensor read_tensor(Graph& graph, const Pieces& pieces) {
  Tensor tensor;
  TensorParts parts;
  Field field;
  for (FieldReader reader(pieces, "the array"); reader.next(field);) {
    read_tensor_field(field, tensor, parts);
  }
  tensor.type = static_cast<DataType>(parts.type);
  const DataTypeRow* const row =
      parts.type == static_cast<std::int32_t>(parts.type) ? find_row(tensor.type) : nullptr;
  if (row == nullptr) {
    refuse_tensor(fmt::format("there is no data type {}", parts.type),
                  "export the model with an opset of 6 to 23");
  }
  if (row->size != 0) {
    take_numbers(graph, parts, *row, tensor);
  } else {  // whoever uses it refuses it
    product_of(tensor.sizes);
    if (parts.is_external) return tensor;
    take_raw(graph, parts.raw, tensor);
  }
  return tensor;
}

}  // namespace smoothbound::models::onnx
