#include "smoothbound/models/element_type.hpp"

#include <array>
#include <bit>

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

}  // namespace

std::string_view name_of(ElementType type) { return row_of(type).name; }
std::size_t size_of(ElementType type) { return row_of(type).size; }
bool is_integral(ElementType type) { return row_of(type).integral; }

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

}  // namespace smoothbound
