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

/// Positions of one channel that each patch reads, patch after patch; two axes or one.
inline std::vector<std::vector<std::optional<std::size_t>>> patches(const Window& window,
                                                                    const Shape& input) {
  std::vector<std::vector<std::optional<std::size_t>>> result;
  const AxisWindow first = window.along(input, 0);
  if (input.spatial_rank() == 1) {
    for (std::int64_t o = 0; o < first.output; ++o) result.push_back(taps(first, o));
    return result;
  }
  const AxisWindow second = window.along(input, 1);
  for (std::int64_t o = 0; o < first.output; ++o) {
    for (std::int64_t q = 0; q < second.output; ++q) {
      result.emplace_back();
      for (const auto& row : taps(first, o)) {
        for (const auto& column : taps(second, q)) {
          const auto width = static_cast<std::size_t>(second.input);
          result.back().push_back(row && column ? std::optional(*row * width + *column)
                                                : std::nullopt);
        }
      }
    }
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
