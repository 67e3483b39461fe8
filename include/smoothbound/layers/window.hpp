// The geometry of sliding windows, which convolutions and poolings share.
#pragma once

#include <cstdint>

#include "smoothbound/layers/settings.hpp"
#include "smoothbound/rules/magnitude.hpp"
#include "smoothbound/rules/position_classes.hpp"
#include "smoothbound/text/shape.hpp"

namespace smoothbound {

/// A window along one axis: output o reads the inputs o * stride + t * dilation - pad_before,
/// t = 0 .. kernel - 1; those outside of the input are zeros.
struct AxisWindow {
  std::int64_t input = 1;
  std::int64_t output = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_before = 0;
  std::int64_t pad_behind = 0;  // that belong to the input, whether a window reaches them or not

  /// The input that tap `tap` of output `position` reads; outside of [0, input) are zeros.
  [[nodiscard]] std::int64_t place(std::int64_t position, std::int64_t tap) const {
    return position * stride + tap * dilation - pad_before;
  }
  /// Zeros behind the input that windows reach.
  [[nodiscard]] std::int64_t pad_after() const {
    const std::int64_t last = place(output - 1, kernel - 1);
    return last < input ? 0 : last - input + 1;
  }
  /// The number of pairs (o, t) that read an input and not a zero around it: exact unless kernel
  /// and output both exceed 2^20, else of all pairs.
  [[nodiscard]] Magnitude taps() const;
  /// The largest number of taps of an output that read an input and not a zero around it: exact,
  /// but for more than 2^16 outputs without one whose taps all do, of which it is an upper bound.
  [[nodiscard]] std::int64_t largest_patch() const;
  /// The largest number of pairs (o, t) that read one input: exact, in O(kernel) at most.
  [[nodiscard]] std::int64_t largest_overlap() const;
  /// What each output reads, or nothing if there are too many positions to divide.
  [[nodiscard]] AxisReads reads() const;
  /// What each position of the input is read by, as if it were an output: of transposed windows.
  [[nodiscard]] AxisReads readers() const;
  [[nodiscard]] bool may_be_divided() const {
    return input <= most_divided_positions && output <= most_divided_positions;
  }
};

/// Window settings of a component.
struct Window {
  Extent kernel = Extent::uniform(1);
  Extent stride{};  // not given: see `stride_is_kernel`
  Extent dilation = Extent::uniform(1);
  Padding padding{};
  bool stride_is_kernel = false;
  bool ceil = false;  // a last window that hangs over the end, if it begins before it

  /// The window along `axis` of `input`; throws ShapeError if the kernel exceeds the padded input,
  /// a list has the wrong length or a size overflows. A window that `ceil` adds begins in the input
  /// or in the zeros before it.
  [[nodiscard]] AxisWindow along(const Shape& input, int axis) const;
  /// `channels` by the number of positions along each axis; throws ShapeError as `along` does.
  [[nodiscard]] Shape output_shape(const Shape& input, std::int64_t channels) const;
  /// The product of the axes' largest overlaps: how many patches contain one input position.
  [[nodiscard]] std::int64_t largest_overlap(const Shape& input) const;
  /// The product of the axes' largest patches: how many input positions an output reads at most.
  [[nodiscard]] std::int64_t largest_patch(const Shape& input) const;
  /// How often patches read positions of a channel, zeros around the input left out.
  [[nodiscard]] Magnitude taps(const Shape& input) const;
  /// What the positions of the output read.
  [[nodiscard]] PositionReads reads(const Shape& input) const;
  /// Positions in a patch.
  [[nodiscard]] std::int64_t patch_size(int spatial_rank) const;
  /// Whether each patch is a position of the input: a kernel of 1 and no zeros around it.
  [[nodiscard]] bool is_pointwise() const;
};

/// "the height": what messages call a spatial axis of `input`.
std::string_view axis_name(const Shape& input, int axis);

/// Throws ShapeError if `extent`, the setting `name`, is a list that does not fit the axes of
/// `input`.
void require_fit(const Shape& input, std::string_view name, const Extent& extent);

/// The number of positions that a kernel spans; throws ShapeError if it overflows.
std::int64_t span_of(std::int64_t kernel, std::int64_t dilation);

/// Throws ShapeError unless `input` has spatial axes; `component` names it.
void require_spatial(const Shape& input, std::string_view component);

}  // namespace smoothbound
