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

/// Positions of an axis, or of all of them, that a patch reads, nothing in place of a zero around
/// the input, and what its mean is divided by.
struct Patch {
  std::vector<std::optional<std::size_t>> places;
  double divisor = 0;
};
using Patches = std::vector<Patch>;

/// Each patch of the first axis with each of the second, which has that many positions.
inline Patches crossed(const Patches& first, const Patches& second, std::int64_t positions) {
  Patches result;
  for (const Patch& one : first) {
    for (const Patch& other : second) {
      Patch& both = result.emplace_back();
      both.divisor = one.divisor * other.divisor;
      for (const auto& i : one.places) {
        for (const auto& j : other.places) {
          both.places.push_back(
              i && j ? std::optional(*i * static_cast<std::size_t>(positions) + *j) : std::nullopt);
        }
      }
    }
  }
  return result;
}

/// Patches of all spatial axes of `input`: patches_of_axis(axis) crossed.
template <class AxisPatches>
Patches patches_of_axes(const Shape& input, const AxisPatches& patches_of_axis) {
  Patches all{{{0}, 1}};
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    all = crossed(all, patches_of_axis(axis), input.spatial(axis));
  }
  return all;
}

/// Of a window; what lies behind the zeros around the input does not count in a mean.
inline Patches patches_of(const Window& window, const Shape& input) {
  return patches_of_axes(input, [&](int axis) {
    const AxisWindow along = window.along(input, axis);
    Patches result(static_cast<std::size_t>(along.output));
    for (std::int64_t o = 0; o < along.output; ++o) {
      Patch& patch = result[static_cast<std::size_t>(o)];
      for (std::int64_t t = 0; t < along.kernel; ++t) {
        const std::int64_t place = o * along.stride + t * along.dilation - along.pad_before;
        const bool inside = place >= 0 && place < along.input;
        patch.places.push_back(inside ? std::optional(static_cast<std::size_t>(place))
                                      : std::nullopt);
        if (place < along.input + along.pad_behind) ++patch.divisor;
      }
    }
    return result;
  });
}

/// Of the positions i with o n / k - 1 < i < (o + 1) n / k.
inline Patches adaptive_patches_of(const Extent& output, const Shape& input) {
  return patches_of_axes(input, [&](int axis) {
    const std::int64_t n = input.spatial(axis);
    const std::int64_t k = output[axis];
    Patches result(static_cast<std::size_t>(k));
    for (std::int64_t o = 0; o < k; ++o) {
      for (std::int64_t i = 0; i < n; ++i) {
        if ((i + 1) * k > o * n && i * k < (o + 1) * n) {
          result[static_cast<std::size_t>(o)].places.emplace_back(i);
          ++result[static_cast<std::size_t>(o)].divisor;
        }
      }
    }
    return result;
  });
}

struct PassCounts {
  std::int64_t forward = 0;
  std::int64_t backward = 0;
  std::int64_t evaluations = 0;
};

}  // namespace smoothbound::testing
