#include "smoothbound/data/array_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "formats.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

struct TypeRow {
  std::string_view name;
  std::size_t size;
  bool integral;
};

constexpr std::array<TypeRow, 13> types{{{"F64", 8, false},
                                         {"F32", 4, false},
                                         {"F16", 2, false},
                                         {"BF16", 2, false},
                                         {"U8", 1, true},
                                         {"I8", 1, true},
                                         {"U16", 2, true},
                                         {"I16", 2, true},
                                         {"U32", 4, true},
                                         {"I32", 4, true},
                                         {"U64", 8, true},
                                         {"I64", 8, true},
                                         {"BOOL", 1, true}}};

const TypeRow& row_of(ElementType type) { return types.at(static_cast<std::size_t>(type)); }

template <class Bits>
Bits swap_bytes(Bits bits) {
  if constexpr (sizeof(Bits) == 2) return __builtin_bswap16(bits);
  if constexpr (sizeof(Bits) == 4) return __builtin_bswap32(bits);
  if constexpr (sizeof(Bits) == 8) return __builtin_bswap64(bits);
  return bits;
}

// IEEE binary16; all of its values are floats.
float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16U;
  const std::uint32_t exponent = (bits >> 10U) & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {  // zero and subnormal numbers: multiples of 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + (127 - 15);
  return std::bit_cast<float>(sign | (wide << 23U) | (fraction << 13U));
}

// Calls `use(i, value)` for each element, with a value of a type that holds it exactly.
template <class Use>
void for_each_element(const ArrayEntry& entry, std::span<const std::byte> bytes, const Use& use) {
  const auto all = [&]<class Bits>(Bits /*tag*/, const auto& convert) {
    const bool swapped = entry.big_endian != (std::endian::native == std::endian::big);
    for (std::size_t i = 0; i < bytes.size() / sizeof(Bits); ++i) {
      Bits bits;
      std::memcpy(&bits, &bytes[i * sizeof(Bits)], sizeof(Bits));
      use(i, convert(swapped ? swap_bytes(bits) : bits));
    }
  };
  const auto same = [](auto bits) { return bits; };
  switch (entry.type) {
    case ElementType::f64:
      return all(std::uint64_t{}, [](auto bits) { return std::bit_cast<double>(bits); });
    case ElementType::f32:
      return all(std::uint32_t{}, [](auto bits) { return std::bit_cast<float>(bits); });
    case ElementType::f16:
      return all(std::uint16_t{}, half_to_float);
    case ElementType::bf16:
      return all(std::uint16_t{}, [](auto bits) {
        return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
      });
    case ElementType::u8:
      return all(std::uint8_t{}, same);
    case ElementType::i8:
      return all(std::uint8_t{}, [](auto bits) { return static_cast<std::int8_t>(bits); });
    case ElementType::u16:
      return all(std::uint16_t{}, same);
    case ElementType::i16:
      return all(std::uint16_t{}, [](auto bits) { return static_cast<std::int16_t>(bits); });
    case ElementType::u32:
      return all(std::uint32_t{}, same);
    case ElementType::i32:
      return all(std::uint32_t{}, [](auto bits) { return static_cast<std::int32_t>(bits); });
    case ElementType::u64:
      return all(std::uint64_t{}, same);
    case ElementType::i64:
      return all(std::uint64_t{}, [](auto bits) { return static_cast<std::int64_t>(bits); });
    case ElementType::boolean:
      return all(std::uint8_t{}, [](auto bits) { return static_cast<std::uint8_t>(bits != 0); });
  }
}

// An element as a `Value`; calls `refuse` with what it is, if it cannot be one.
template <class Value, class Element, class Refuse>
Value checked(Element element, const Refuse& refuse) {
  constexpr bool real = std::is_floating_point_v<Element>;
  if constexpr (real && std::is_integral_v<Value>) {
    refuse("a number that is not whole");
  } else if constexpr (real) {
    if (!std::isfinite(element)) refuse(std::isnan(element) ? "NaN" : "an infinite value");
    if (!std::isfinite(static_cast<Value>(element))) {
      refuse(fmt::format("{}, which is beyond float32,", element));
    }
  } else if constexpr (std::is_integral_v<Value>) {
    if (!std::in_range<Value>(element)) refuse(fmt::format("{}", element));
  }
  return static_cast<Value>(element);  // NOLINT(bugprone-signed-char-misuse): a number
}

