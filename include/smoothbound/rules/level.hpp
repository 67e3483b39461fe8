// The norms in which values are bounded.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// A norm of a value with the axes samples, positions and channels: the supremum, over the axes
/// that are named, of the Euclidean norm over the others.
struct Level {
  std::string_view name;
  bool samples = false;
  bool positions = false;
  bool channels = false;
};

/// The list. The first one is the Euclidean norm, in which bounds are reported; the last one is
/// the smallest of all: max |z_i|.
inline constexpr std::array levels{
    Level{"2"},
    Level{"inf", true, true, true},
};
inline constexpr std::size_t euclidean = 0;
inline constexpr std::size_t maximum = levels.size() - 1;

template <class T>
using PerLevel = std::array<T, levels.size()>;

/// A norm by others: |z| <= min over A of factor[A] |z|_A.
using Reading = PerLevel<Magnitude>;

/// Of one level alone, times `factor`.
constexpr Reading reading_of(std::size_t level,
                             const Magnitude& factor = Magnitude::from_count(1)) {
  Reading reading;
  reading.fill(Magnitude::infinity());
  reading[level] = factor;
  return reading;
}

}  // namespace smoothbound
