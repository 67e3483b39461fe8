// Numbers that count what is done with them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "smoothbound/layers/window.hpp"

namespace smoothbound::testing {

/// A double that counts.
struct Counted {
  static inline std::int64_t multiplications = 0;
  static inline std::int64_t evaluations = 0;
  double value = 0;

  friend Counted operator+(Counted a, Counted b) { return {a.value + b.value}; }
  friend Counted operator-(Counted a, Counted b) { return {a.value - b.value}; }
  friend Counted operator*(Counted a, Counted b) {
    ++multiplications;
    return {a.value * b.value};
  }
  friend Counted operator/(Counted a, Counted b) {
    ++multiplications;
    return {a.value / b.value};
  }
  Counted& operator+=(Counted b) { return *this = *this + b; }
};
using Numbers = std::vector<Counted>;

inline Numbers counted(std::span<const double> values) {
  Numbers result;
  for (const double value : values) result.push_back({value});
  return result;
}

/// Positions of one channel that each patch reads, nothing in place of a zero around the input.
using Patches = std::vector<std::vector<std::optional<std::size_t>>>;
inline Patches patches_of(const Window& window, const Shape& input) {
  const AxisWindow columns = window.along(input, input.spatial_rank() - 1);
  const AxisWindow rows = input.spatial_rank() == 2 ? window.along(input, 0) : AxisWindow{};
  Patches result;
  for (std::int64_t o = 0; o < rows.output * columns.output; ++o) {
    result.emplace_back();
    for (std::int64_t t = 0; t < rows.kernel * columns.kernel; ++t) {
      const std::int64_t row =
          o / columns.output * rows.stride + t / columns.kernel * rows.dilation - rows.pad_before;
      const std::int64_t column = o % columns.output * columns.stride +
                                  t % columns.kernel * columns.dilation - columns.pad_before;
      const bool inside = row >= 0 && row < rows.input && column >= 0 && column < columns.input;
      const auto place = static_cast<std::size_t>(inside ? row * columns.input + column : 0);
      result.back().push_back(inside ? std::optional(place) : std::nullopt);
    }
  }
  return result;
}

struct PassCounts {
  std::int64_t forward = 0;
  std::int64_t backward = 0;
  std::int64_t evaluations = 0;
};

}  // namespace smoothbound::testing
