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

template <class Bits>
Bits swap_bytes(Bits bits) {
  if constexpr (sizeof(Bits) == 2) return __builtin_bswap16(bits);
  if constexpr (sizeof(Bits) == 4) return __builtin_bswap32(bits);
  if constexpr (sizeof(Bits) == 8) return __builtin_bswap64(bits);
  return bits;
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

// Goes through the elements of a row in Fortran order.
class FortranColumns {
 public:
  explicit FortranColumns(std::span<const std::int64_t> shape)
      : sizes_(shape.begin() + 1, shape.end()),
        strides_(sizes_.size(), 1),
        place_(sizes_.size(), 0) {
    for (std::size_t axis = sizes_.size(); axis-- > 1;) {
      strides_[axis - 1] = strides_[axis] * sizes_[axis];
    }
  }
  // In C order.
  [[nodiscard]] std::int64_t index() const { return index_; }
  void advance() {
    for (std::size_t axis = 0; axis < sizes_.size(); ++axis) {
      index_ += strides_[axis];
      if (++place_[axis] < sizes_[axis]) return;
      index_ -= strides_[axis] * sizes_[axis];
      place_[axis] = 0;
    }
  }

 private:
  std::vector<std::int64_t> sizes_;
  std::vector<std::int64_t> strides_;
  std::vector<std::int64_t> place_;
  std::int64_t index_ = 0;
};

constexpr std::size_t cache_bytes = std::size_t{1} << 16U;  // stays in the cache

}  // namespace

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

// An element as a value; `index` is its place in C order.
template <class Value>
Value ArrayFile::convert(const ArrayEntry& entry, auto element, std::int64_t index) const {
  return checked<Value>(element, [&](const std::string& what) {
    throw DataError(
        path_,
        fmt::format("{} holds {} at {}", described(entry), what, index_to_text(entry, index)),
        std::is_integral_v<Value> ? "labels are whole numbers from 0 on"
                                  : "every number has to be finite: find where this "
                                    "one comes from, or replace it");
  });
}

template <class Value>
void ArrayFile::convert_range(const ArrayEntry& entry, std::int64_t first,
                              std::span<Value> values) const {
  const auto count = static_cast<std::int64_t>(values.size());
  if (first < 0 || count > entry.elements() || first > entry.elements() - count) {
    throw std::out_of_range("array elements out of range");
  }
  if (entry.fortran_order) return convert_transposed(entry, first, values);
  const std::size_t size = size_of(entry.type);
  std::vector<std::byte> buffer(std::min(cache_bytes, values.size() * size));
  for (std::size_t done = 0; done < values.size();) {
    const std::size_t now = std::min(cache_bytes / size, values.size() - done);
    const std::span<std::byte> bytes(buffer.data(), now * size);
    bytes_->read(entry, (static_cast<std::uint64_t>(first) + done) * size, bytes);
    for_each_element(entry, bytes, [&](std::size_t i, auto element) {
      values[done + i] =
          convert<Value>(entry, element, first + static_cast<std::int64_t>(done + i));
    });
    done += now;
  }
}

// A row is what one index of the first axis holds. Rows lie interleaved: all their first elements,
// then all their second ones in Fortran order, and so on. Of each such column the wanted rows are
// read, in the order of the file; whole columns adjoin and are read several at once. Columns of a
// part are as far from each other as those of the whole.
template <class Value>
void ArrayFile::convert_transposed(const ArrayEntry& entry, std::int64_t first,
                                   std::span<Value> values) const {
  if (values.empty()) return;
  const auto size = size_of(entry.type);
  const auto count = static_cast<std::int64_t>(values.size());
  const std::int64_t rows = entry.rows_there == 0 ? entry.shape.front() : entry.rows_there;
  const std::int64_t columns = entry.elements() / entry.shape.front();
  const std::int64_t begin = first / columns;
  const std::int64_t end = (first + count - 1) / columns + 1;
  const std::int64_t run = end - begin;
  const auto most = static_cast<std::int64_t>(cache_bytes / size);
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min(most, run * columns)) * size);
  FortranColumns column(entry.shape);
  std::int64_t row = begin;
  for (std::int64_t done = 0; done < run * columns;) {
    const std::int64_t left = run == rows ? run * columns - done : run - done % run;
    const std::int64_t now = std::min(most, left);
    const std::span<std::byte> bytes(buffer.data(), static_cast<std::size_t>(now) * size);
    const std::int64_t at = done / run * rows + begin + done % run;
    bytes_->read(entry, static_cast<std::uint64_t>(at) * size, bytes);
    for_each_element(entry, bytes, [&](std::size_t /*i*/, auto element) {
      const std::int64_t index = row * columns + column.index();
      if (index >= first && index < first + count) {
        values[static_cast<std::size_t>(index - first)] = convert<Value>(entry, element, index);
      }
      if (++row == end) {
        row = begin;
        column.advance();
      }
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
    throw DataError(
        path_, fmt::format("{} holds {}, not whole numbers", described(entry), name_of(entry.type)),
        "save the class of each sample as a whole number, e.g. with array.astype('int64')");
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
