#include "smoothbound/layers/conv.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "smoothbound/runtime/conv.hpp"
#include "smoothbound/runtime/operator_norm.hpp"

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
  require_spatial(input, "conv");
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

std::int64_t Conv::parameter_count(const Site& site) const {
  const char* const what = "the number of parameters";
  const std::int64_t fan_in = checked_product(site.input().channels() / groups,
                                              window.patch_size(site.input().spatial_rank()), what);
  return checked_sum(checked_product(fan_in, filters, what), bias ? filters : 0, what);
}

Work Conv::work(const Site& site) const {
  const std::int64_t fan_in = checked_product(site.input().channels() / groups,
                                              window.patch_size(site.input().spatial_rank()),
                                              "the number of weights of a filter");
  return patch_work({filters, site.output.positions(), fan_in, groups, bias}, site.batch);
}

Steps Conv::steps(const Site& site, Method method) const {
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
  return Step(b);
}

namespace {

// The weights of a group of filters: filter, channel, tap, the last one fastest.
struct Filters {
  std::span<const double> weights;
  std::int64_t filters;
  std::int64_t channels;
  std::int64_t taps;

  // The matrices (filter, channel) of all taps, one below the other.
  [[nodiscard]] std::vector<double> tap_by_tap() const {
    std::vector<double> result(weights.size());
    auto to = result.begin();
    for (std::int64_t t = 0; t < taps; ++t) {
      for (std::int64_t row = 0; row < filters * channels; ++row) {
        *to++ = weights[static_cast<std::size_t>(row * taps + t)];
      }
    }
    return result;
  }
};

// The norm of z -> w * z, section 6 of docs/theory.md, where an input position belongs to at most
// `overlap` patches.
Magnitude filter_norm(const Filters& w, std::int64_t overlap) {
  const Magnitude root_overlap = square_root(Magnitude::from_count(overlap));
  const std::int64_t patch = w.channels * w.taps;
  const Magnitude by_patches = root_overlap * operator_norm_bound(w.weights, w.filters, patch);
  if (w.taps == 1) return by_patches;
  // Rows are filters at all taps, columns channels: the transposed map reads patches of outputs.
  const std::vector<double> stacked = w.tap_by_tap();
  const Magnitude root_taps = square_root(Magnitude::from_count(w.taps));
  const Magnitude by_outputs =
      root_taps * operator_norm_bound(stacked, w.filters * w.taps, w.channels);
  const Magnitude row = absolute_sums(w.weights, w.filters, patch).row;
  const Magnitude column = absolute_sums(stacked, w.filters * w.taps, w.channels).column;
  // Each tap is a matrix that acts on some of the inputs, each of them once.
  constexpr std::int64_t most_gram = 128;  // there may be many taps
  Magnitude tap_sum;
  const auto size = static_cast<std::size_t>(w.filters * w.channels);
  for (std::size_t first = 0; first < stacked.size(); first += size) {
    tap_sum += operator_norm_bound(std::span(stacked).subspan(first, size), w.filters, w.channels,
                                   most_gram);
  }
  return std::min({by_patches, by_outputs, square_root(row * column), tap_sum});
}

}  // namespace

BlockAtPoint Conv::block_at_point(const Site& site, std::span<const double> v) const {
  const std::int64_t taps = window.patch_size(site.input().spatial_rank());
  const std::int64_t channels = site.input().channels() / groups;
  const std::int64_t overlap = window.largest_overlap(site.input());
  const auto size = static_cast<std::size_t>(filters / groups * channels * taps);
  const std::size_t weights = size * static_cast<std::size_t>(groups);
  // Groups read and write disjoint channels: the largest norm is that of all.
  Magnitude norm;
  for (std::size_t first = 0; first < weights; first += size) {
    norm = std::max(
        norm, filter_norm({v.subspan(first, size), filters / groups, channels, taps}, overlap));
  }
  return {norm_bound(v), norm, norm_bound(v.subspan(weights))};
}

template <class Scalar>
Kernels<Scalar> Conv::kernels(const Site& site) const {
  return one_kernel(conv_kernel<Scalar>(
      {site.input(), site.output, site.batch, groups, window_axes(window, site.input()), bias}));
}
template Kernels<float> Conv::kernels(const Site& site) const;
template Kernels<double> Conv::kernels(const Site& site) const;

}  // namespace smoothbound
