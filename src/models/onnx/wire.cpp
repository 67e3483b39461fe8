#include "wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace smoothbound::models::onnx {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie");

[[noreturn]] void refuse_wire(const std::string& message) {
  throw SpecError(whole_file, message, damaged_file);
}

void require_type(const Field& field, WireType type) {
  if (field.type == type) return;
  refuse_wire(fmt::format("field {} has the wire type {}, not {}", field.number,
                          static_cast<int>(field.type), static_cast<int>(type)));
}

// Of at most ten bytes: 64 bits.
std::uint64_t take_varint(std::string_view& bytes, std::string_view what) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    if (i == bytes.size()) refuse_wire(fmt::format("{} ends in the middle of a number", what));
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << (7 * i);
    if (byte >= 0x80) continue;
    bytes.remove_prefix(i + 1);
    return value;
  }
  refuse_wire(fmt::format("{} has a number of more than ten bytes", what));
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

// Those of C1 are two bytes in UTF-8.
bool has_controls(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

std::int64_t Field::integer() const {
  require_type(*this, WireType::varint);
  return std::bit_cast<std::int64_t>(value);
}

float Field::real() const {
  require_type(*this, WireType::fixed32);
  return std::bit_cast<float>(static_cast<std::uint32_t>(value));
}

std::string_view Field::message() const {
  require_type(*this, WireType::bytes);
  return bytes;
}

std::string_view Field::name() const {
  const std::string_view text = message();
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~'; };
  if (std::ranges::all_of(text, is_plain)) return text;
  if (find_invalid_text(text) == std::string_view::npos && !has_controls(text)) return text;
  throw SpecError(whole_file, fmt::format("the name '{}' is not text in UTF-8", text),
                  "export the model with names of letters, digits and '_./-:'");
}

void Field::append_to(std::vector<std::int64_t>& integers) const {
  if (type != WireType::bytes) return integers.push_back(integer());
  for (std::string_view rest = bytes; !rest.empty();) {
    integers.push_back(std::bit_cast<std::int64_t>(take_varint(rest, "a list of integers")));
  }
}

void Field::append_to(std::vector<float>& reals) const {
  if (type != WireType::bytes) return reals.push_back(real());
  if (bytes.size() % sizeof(float) != 0) {
    refuse_wire("a list of floats ends in the middle of a number");
  }
  if (bytes.empty()) return;
  const std::size_t before = reals.size();
  reals.resize(before + bytes.size() / sizeof(float));
  std::memcpy(&reals[before], bytes.data(), bytes.size());
}

std::uint64_t FieldReader::varint() { return take_varint(rest_, what_); }

std::string_view FieldReader::take(std::uint64_t size, std::uint32_t number) {
  if (size > rest_.size()) {
    refuse_wire(fmt::format("{} ends in the middle of its field {}: {} of {} bytes are there",
                            what_, number, rest_.size(), size));
  }
  const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(taken.size());
  return taken;
}

bool FieldReader::next(Field& field) {
  while (rest_.empty()) {
    if (pieces_.empty()) return false;
    rest_ = pieces_.front();
    pieces_ = pieces_.subspan(1);
  }
  const std::uint64_t tag = varint();
  constexpr std::uint64_t largest_number = (1U << 29U) - 1;
  if (tag >> 3U == 0 || tag >> 3U > largest_number) {
    refuse_wire(fmt::format("{} has a field with the number {}", what_, tag >> 3U));
  }
  field.number = static_cast<std::uint32_t>(tag >> 3U);
  field.type = static_cast<WireType>(tag & 7U);
  field.value = 0;
  field.bytes = {};
  switch (field.type) {
    case WireType::varint:
      field.value = varint();
      return true;
    case WireType::fixed64:
      field.value = little_endian(take(8, field.number));
      return true;
    case WireType::bytes:
      field.bytes = take(varint(), field.number);
      return true;
    case WireType::fixed32:
      field.value = little_endian(take(4, field.number));
      return true;
  }
  refuse_wire(fmt::format("{} has a field {} of the wire type {}, which ONNX does not use", what_,
                          field.number, tag & 7U));
}

}  // namespace smoothbound::models::onnx
