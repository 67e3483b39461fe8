// What one number of an array in a file is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace smoothbound {

enum class ElementType { f64, f32, f16, bf16, u8, i8, u16, i16, u32, i32, u64, i64, boolean };

/// "F32", "BOOL": as safetensors writes it.
std::string_view name_of(ElementType type);
/// In bytes.
std::size_t size_of(ElementType type);
/// Whether values are whole numbers or truth values.
bool is_integral(ElementType type);

/// The value of an IEEE binary16; all of them are floats.
float half_to_float(std::uint16_t bits);

}  // namespace smoothbound
