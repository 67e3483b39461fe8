// Index maps: linear maps each of whose outputs is a copy of one input, or zero. The rules are data
// that constants, counts and kernels read.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "smoothbound/rules/constants.hpp"
#include "smoothbound/text/shape.hpp"

namespace smoothbound {

/// Along one axis, output o copies input floor(o numerator / denominator) + offset. What lies
/// outside of [0, input) is zero, or stands for an entry inside; `wrap`: for that of its remainder
/// modulo `input`, with numerator 1. A denominator other than 1 has offset 0 and numerator /
/// denominator = input / output, in lowest terms. A rule with a window is `relative_places`.
struct AxisRule {
  enum class Outside : std::uint8_t { zero, reflect, replicate, wrap };
  using Window = std::array<std::int64_t, Shape::most_spatial_axes>;

  static constexpr std::int64_t nothing = -1;

  std::int64_t input = 1;
  std::int64_t output = 1;
  std::int64_t numerator = 1;
  std::int64_t denominator = 1;
  std::int64_t offset = 0;
  Outside outside = Outside::zero;
  Window window{};  // sizes, 1 where it has fewer axes; 0: none

  static constexpr AxisRule identity(std::int64_t size) { return {size, size}; }
  /// The nearest entry, exactly floor(o input / output).
  static AxisRule nearest(std::int64_t input, std::int64_t output);
  /// For each pair of places in a window, row by row, the first one counting slower, the entry of
  /// an array of 2 size - 1 entries along each axis that stands at second place - first place +
  /// size - 1. Throws ShapeError if there are too many pairs.
  static AxisRule relative_places(const Window& window);

  [[nodiscard]] bool is_identity() const {
    return input == output && numerator == 1 && denominator == 1 && offset == 0;
  }
  /// Whether each input is copied once: the identity, or all of a circle turned.
  [[nodiscard]] bool is_bijection() const {
    return is_identity() || (input == output && outside == Outside::wrap);
  }
  /// The input that output o copies, or `nothing`.
  [[nodiscard]] std::int64_t source(std::int64_t o) const;
  /// The largest number of outputs that copy one input, at least 1: exact, in constant time.
  [[nodiscard]] std::int64_t largest_copies() const;
  /// The number of outputs that copy an input.
  [[nodiscard]] std::int64_t copying() const;
};

/// y[o_1, ..., o_r] = x[sum_k stride_k source_k(o_k)], or 0 where an axis has no source: axes of
/// the output in their order, each of which runs along one of the input's that `x` is seen with.
/// Different entries of these are different entries of x, and all of x is seen.
struct IndexMap {
  struct Axis {
    AxisRule rule;
    std::int64_t stride = 1;
  };
  std::vector<Axis> axes;

  /// The identity of an array of these sizes; its rules may be replaced.
  static IndexMap in_order(std::span<const std::int64_t> sizes);
  /// The axes of an array of these sizes in another order.
  static IndexMap permuted(std::span<const std::int64_t> sizes, std::span<const int> order);

  /// Whether all outputs copy different inputs, and each one is copied.
  [[nodiscard]] bool is_bijection() const;
  [[nodiscard]] std::int64_t outputs() const;
  /// Outputs that copy an input.
  [[nodiscard]] Magnitude copying() const;
  /// The input that each output copies, or AxisRule::nothing.
  [[nodiscard]] std::vector<std::int64_t> sources() const;
};

/// The largest number of outputs that copy one input where the maps act one behind the other, at
/// least 1. Exact for one map, and where all act along the same axes or the arrays are small; else
/// the product of those of each map, which is never below.
Magnitude largest_copies(std::span<const IndexMap> run);

/// Whether each position of the output is known to copy entries of one position of the input, each
/// of them once.
bool keeps_positions(const IndexMap& map, const Shape& input, const Shape& output);

/// Whether both are matrices of the same rows in the same order, along the last axis.
bool keeps_rows(const IndexMap& map, const Shape& input, const Shape& output);

/// The constants of a run of index maps, composed into one: l = ||grad a(0)|| is the root of the
/// largest number of copies of an input, as A^T A = diag(copies).
/// `keep_positions`, `keep_rows`: each of them does.
MapConstants index_map_constants(std::span<const IndexMap> run, bool keep_positions,
                                 bool keep_rows);

}  // namespace smoothbound
