#include "smoothbound/data/write_arrays.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <stdexcept>

#include "formats.hpp"
#include "safetensors_writer.hpp"
#include "smoothbound/text/json_writer.hpp"
#include "smoothbound/text/output_file.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

// Both formats are written as the values lie in memory.
static_assert(std::endian::native == std::endian::little);

ElementType type_of(const TensorView& tensor) {
  return std::holds_alternative<std::span<const float>>(tensor.values) ? ElementType::f32
                                                                       : ElementType::f64;
}

std::string_view bytes_of(const TensorView& tensor) {
  return std::visit(
      [](const auto& values) {
        return std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes());
      },
      tensor.values);
}

// JSON has an escape for NUL, which is no text elsewhere.
bool is_storable(std::string name) {
  std::ranges::replace(name, '\0', ' ');
  return find_invalid_text(name) == std::string::npos;
}

void check(const TensorView& tensor) {
  const bool negative = std::ranges::any_of(tensor.shape, [](std::int64_t n) { return n < 0; });
  if (negative || byte_count(tensor.shape, type_of(tensor)) != bytes_of(tensor).size()) {
    throw std::invalid_argument("the number of values is not that of the shape");
  }
}

// Of the header, so that elements begin at a multiple of `alignment`.
void pad(std::string& header, std::size_t before, std::size_t alignment) {
  header.append((alignment - (before + header.size()) % alignment) % alignment, ' ');
}

std::string little_endian(std::uint64_t value, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return bytes;
}

}  // namespace

void write_stored(const std::string& path, std::span<const StoredTensor> tensors,
                  const std::map<std::string, std::string>& metadata) {
  std::vector<const StoredTensor*> order;
  std::set<std::string_view> names{"__metadata__"};
  for (const StoredTensor& tensor : tensors) {
    if (!names.insert(tensor.name).second || !is_storable(tensor.name)) {
      throw std::invalid_argument("a tensor's name cannot be stored: " + tensor.name);
    }
    order.push_back(&tensor);
  }
  for (const auto& [key, value] : metadata) {
    if (!is_storable(key) || !is_storable(value)) {
      throw std::invalid_argument("metadata cannot be stored: " + key);
    }
  }
  std::ranges::sort(order, [](const StoredTensor* a, const StoredTensor* b) {
    const std::size_t size_a = size_of(a->type);
    const std::size_t size_b = size_of(b->type);
    return size_a != size_b ? size_a > size_b : a->name < b->name;
  });
  std::string text;
  const Sink append = [&](std::string_view piece) { text += piece; };
  JsonWriter header(append);
  header.object([&] {
    if (!metadata.empty()) {
      header.object("__metadata__", [&] {
        for (const auto& [key, value] : metadata) header.member(key, value);
      });
    }
    std::uint64_t offset = 0;
    for (const StoredTensor* tensor : order) {
      const std::uint64_t end = offset + byte_count(tensor->shape, tensor->type).value();
      header.object(tensor->name, [&] {
        header.member("dtype", name_of(tensor->type));
        header.member("shape", tensor->shape);
        header.member("data_offsets", std::array{offset, end});
      });
      offset = end;
    }
  });
  header.flush();
  constexpr std::size_t prefix = 8;
  pad(text, prefix, 8);
  OutputFile file(path);
  file.write(little_endian(text.size(), prefix));
  file.write(text);
  for (const StoredTensor* tensor : order) {
    tensor->write([&](std::string_view bytes) { file.write(bytes); });
  }
  file.commit();
}

void write_safetensors(const std::string& path, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<StoredTensor> stored;
  for (const TensorView& tensor : tensors) {
    check(tensor);
    stored.push_back({tensor.name, tensor.shape, type_of(tensor),
                      [&tensor](const Sink& sink) { sink(bytes_of(tensor)); }});
  }
  write_stored(path, stored, metadata);
}

void write_npy(const std::string& path, const TensorView& array) {
  check(array);
  std::string shape = fmt::format("{}", fmt::join(array.shape, ", "));
  if (array.shape.size() == 1) shape += ',';
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                 type_of(array) == ElementType::f32 ? "<f4" : "<f8", shape);
  constexpr std::size_t prefix = 10;
  pad(text, prefix + 1, 64);
  text += '\n';
  OutputFile file(path);
  file.write("\x93NUMPY" + std::string("\1\0", 2) + little_endian(text.size(), 2));
  file.write(text);
  file.write(bytes_of(array));
  file.commit();
}

}  // namespace smoothbound
