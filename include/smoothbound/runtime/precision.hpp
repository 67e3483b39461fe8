// The arithmetic of an execution.
#pragma once

#include <cstdint>
#include <string_view>

namespace smoothbound {

enum class Precision : std::uint8_t { float32, float64 };

constexpr std::string_view name_of(Precision precision) {
  return precision == Precision::float32 ? "float32" : "float64";
}

}  // namespace smoothbound
