#include "onnx_windows.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "onnx_program.hpp"
#include "smoothbound/text/shape.hpp"

namespace smoothbound::testing::onnx {

std::string list(const Sizes& sizes) { return fmt::format("[{}]", fmt::join(sizes, ", ")); }

Attribute attribute_of(const Node& node, const std::string& name) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? Attribute{} : found->second;
}

// Of the three kinds of padding the one that reads what ONNX says.
std::string WindowSettings::text(const Sizes& kernel, bool is_pooling) const {
  const std::size_t axes = kernel.size();
  if (std::ssize(kernel) > Shape::most_spatial_axes) throw Inexpressible::many_axes;
  const auto or_ones = [&](Sizes sizes) { return sizes.empty() ? Sizes(axes, 1) : sizes; };
  const Sizes strides = or_ones(attribute_of(*node_, "strides").integers);
  const Sizes dilations = or_ones(attribute_of(*node_, "dilations").integers);
  if (is_pooling && dilations != Sizes(axes, 1)) throw Inexpressible::dilated_pooling;
  Sizes before = attribute_of(*node_, "pads").integers;
  before.resize(axes);
  const bool same = attribute_of(*node_, "auto_pad").text.starts_with("SAME");
  const bool lower = attribute_of(*node_, "auto_pad").text == "SAME_LOWER";
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::int64_t size = input_[axis + 2];
    const std::int64_t output = output_[axis + 2];
    const std::int64_t reach =
        (output - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1;
    const std::int64_t total = std::max<std::int64_t>(reach - size, 0);
    if (same) before[axis] = lower ? total - total / 2 : total / 2;
  }
  const bool ceil = attribute_of(*node_, "ceil_mode").integer != 0;
  const std::string text =
      fmt::format("kernel: {}, stride: {}{}", list(kernel), list(strides),
                  is_pooling ? fmt::format(", ceil: {}", ceil) : ", dilation: " + list(dilations));
  bool is_same = true;
  bool is_symmetric = true;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::int64_t size = input_[axis + 2];
    const std::int64_t output = output_[axis + 2];
    const std::int64_t span = (kernel[axis] - 1) * dilations[axis] + 1;
    const std::int64_t total =
        std::max<std::int64_t>((output - 1) * strides[axis] + span - size, 0);
    is_same = is_same && output == (size + strides[axis] - 1) / strides[axis] &&
              before[axis] == total / 2;
    const std::int64_t left = size + 2 * before[axis] - span + (ceil ? strides[axis] - 1 : 0);
    is_symmetric = is_symmetric && output == left / strides[axis] + 1;
  }
  if (is_symmetric) return text + ", padding: " + list(before);
  if (is_same) return text + ", padding: same";
  throw Inexpressible::asymmetric_padding;
}

// By ONNX the sizes of the output say how much is cut or added in all.
std::string WindowSettings::of_transposed(const Sizes& kernel) const {
  const std::size_t axes = kernel.size();
  const auto or_else = [&](Sizes sizes, std::int64_t otherwise) {
    return sizes.empty() ? Sizes(axes, otherwise) : sizes;
  };
  const Sizes strides = or_else(attribute_of(*node_, "strides").integers, 1);
  const Sizes dilations = or_else(attribute_of(*node_, "dilations").integers, 1);
  const Sizes given = or_else(attribute_of(*node_, "pads").integers, 0);
  Sizes before(axes);
  Sizes behind = or_else(attribute_of(*node_, "output_padding").integers, 0);
  const bool automatic = attribute_of(*node_, "auto_pad").text.starts_with("SAME");
  bool is_same = true;
  bool is_symmetric = true;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::int64_t size = input_[axis + 2];
    const std::int64_t output = output_[axis + 2];
    const std::int64_t span = (kernel[axis] - 1) * dilations[axis] + 1;
    const std::int64_t total = (size - 1) * strides[axis] + span + behind[axis] - output;
    before[axis] = automatic ? std::max<std::int64_t>(total, 0) / 2 : given[axis];
    is_same = is_same && output == size * strides[axis] &&
              before[axis] == std::max<std::int64_t>(span - strides[axis], 0) / 2;
    behind[axis] += 2 * before[axis] - total;
    is_symmetric = is_symmetric && behind[axis] >= 0;
  }
  const std::string text = fmt::format("kernel: {}, stride: {}, dilation: {}", list(kernel),
                                       list(strides), list(dilations));
  if (is_same) return text + ", padding: same";
  if (!is_symmetric) throw Inexpressible::asymmetric_padding;
  return fmt::format("{}, padding: {}, output_padding: {}", text, list(before), list(behind));
}

}  // namespace smoothbound::testing::onnx
