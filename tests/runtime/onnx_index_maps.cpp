#include "onnx_index_maps.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "smoothbound/text/shape.hpp"

namespace smoothbound::testing::onnx {
namespace {

using Sizes = std::vector<std::int64_t>;

class IndexMapNode {
 public:
  IndexMapNode(const Node& node, const std::vector<std::optional<Tensor>>& inputs,
               const Sizes& output)
      : node_(node), inputs_(inputs), output_(output) {
    for (const std::int64_t size : output) {
      if (size == 0) throw Inexpressible::empty_array;
    }
  }

  [[nodiscard]] MapText text() const {
    const std::string& name = node_.operation;
    if (name == "Reshape") return reshape();
    if (name == "Transpose") return transpose();
    if (name == "Slice") return slice();
    if (name == "Pad") return pad();
    if (name == "DepthToSpace") {
      const bool channel_slower = attribute("mode").text == "CRD";
      return blocks(channel_slower ? "pixel_shuffle" : "depth_to_space");
    }
    if (name == "SpaceToDepth") return blocks("space_to_depth");
    return resize();
  }

 private:
  [[nodiscard]] const Tensor& x() const { return *inputs_.front(); }
  [[nodiscard]] Attribute attribute(const std::string& name) const {
    const auto found = node_.attributes.find(name);
    return found == node_.attributes.end() ? Attribute{} : found->second;
  }
  // The numbers of an input, or in older versions of an attribute.
  [[nodiscard]] Sizes integers(std::size_t input, const std::string& name) const {
    if (input >= inputs_.size() || !inputs_[input]) return attribute(name).integers;
    Sizes numbers;
    for (const double value : inputs_[input]->values) numbers.push_back(std::llround(value));
    return numbers;
  }
  static std::string list(const Sizes& sizes) {
    return fmt::format("[{}]", fmt::join(sizes, ", "));
  }
  [[nodiscard]] Sizes sample() const {
    if (std::ssize(x().sizes) - 1 > Shape::largest_rank) throw Inexpressible::many_axes;
    return {x().sizes.begin() + 1, x().sizes.end()};
  }
  // The whole array as one sample.
  [[nodiscard]] MapText whole(std::string components) const {
    if (std::ssize(x().sizes) > Shape::largest_rank) throw Inexpressible::many_axes;
    return {1, x().sizes, std::move(components)};
  }
  [[nodiscard]] static std::vector<std::string> axis_names(std::size_t axes) {
    if (axes < 3) return {"channels", "length"};
    if (axes == 3) return {"channels", "height", "width"};
    return {"channels", "depth", "height", "width"};
  }

  [[nodiscard]] MapText reshape() const {
    if (std::ssize(output_) > Shape::largest_rank) throw Inexpressible::many_axes;
    const std::int64_t all =
        std::accumulate(output_.begin(), output_.end(), std::int64_t{1}, std::multiplies<>());
    return {1, {all}, fmt::format("reshape: {}", list(output_))};
  }
  [[nodiscard]] MapText transpose() const {
    Sizes order = attribute("perm").integers;
    if (order.empty()) {
      order.resize(x().sizes.size());
      std::iota(order.rbegin(), order.rend(), 0);
    }
    const auto names = axis_names(order.size());
    std::vector<std::string> named;
    for (const std::int64_t axis : order) {
      if (std::ssize(order) > Shape::largest_rank) throw Inexpressible::many_axes;
      named.push_back(names.at(static_cast<std::size_t>(axis)));
    }
    return whole(fmt::format("permute: [{}]", fmt::join(named, ", ")));
  }
  [[nodiscard]] MapText slice() const {
    const Sizes from = integers(1, "starts");
    const Sizes to = integers(2, "ends");
    Sizes axes = integers(3, "axes");
    Sizes steps = integers(4, "steps");
    if (axes.empty()) {
      axes.resize(from.size());
      std::iota(axes.begin(), axes.end(), 0);
    }
    steps.resize(from.size(), 1);
    const auto names = axis_names(x().sizes.size());
    std::string components;
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (steps[i] < 0) throw Inexpressible::backwards;
      const auto axis =
          static_cast<std::size_t>(axes[i] + (axes[i] < 0 ? std::ssize(x().sizes) : 0));
      const std::int64_t size = x().sizes.at(axis);
      const auto place = [&](std::int64_t p) {
        return std::clamp<std::int64_t>(p + (p < 0 ? size : 0), 0, size);
      };
      if (std::ssize(x().sizes) > Shape::largest_rank) throw Inexpressible::many_axes;
      components +=
          fmt::format("{}slice: {{axis: {}, from: {}, to: {}, step: {}}}", i == 0 ? "" : ", ",
                      names.at(axis), place(from[i]), place(to[i]), steps[i]);
    }
    return whole(components);
  }
  [[nodiscard]] MapText pad() const {
    Sizes pads = integers(1, "pads");
    const std::size_t rank = x().sizes.size();
    const std::string mode = attribute("mode").text;
    const double value =
        inputs_.size() > 2 && inputs_[2] ? inputs_[2]->values.front() : attribute("value").real;
    const bool is_constant = mode.empty() || mode == "constant";
    if (is_constant && value != 0) throw Inexpressible::other_constants;
    if (pads.at(0) != 0 || pads.at(1) != 0 || pads.at(rank) != 0 || pads.at(rank + 1) != 0) {
      throw Inexpressible::padded_channels;
    }
    const auto begin = pads.begin();
    const auto axes = static_cast<std::ptrdiff_t>(rank);
    return {x().sizes[0], sample(),
            fmt::format("pad: {{before: {}, after: {}, mode: {}}}", list({begin + 2, begin + axes}),
                        list({begin + axes + 2, pads.end()}),
                        is_constant      ? "zero"
                        : mode == "edge" ? "replicate"
                                         : mode)};
  }
  [[nodiscard]] MapText blocks(std::string_view component) const {
    return {x().sizes[0], sample(),
            fmt::format("{}: {}", component, attribute("blocksize").integer)};
  }

