// The patches of poolings.
#pragma once

#include <algorithm>
#include <utility>

#include "array.hpp"
#include "pool.hpp"

namespace smoothbound::kernels {

/// Goes over outputs and their patches: the channels of a block lie side by side in both.
class Patches {
 public:
  explicit Patches(PoolGeometry g) : g_(std::move(g)) {}

  Layout plan(std::span<Layout> inputs) {
    // Blocks divide the channels, which input and output share.
    block_ = inputs.front().channel_block;
    return inputs.front();
  }
  [[nodiscard]] const PoolGeometry& geometry() const { return g_; }
  [[nodiscard]] std::int64_t block() const { return block_; }
  /// Inputs of the largest patch.
  [[nodiscard]] std::int64_t largest() const {
    std::int64_t product = 1;
    for (const PoolAxis& axis : g_.axes) {
      std::int64_t size = 1;
      for (const PatchRange& range : axis.outputs) size = std::max(size, range.end - range.begin);
      product *= size;
    }
    return product;
  }
  [[nodiscard]] std::int64_t outputs() const { return g_.batch * g_.output.elements(); }
  [[nodiscard]] std::int64_t inputs() const { return g_.batch * g_.input.elements(); }

  // For each block of channels of a sample, in parallel: body(slice), then its outputs in order by
  // `each_output`.
  template <class Body>
  void each_slice(const Body& body) const {
    const std::int64_t slices = g_.batch * g_.input.channels() / block_;
    const std::int64_t size = g_.input.positions() * block_;
    parallel_for(slices, 1 + array_grain / size, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t slice = begin; slice < end; ++slice) body(slice);
    });
  }
  [[nodiscard]] std::int64_t input_place(std::int64_t slice) const {
    return slice * g_.input.positions() * block_;
  }
  [[nodiscard]] std::int64_t output_place(std::int64_t slice) const {
    return slice * g_.output.positions() * block_;
  }
  // begin(output offset, divisor), then tap(output offset, input offset) for each input of its
  // patch.
  template <class Begin, class Tap>
  void each_output(const Begin& begin, const Tap& tap) const {
    const auto& [depths, rows, columns] = g_.axes;
    std::int64_t place = 0;
    for (const PatchRange& depth : depths.outputs) {
      for (const PatchRange& row : rows.outputs) {
        for (const PatchRange& column : columns.outputs) {
          begin(place, depth.divisor * row.divisor * column.divisor);
          each_input(depth, row, column, [&](std::int64_t input) { tap(place, input); });
          place += block_;
        }
      }
    }
  }
  // Of blocks of one channel: patch(output offset, divisor, visit), where visit(tap) calls
  // tap(input offset) for each input of the patch.
  template <class Patch>
  void each_patch(const Patch& patch) const {
    const auto& [depths, rows, columns] = g_.axes;
    std::int64_t place = 0;
    for (const PatchRange& depth : depths.outputs) {
      for (const PatchRange& row : rows.outputs) {
        const std::int64_t before = depth.divisor * row.divisor;
        for (const PatchRange& column : columns.outputs) {
          patch(place++, before * column.divisor,
                [&](const auto& tap) { each_input(depth, row, column, tap); });
        }
      }
    }
  }
  /// The largest number of patches that read one input.
  [[nodiscard]] std::int64_t largest_overlap() const {
    std::int64_t product = 1;
    for (const PoolAxis& axis : g_.axes) {
      std::vector<std::int64_t> readers(static_cast<std::size_t>(axis.input));
      for (const PatchRange& range : axis.outputs) {
        for (std::int64_t i = range.begin; i < range.end; ++i)
          ++readers[static_cast<std::size_t>(i)];
      }
      product *= *std::max_element(readers.begin(), readers.end());
    }
    return product;
  }

 private:
  template <class Body>
  void each_input(const PatchRange& depth, const PatchRange& row, const PatchRange& column,
                  const Body& body) const {
    const std::int64_t rows = g_.axes[1].input;
    const std::int64_t columns = g_.axes[2].input;
    for (std::int64_t h = depth.begin; h < depth.end; ++h) {
      for (std::int64_t i = row.begin; i < row.end; ++i) {
        const std::int64_t before = (h * rows + i) * columns;
        for (std::int64_t j = column.begin; j < column.end; ++j) body((before + j) * block_);
      }
    }
  }

  PoolGeometry g_;
  std::int64_t block_ = 1;
};

/// The rule of enclosures of the largest entry of each patch.
std::unique_ptr<TaylorRule> max_pool_rule(const Patches& patches);

}  // namespace smoothbound::kernels
