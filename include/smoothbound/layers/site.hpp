// Where a component stands in a network: all that its constants depend on besides its settings.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "smoothbound/rules/constants.hpp"
#include "smoothbound/text/shape.hpp"

namespace smoothbound {

/// Where a component may stand in an entry of 'layers'.
enum class Role : std::uint8_t {
  affine,      // first, as the entry's own key: a layer with parameters
  merge,       // first, with a list of inputs
  non_affine,  // in `then`
};

/// The shapes of one sample before and after a component, and the number of samples in a batch.
struct Site {
  std::span<const Shape> inputs;  // one, but for merges
  Shape output;
  std::int64_t batch = 1;

  [[nodiscard]] const Shape& input() const { return inputs.front(); }
};

/// Entries along the last axis, of which [n] as a matrix [n, 1] has one.
inline std::int64_t row_of(const Shape& shape) {
  return shape.rank() == 1 ? 1 : shape.sizes().back();
}
/// Whether a channel is one row: then the bound of an output, by the weights of its unit and the
/// largest input, is one of all of a row, and their squares add up to those of all weights.
inline bool is_row_per_channel(const Shape& shape) { return shape.positions() == row_of(shape); }

/// What the rules ask of a value's size.
inline Extents extents_of(const Shape& shape, std::int64_t batch) {
  return {batch, shape.positions(), shape.channels(), row_of(shape)};
}

/// Roots of the scalars of a sample, and of a position.
inline Repeated roots_of_scalars(const Shape& shape) {
  return {square_root(Magnitude::from_count(shape.elements())),
          square_root(Magnitude::from_count(shape.channels()))};
}
/// The same of positions: what stands once at each.
inline Repeated roots_of_positions(const Shape& shape) {
  return {square_root(Magnitude::from_count(shape.positions())), Magnitude::from_count(1)};
}

/// The parameter block that a component's affine part reads.
struct OwnBlock {
  std::int64_t elements = 0;
  std::optional<Real> radius;  // of its ball, where it is not the layer's
  /// What tells its arrays from those of another block of as many elements: sizes, and 1 for an
  /// array that is there. Blocks that layers share agree in it.
  std::array<std::int64_t, 6> form{};
  /// Of a block that is one matrix and nothing else, kept row by row: its sizes. Layers with
  /// components of different names may share it.
  std::optional<std::array<std::int64_t, 2>> matrix{};
};

}  // namespace smoothbound