  // Of Resize and Upsample, where positions are those of the component.
  [[nodiscard]] MapText resize() const {
    const std::string mode = attribute("mode").text;
    const bool linear = mode == "linear";
    if (!linear && !mode.empty() && mode != "nearest") throw Inexpressible::other_interpolation;
    for (std::size_t axis = 0; axis < output_.size(); ++axis) {
      for (std::int64_t o = 0; o < output_[axis]; ++o) {
        const double size = static_cast<double>(x().sizes[axis]);
        const double place = position(axis, o);
        if (linear ? std::fabs(std::clamp(place, 0.0, size - 1) - our_position(axis, o)) > 1e-12
                   : nearest(place, size) !=
                         std::floor(static_cast<double>(o * x().sizes[axis] / output_[axis]))) {
          throw Inexpressible::other_interpolation;
        }
      }
    }
    return {x().sizes[0], sample(),
            fmt::format("upsample: {{size: {}, mode: {}, align_corners: {}}}",
                        list({output_.begin() + 2, output_.end()}), linear ? "bilinear" : "nearest",
                        linear && aligns_corners())};
  }
  [[nodiscard]] bool aligns_corners() const {
    return attribute("coordinate_transformation_mode").text == "align_corners";
  }
  // Where ONNX puts output o.
  [[nodiscard]] double position(std::size_t axis, std::int64_t o) const {
    const std::string coordinates = node_.operation == "Upsample"
                                        ? "asymmetric"
                                        : attribute("coordinate_transformation_mode").text;
    const auto n = static_cast<double>(x().sizes[axis]);
    const auto m = static_cast<double>(output_[axis]);
    const auto place = static_cast<double>(o);
    const std::size_t input = node_.operation == "Upsample" ? 1 : 2;
    const bool scaled = inputs_.size() > input && inputs_[input] && !inputs_[input]->values.empty();
    const double scale = scaled ? inputs_[input]->values[axis] : m / n;
    if (coordinates.empty() || coordinates == "half_pixel") return (place + 0.5) / scale - 0.5;
    if (coordinates == "pytorch_half_pixel") return m > 1 ? (place + 0.5) / scale - 0.5 : 0;
    // The size before it is rounded.
    if (coordinates == "align_corners") return m > 1 ? place * (n - 1) / (scale * n - 1) : 0;
    if (coordinates == "asymmetric") return place / scale;
    throw Inexpressible::other_interpolation;
  }
  [[nodiscard]] double our_position(std::size_t axis, std::int64_t o) const {
    const auto n = static_cast<double>(x().sizes[axis]);
    const auto m = static_cast<double>(output_[axis]);
    const auto place = static_cast<double>(o);
    const double x = !aligns_corners() ? (place + 0.5) * n / m - 0.5
                     : m > 1           ? place * (n - 1) / (m - 1)
                                       : 0;
    return std::clamp(x, 0.0, n - 1);
  }
  [[nodiscard]] double nearest(double place, double size) const {
    const std::string rounding =
        node_.operation == "Upsample" ? "floor" : attribute("nearest_mode").text;
    const double entry = rounding == "floor"               ? std::floor(place)
                         : rounding == "ceil"              ? std::ceil(place)
                         : rounding == "round_prefer_ceil" ? std::floor(place + 0.5)
                                                           : std::ceil(place - 0.5);
    return std::clamp(entry, 0.0, size - 1);
  }

  const Node& node_;
  const std::vector<std::optional<Tensor>>& inputs_;
  const Sizes& output_;
};

}  // namespace

MapText index_map_text(const Node& node, const std::vector<std::optional<Tensor>>& inputs,
                       const std::vector<std::int64_t>& output) {
  return IndexMapNode(node, inputs, output).text();
}

}  // namespace smoothbound::testing::onnx
