// Windows that move over positions: what convolutions and poolings of ONNX have in common.
#pragma once

#include "translator.hpp"

namespace smoothbound::models::onnx {

/// The longest kernel, stride or dilation, and the most positions that are added at an end: with an
/// array that `shape_of` allows no sum of them overflows.
inline constexpr std::int64_t most_extent = std::int64_t{1} << 20U;
inline constexpr std::int64_t most_padding = std::int64_t{1} << 31U;

/// A step whose output is [channels, positions...].
struct SpatialInput {
  StepId step;
  Shape shape;
};
/// `view` [1, channels, ...] with so many axes of positions as such; throws SpecError.
SpatialInput spatial_input(Translator& translator, const Node& node, const View& view,
                           std::size_t spatial_rank);
/// The output of a step with these sizes as [1, sizes...].
View of_sample(StepId step, const Sizes& sizes);

struct Padding {
  Sizes before;
  Sizes after;
  [[nodiscard]] bool is_symmetric() const { return before == after; }
  [[nodiscard]] bool is_zero() const;
};
/// `pads`, in front and behind of so many axes of positions; empty if it is not given.
Sizes pads_of(const Node& node, std::size_t rank);
/// `pads` or `auto_pad`.
Padding padding_of(const Node& node, const Shape& input, const Sizes& kernel, const Sizes& stride,
                   const Sizes& dilation);
/// Adds the setting `padding`, or a step that pads, where that is not the same in front and behind;
/// returns what is to be read.
StepId padded(Translator& translator, const Node& node, StepId input, const Padding& padding,
              std::vector<Setting>& settings);
/// Windows of that extent that fit; throws SpecError if there is none.
std::int64_t windows_along(std::int64_t size, std::int64_t extent, std::int64_t stride);
/// An attribute with a number for each axis.
Sizes per_axis(const Node& node, std::string_view attribute, std::size_t rank,
               std::int64_t otherwise);

}  // namespace smoothbound::models::onnx