// The index of an element, one number for each axis.
std::string index_to_text(const ArrayEntry& entry, std::int64_t flat) {
  std::vector<std::int64_t> index(entry.shape.size());
  for (std::size_t axis = index.size(); axis-- > 0;) {
    index[axis] = flat % entry.shape[axis];
    flat /= entry.shape[axis];
  }
  return shape_to_text(index);
}

}  // namespace

std::string_view name_of(ElementType type) { return row_of(type).name; }
std::size_t size_of(ElementType type) { return row_of(type).size; }
bool is_integral(ElementType type) { return row_of(type).integral; }

std::string shape_to_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::string described(const ArrayEntry& entry) {
  return entry.name.empty() ? "the array" : fmt::format("tensor '{}'", entry.name);
}

std::optional<std::uint64_t> byte_count(std::span<const std::int64_t> shape, ElementType type) {
  auto count = static_cast<std::int64_t>(size_of(type));
  bool overflow = false;
  // A zero anywhere makes an empty array, but the rest must not be a lie.
  for (const std::int64_t size : shape) {
    overflow = overflow || __builtin_mul_overflow(count, std::max<std::int64_t>(size, 1), &count);
  }
  if (overflow) return std::nullopt;
  return std::ranges::find(shape, 0) != shape.end() ? 0 : static_cast<std::uint64_t>(count);
}

ArrayFile::ArrayFile(std::string path, const ArrayFormat& format, std::vector<ArrayEntry> entries,
                     std::unique_ptr<ArrayBytes> bytes, Metadata metadata)
    : path_(std::move(path)),
      format_(&format),
      entries_(std::move(entries)),
      bytes_(std::move(bytes)),
      metadata_(std::move(metadata)) {}

const ArrayEntry* ArrayFile::find(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &ArrayEntry::name);
  return found == entries_.end() ? nullptr : &*found;
}

template <class Value>
void ArrayFile::convert_range(const ArrayEntry& entry, std::int64_t first,
                              std::span<Value> values) const {
  const auto count = static_cast<std::int64_t>(values.size());
  if (first < 0 || count > entry.elements() || first > entry.elements() - count) {
    throw std::out_of_range("array elements out of range");
  }
  constexpr std::size_t piece = std::size_t{1} << 16U;  // stays in the cache
  const std::size_t size = size_of(entry.type);
  std::vector<std::byte> buffer(std::min(piece, values.size() * size));
  for (std::size_t done = 0; done < values.size();) {
    const std::size_t now = std::min(piece / size, values.size() - done);
    const std::span<std::byte> bytes(buffer.data(), now * size);
    bytes_->read(entry, (static_cast<std::uint64_t>(first) + done) * size, bytes);
    for_each_element(entry, bytes, [&](std::size_t i, auto element) {
      const auto refuse = [&](const std::string& what) {
        throw DataError(
            path_, fmt::format("{} holds {} at {}", described(entry), what,
                               index_to_text(entry, first + static_cast<std::int64_t>(done + i))));
      };
      values[done + i] = checked<Value>(element, refuse);
    });
    done += now;
  }
}

void ArrayFile::read_range(const ArrayEntry& entry, std::int64_t first,
                           std::span<float> values) const {
  convert_range(entry, first, values);
}

void ArrayFile::read_range(const ArrayEntry& entry, std::int64_t first,
                           std::span<double> values) const {
  convert_range(entry, first, values);
}

void ArrayFile::read_range(const ArrayEntry& entry, std::int64_t first,
                           std::span<std::int64_t> values) const {
  if (!is_integral(entry.type)) {
    throw DataError(path_, fmt::format("{} holds {}, not whole numbers", described(entry),
                                       name_of(entry.type)));
  }
  convert_range(entry, first, values);
}

void ArrayFile::read_into(const ArrayEntry& entry, std::span<float> values) const {
  if (values.size() != static_cast<std::size_t>(entry.elements())) {
    throw std::out_of_range("as many values as elements are needed");
  }
  convert_range(entry, 0, values);
}

void ArrayFile::read_into(const ArrayEntry& entry, std::span<double> values) const {
  if (values.size() != static_cast<std::size_t>(entry.elements())) {
    throw std::out_of_range("as many values as elements are needed");
  }
  convert_range(entry, 0, values);
}

}  // namespace smoothbound
