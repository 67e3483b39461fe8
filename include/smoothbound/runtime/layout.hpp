// How the scalars of a stacked batch lie in memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "smoothbound/text/shape.hpp"

namespace smoothbound {

/// Channels in blocks: sample, block of channels, position, channel in its block, the last one
/// fastest. A block of 1 is plain (channels first), a block of all channels is channels last.
/// Blocks divide the channels, so nothing is padded.
struct Layout {
  std::int64_t channel_block = 1;
  friend bool operator==(const Layout&, const Layout&) = default;
};

constexpr Layout plain_layout{};

/// A stacked batch: its shape and where each scalar lies.
struct BatchShape {
  Shape sample;
  std::int64_t batch = 1;
  Layout layout;

  [[nodiscard]] std::int64_t elements() const { return batch * sample.elements(); }
  /// Place of a scalar: sample n, channel c, position p.
  [[nodiscard]] std::int64_t offset(std::int64_t n, std::int64_t c, std::int64_t p) const {
    const std::int64_t block = layout.channel_block;
    const std::int64_t positions = sample.positions();
    return n * sample.elements() + (c / block * positions + p) * block + c % block;
  }
  /// Distance of neighbouring positions of a channel.
  [[nodiscard]] std::int64_t position_stride() const { return layout.channel_block; }
  friend bool operator==(const BatchShape&, const BatchShape&) = default;
};

}  // namespace smoothbound
