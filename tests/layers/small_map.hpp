// Windows written out as loops over every tap: what the closed forms of the library are held
// against.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "numeric.hpp"
#include "smoothbound/layers/window.hpp"

namespace smoothbound::test {

/// Inputs that output `o` reads along an axis; nothing in place of a zero of the padding.
inline std::vector<std::optional<std::size_t>> taps(const AxisWindow& window, std::int64_t o) {
  std::vector<std::optional<std::size_t>> result;
  for (std::int64_t t = 0; t < window.kernel; ++t) {
    const std::int64_t p = o * window.stride + t * window.dilation - window.pad_before;
    const bool inside = p >= 0 && p < window.input;
    result.push_back(inside ? std::optional(static_cast<std::size_t>(p)) : std::nullopt);
  }
  return result;
}

/// Positions of one channel that each patch reads, patch after patch.
inline std::vector<std::vector<std::optional<std::size_t>>> patches(const Window& window,
                                                                    const Shape& input) {
  std::vector<std::vector<std::optional<std::size_t>>> result{{std::size_t{0}}};
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    const AxisWindow along = window.along(input, axis);
    const auto size = static_cast<std::size_t>(along.input);
    std::vector<std::vector<std::optional<std::size_t>>> next;
    for (const auto& before : result) {
      for (std::int64_t o = 0; o < along.output; ++o) {
        next.emplace_back();
        for (const auto& place : before) {
          for (const auto& i : taps(along, o)) {
            next.back().push_back(place && i ? std::optional(*place * size + *i) : std::nullopt);
          }
        }
      }
    }
    result = next;
  }
  return result;
}

/// Pairs of an output and a tap that read an input.
inline std::int64_t counted_taps(const AxisWindow& window) {
  std::int64_t count = 0;
  for (std::int64_t o = 0; o < window.output; ++o) {
    for (const auto& input : taps(window, o)) count += input ? 1 : 0;
  }
  return count;
}

/// How often the most read input of an axis is read.
inline std::int64_t counted_overlap(const AxisWindow& window) {
  std::vector<std::int64_t> reads(static_cast<std::size_t>(window.input));
  for (std::int64_t o = 0; o < window.output; ++o) {
    for (const auto& input : taps(window, o)) {
      if (input) ++reads[*input];
    }
  }
  return *std::max_element(reads.begin(), reads.end());
}

}  // namespace smoothbound::test
