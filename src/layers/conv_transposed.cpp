#include "smoothbound/layers/conv_transposed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace smoothbound {

void ConvTransposed::visit_settings(SettingsVisitor& visitor) {
  visitor.count({.name = "filters", .description = "number of output channels", .required = true},
                filters);
  visitor.extent({.name = "kernel", .description = "size of a patch of outputs", .required = true},
                 window.kernel);
  visitor.extent({.name = "stride", .description = "distance of neighbouring patches; default: 1"},
                 window.stride);
  visitor.padding({.name = "padding",
                   .description = "positions that are taken away at both ends of the output"},
                  window.padding);
  visitor.extent({.name = "output_padding",
                  .description = "positions that are added behind the output; default: 0",
                  .smallest = 0},
                 output_padding);
  visitor.extent({.name = "dilation", .description = "distance of a patch's neighbours"},
                 window.dilation);
  visitor.count({.name = "groups", .description = "independent groups of channels"}, groups);
  visitor.count({.name = "inputs", .description = "declared number of input channels, checked"},
                inputs);
}

AxisWindow ConvTransposed::transposed_window(const Shape& input, int axis) const {
  const char* const what = "the size of the output";
  require_fit(input, "kernel", window.kernel);
  require_fit(input, "stride", window.stride);
  require_fit(input, "dilation", window.dilation);
  require_fit(input, "padding", window.padding.sizes);
  require_fit(input, "output_padding", output_padding);
  AxisWindow result;
  result.output = input.spatial(axis);
  result.kernel = window.kernel[axis];
  result.dilation = window.dilation[axis];
  result.stride = window.stride.is_given() ? window.stride[axis] : 1;
  const std::int64_t span = span_of(result.kernel, result.dilation);
  const std::int64_t behind = output_padding[axis];
  const std::int64_t starts = checked_product(result.output - 1, result.stride, what);
  const std::int64_t full = checked_sum(checked_sum(starts, span, what), behind, what);
  if (window.padding.kind == Padding::Kind::same) {
    if (behind != 0) {
      throw ShapeError("output_padding has no place with padding: same",
                       "the output has stride times as many positions as the input");
    }
    result.input = checked_product(result.output, result.stride, what);
    result.pad_before = std::max<std::int64_t>(span - result.stride, 0) / 2;
    return result;
  }
  if (behind >= std::max(result.stride, result.dilation) && behind != 0) {
    throw ShapeError(
        fmt::format("output_padding ({}) is not smaller than the stride ({}) or the dilation ({}) "
                    "along {}",
                    behind, result.stride, result.dilation, axis_name(input, axis)),
        "it chooses among the sizes that a convolution with that stride makes equal");
  }
  result.pad_before =
      window.padding.kind == Padding::Kind::explicit_sizes ? window.padding.sizes[axis] : 0;
  const std::int64_t cut = checked_product(2, result.pad_before, what);
  if (full <= cut) {
    throw ShapeError(fmt::format("padding ({}) takes away all {} positions of the output along {}",
                                 result.pad_before, full, axis_name(input, axis)),
                     "use less padding or a larger kernel");
  }
  result.input = full - cut;
  return result;
}

std::int64_t ConvTransposed::largest_overlap(const Shape& input) const {
  std::int64_t product = 1;
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    product *= transposed_window(input, axis).largest_overlap();
  }
  return product;
}

Shape ConvTransposed::output_shape(std::span<const Shape> shapes) const {
  const Shape& input = shapes.front();
  require_spatial(input, name());
  if (inputs && *inputs != input.channels()) {
    throw ShapeError(fmt::format("conv_transposed declares {} input channels but gets {} ({})",
                                 *inputs, input.channels(), input.to_text()),
                     fmt::format("write inputs: {}, or leave it out", input.channels()));
  }
  if (input.channels() % groups != 0 || filters % groups != 0) {
    throw ShapeError(fmt::format("{} groups do not divide {} input channels and {} filters", groups,
                                 input.channels(), filters),
                     "groups must divide both");
  }
  std::array<std::int64_t, Shape::largest_rank> sizes{filters};
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    sizes[static_cast<std::size_t>(axis) + 1] = transposed_window(input, axis).input;
  }
  return Shape(std::span(sizes).first(static_cast<std::size_t>(input.rank())));
}

