#include "padding.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace smoothbound::models::onnx {

std::string extent_text(const Sizes& sizes) {
  const bool is_uniform =
      std::ranges::all_of(sizes, [&](std::int64_t size) { return size == sizes.front(); });
  return is_uniform ? std::to_string(sizes.front()) : yaml_list(sizes);
}

SpatialInput spatial_input(Translator& translator, const Node& node, const View& view,
                           std::size_t spatial_rank) {
  if (view.rank() != spatial_rank + 2 || view.sizes[0] != 1) {
    refuse(fmt::format("it reads an array [{}] and has {} axes of positions",
                       fmt::join(view.sizes, ", "), spatial_rank),
           "it reads [batch, channels, positions...]");
  }
  AxisList order(view.rank() - 1);
  std::iota(order.begin(), order.end(), 1);
  const Shape shape = shape_of({view.sizes.begin() + 1, view.sizes.end()});
  return {translator.arranged(view, order, shape, node), shape};
}

View of_sample(StepId step, const Sizes& sizes) {
  Sizes all{1};
  all.insert(all.end(), sizes.begin(), sizes.end());
  return in_order(step, std::move(all), 0);
}

bool Padding::is_zero() const {
  const auto zero = [](std::int64_t size) { return size == 0; };
  return std::ranges::all_of(before, zero) && std::ranges::all_of(after, zero);
}

Sizes per_axis(const Node& node, std::string_view attribute, std::size_t rank,
               std::int64_t otherwise) {
  Sizes values = node.integers(attribute);
  if (values.empty()) values.assign(rank, otherwise);
  const std::int64_t least = otherwise == 0 ? 0 : 1;
  if (values.size() != rank || std::ranges::any_of(values, [&](std::int64_t value) {
        return value < least || value > most_extent;
      })) {
    refuse(fmt::format("{} is [{}], with {} axes of positions", attribute, fmt::join(values, ", "),
                       rank),
           "is the file complete?");
  }
  return values;
}

Sizes pads_of(const Node& node, std::size_t rank) {
  Sizes pads = node.integers("pads");
  if (!pads.empty() && (pads.size() != 2 * rank || std::ranges::any_of(pads, [](std::int64_t pad) {
                          return pad < 0 || pad > most_padding;
                        }))) {
    refuse(fmt::format("pads are [{}], with {} axes of positions", fmt::join(pads, ", "), rank),
           "one in front for each axis, then one behind, none below 0");
  }
  return pads;
}

Padding padding_of(const Node& node, const Shape& input, const Sizes& kernel, const Sizes& stride,
                   const Sizes& dilation) {
  const std::size_t rank = kernel.size();
  Padding padding{Sizes(rank, 0), Sizes(rank, 0)};
  const std::string_view automatic = node.text("auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const std::int64_t size = input.spatial(static_cast<int>(axis));
      const std::int64_t windows = ceiling_of(size, stride[axis]);
      const std::int64_t extent = dilation[axis] * (kernel[axis] - 1) + 1;
      const std::int64_t total =
          std::max<std::int64_t>((windows - 1) * stride[axis] + extent - size, 0);
      padding.before[axis] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
      padding.after[axis] = total - padding.before[axis];
    }
    return padding;
  }
  if (automatic != "NOTSET" && automatic != "VALID" && !automatic.empty()) {
    refuse(fmt::format("auto_pad is '{}'", automatic),
           "it is NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  }
  const Sizes pads = automatic == "VALID" ? Sizes{} : pads_of(node, rank);
  if (pads.empty()) return padding;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    padding.before[axis] = pads[axis];
    padding.after[axis] = pads[axis + rank];
  }
  return padding;
}

StepId padded(Translator& translator, const Node& node, StepId input, const Padding& padding,
              std::vector<Setting>& settings) {
  if (padding.is_zero()) return input;
  if (padding.is_symmetric()) {
    settings.push_back({"padding", extent_text(padding.before)});
    return input;
  }
  const Shape& shape = translator.network().shape(input);
  Sizes sizes{shape.channels()};
  for (std::size_t axis = 0; axis < padding.before.size(); ++axis) {
    sizes.push_back(shape.spatial(static_cast<int>(axis)) + padding.before[axis] +
                    padding.after[axis]);
  }
  return translator.map(
      input, "pad",
      {{"before", extent_text(padding.before)}, {"after", extent_text(padding.after)}},
      shape_of(sizes), node);
}

std::int64_t windows_along(std::int64_t size, std::int64_t extent, std::int64_t stride) {
  if (size < extent) {
    refuse(fmt::format("a window of {} does not fit into {} positions", extent, size),
           "is the size of the input that of the network?");
  }
  return (size - extent) / stride + 1;
}

}  // namespace smoothbound::models::onnx
