#include "smoothbound/layers/conv.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smoothbound {

void Conv::visit_settings(SettingsVisitor& visitor) {
  visitor.count({.name = "filters", .description = "number of output channels", .required = true},
                filters);
  visitor.extent({.name = "kernel", .description = "size of a patch", .required = true},
                 window.kernel);
  visitor.extent({.name = "stride", .description = "distance of neighbouring patches; default: 1"},
                 window.stride);
  visitor.padding({.name = "padding", .description = "zeros around the input"}, window.padding);
  visitor.extent({.name = "dilation", .description = "distance of a patch's neighbours"},
                 window.dilation);
  visitor.count({.name = "groups", .description = "independent groups of channels"}, groups);
  visitor.count({.name = "inputs", .description = "declared number of input channels, checked"},
                inputs);
}

Shape Conv::output_shape(std::span<const Shape> shapes) const {
  const Shape& input = shapes.front();
  if (!window.is_pointwise()) require_spatial(input, "conv");
  if (inputs && *inputs != input.channels()) {
    throw ShapeError(fmt::format("conv declares {} input channels but gets {} ({})", *inputs,
                                 input.channels(), input.to_text()),
                     fmt::format("write inputs: {}, or leave it out", input.channels()));
  }
  if (input.channels() % groups != 0 || filters % groups != 0) {
    throw ShapeError(fmt::format("{} groups do not divide {} input channels and {} filters", groups,
                                 input.channels(), filters),
                     "groups must divide both");
  }
  return window.output_shape(input, filters);
}

std::optional<OwnBlock> Conv::block(const Site& site) const {
  const char* const what = "the number of parameters";
  const std::int64_t fan_in = checked_product(site.input().channels() / groups,
                                              window.patch_size(site.input().spatial_rank()), what);
  OwnBlock own{checked_sum(checked_product(fan_in, filters, what), bias ? filters : 0, what), {}};
  own.form = {filters, groups, bias ? 1 : 0};
  for (int axis = 0; axis < site.input().spatial_rank(); ++axis) {
    own.form[static_cast<std::size_t>(axis) + 3] = window.kernel[axis];
  }
  return own;
}

Work Conv::work(const Site& site) const {
  const std::int64_t fan_in = checked_product(site.input().channels() / groups,
                                              window.patch_size(site.input().spatial_rank()),
                                              "the number of weights of a filter");
  return patch_work({filters, site.output.positions(), fan_in, groups, bias}, site.batch);
}

Parts Conv::parts(const Site& site, Method method) const {
  AffineConstants b;
  const Magnitude patches = Magnitude::from_count(site.output.positions());
  if (method == Method::paper) {
    b.bilinear = {square_root(patches), "sqrt(patches)", "appendix B.3"};
  } else {
    b.bilinear = {square_root(Magnitude::from_count(window.largest_overlap(site.input()))),
                  "sqrt(q), q = most patches that share an input position",
                  "sum_k ||P_k z||^2 <= q ||z||^2"};
  }
  if (bias) {
    b.linear_parameters = {square_root(patches * Magnitude::from_count(site.batch)),
                           "sqrt(patches batch)",
                           "the bias stands once for each patch and sample, appendix B.3"};
  } else {
    b.linear_parameters.source = "no bias";
  }
  // An output is |w_j^T P_k z + w0_j| <= ||(w_j, w0_j)|| sqrt(||P_k z||^2 + 1): a patch reads each
  // scalar at most once.
  const Magnitude one = Magnitude::from_count(1);
  const Magnitude taps = square_root(Magnitude::from_count(window.largest_patch(site.input())));
  Reading reads = reading_of(per_sample);
  reads[per_token] = taps;
  reads[maximum] =
      square_root(Magnitude::from_count(site.input().channels() / groups) *
                  Magnitude::from_count(window.patch_size(site.input().spatial_rank())));
  b.of_sample = AffineOfSample{bias ? roots_of_positions(site.output) : Repeated{}, {}, taps};
  if (method == Method::sharp) b.of_sample->positions = window.reads(site.input());
  b.at_maximum = AffineAtLevel{reads, one, bias ? one : Magnitude(), {}, {}};
  if (is_row_per_channel(site.output)) b.at_rows = b.at_maximum;
  return Part(b);
}

}  // namespace smoothbound