std::optional<OwnBlock> ConvTransposed::block(const Site& site) const {
  const char* const what = "the number of parameters";
  const std::int64_t fan_out =
      checked_product(filters / groups, window.patch_size(site.input().spatial_rank()), what);
  const std::int64_t weights = checked_product(fan_out, site.input().channels(), what);
  OwnBlock own{checked_sum(weights, bias ? filters : 0, what), {}};
  own.form = {filters, groups, bias ? 1 : 0};
  for (int axis = 0; axis < site.input().spatial_rank(); ++axis) {
    own.form[static_cast<std::size_t>(axis) + 3] = window.kernel[axis];
  }
  return own;
}

// As the convolution of which it is the transpose: each tap of each of its patches is multiplied,
// those at zeros around its input, here what padding takes away, too.
Work ConvTransposed::work(const Site& site) const {
  const char* const what = "the number of weights of a filter";
  const std::int64_t taps = window.patch_size(site.input().spatial_rank());
  const std::int64_t channels = site.input().channels();
  Work work = patch_work({.filters = channels,
                          .positions = site.input().positions(),
                          .fan_in = checked_product(filters / groups, taps, what),
                          .groups = groups,
                          .bias = false},
                         site.batch);
  if (bias) work.sparsity.linear_parameters = output_scalars(site);
  work.patches = {.filters = filters,
                  .positions = site.output.positions(),
                  .fan_in = checked_product(channels / groups, taps, what),
                  .groups = groups,
                  .bias = bias,
                  .by_input = true};
  return work;
}

Parts ConvTransposed::parts(const Site& site, Method method) const {
  AffineConstants b;
  if (method == Method::paper) {
    b.bilinear = {square_root(Magnitude::from_count(site.input().positions())),
                  "sqrt(input positions)", "one patch of outputs for each, as in appendix B.3"};
  } else {
    b.bilinear = {square_root(Magnitude::from_count(largest_overlap(site.input()))),
                  "sqrt(q), q = most pairs of an input and a tap that an output adds up",
                  "|y_o|^2 <= q sum |W_t z_i|^2, and each pair belongs to one output"};
  }
  if (bias) {
    b.linear_parameters = {square_root(Magnitude::from_count(site.output.positions()) *
                                       Magnitude::from_count(site.batch)),
                           "sqrt(positions batch)",
                           "the bias stands once for each output position and sample"};
  } else {
    b.linear_parameters.source = "no bias";
  }
  // An output adds up products of different taps with different inputs.
  const Magnitude one = Magnitude::from_count(1);
  const Magnitude pairs = Magnitude::from_count(largest_overlap(site.input()));
  Reading reads = reading_of(per_sample);
  reads[per_token] = square_root(pairs);
  reads[maximum] = square_root(pairs * Magnitude::from_count(site.input().channels() / groups));
  b.of_sample =
      AffineOfSample{bias ? roots_of_positions(site.output) : Repeated{}, {}, square_root(pairs)};
  if (method == Method::sharp) {
    PositionReads& positions = b.of_sample->positions;
    positions.kind = PositionReads::Kind::patch;
    for (int axis = 0; axis < site.input().spatial_rank(); ++axis) {
      positions.axes.push_back(transposed_window(site.input(), axis).readers());
    }
  }
  b.at_maximum = AffineAtLevel{reads, one, bias ? one : Magnitude(), {}, {}};
  if (is_row_per_channel(site.output)) b.at_rows = b.at_maximum;
  return Part(b);
}

}  // namespace smoothbound
