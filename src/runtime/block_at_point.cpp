#include "smoothbound/runtime/block_at_point.hpp"

#include <algorithm>
#include <vector>

#include "smoothbound/runtime/filter_norm.hpp"
#include "smoothbound/runtime/operator_norm.hpp"

namespace smoothbound {
namespace {

BlockAtPoint at_point(const Dense& dense, const Site& site, std::span<const double> v) {
  const std::int64_t inputs_of_unit = dense.fan_in(site.input());
  const auto weights = static_cast<std::size_t>(inputs_of_unit * dense.units);
  return {norm_bound(v), operator_norm_bound(v.first(weights), dense.units, inputs_of_unit),
          norm_bound(v.subspan(weights))};
}

// Rows of weights, one for each channel of the output, then a bias for each: what a diagonal matrix
// behind it makes of that.
std::int64_t rows_of(const Dense& dense) { return dense.units; }
std::int64_t rows_of(const Conv& conv) { return conv.filters; }

// Upper bounds of what channels are multiplied by, or one for all; empty: it does more than that.
std::vector<Magnitude> channel_factors(const BatchNorm& norm) { return norm.fixed_slopes(); }
std::vector<Magnitude> channel_factors(const FixedScale& scale) {
  std::vector<Magnitude> factors;
  for (const SignedReal& alpha : scale.by) factors.push_back(alpha.magnitude.upper);
  return factors;
}

// Of a convolution from `inputs` to `filters` channels in groups, and a bias behind its weights.
struct GroupedFilters {
  std::int64_t filters;
  std::int64_t inputs;
  std::vector<std::int64_t> kernel;
  std::int64_t groups;
};
BlockAtPoint at_point(const GroupedFilters& c, std::int64_t overlap, std::span<const double> v) {
  Filters group{{}, c.filters / c.groups, c.inputs / c.groups, c.kernel, overlap};
  const auto size = static_cast<std::size_t>(group.filters * group.channels * group.taps());
  const std::size_t weights = size * static_cast<std::size_t>(c.groups);
  // Groups read and write disjoint channels: the largest norm is that of all.
  Magnitude norm;
  for (std::size_t first = 0; first < weights; first += size) {
    group.weights = v.subspan(first, size);
    norm = std::max(norm, filter_norm(group));
  }
  return {norm_bound(v), norm, norm_bound(v.subspan(weights))};
}

std::vector<std::int64_t> kernel_of(const Window& window, int spatial_rank) {
  std::vector<std::int64_t> sizes;
  sizes.reserve(static_cast<std::size_t>(spatial_rank));
  for (int axis = 0; axis < spatial_rank; ++axis) sizes.push_back(window.kernel[axis]);
  return sizes;
}

BlockAtPoint at_point(const Conv& conv, const Site& site, std::span<const double> v) {
  const Shape& input = site.input();
  return at_point({.filters = conv.filters,
                   .inputs = input.channels(),
                   .kernel = kernel_of(conv.window, input.spatial_rank()),
                   .groups = conv.groups},
                  conv.window.largest_overlap(input), v);
}

// A matrix and its transpose have one norm: that of the convolution from our outputs to our inputs.
BlockAtPoint at_point(const ConvTransposed& conv, const Site& site, std::span<const double> v) {
  const Shape& input = site.input();
  return at_point({.filters = input.channels(),
                   .inputs = conv.filters,
                   .kernel = kernel_of(conv.window, input.spatial_rank()),
                   .groups = conv.groups},
                  conv.largest_overlap(input), v);
}

// Scale and shift of a normalization: gamma, if there is a scale, then delta, if there is a shift.
// diag(gamma) has the norm max |gamma|.
template <class Normalization>
requires requires(const Normalization norm) { norm.affine.shift; }
BlockAtPoint at_point(const Normalization& norm, const Site& /*site*/, std::span<const double> v) {
  const Affine& affine = norm.affine;
  const std::size_t both = affine.scale && affine.shift ? 2 : 1;
  const std::size_t scales = affine.scale ? v.size() / both : 0;
  return {norm_bound(v), largest_absolute(v.first(scales)), norm_bound(v.subspan(scales))};
}

// Nothing is multiplied by what is read, and however often rows are looked up, none is longer than
// the longest.
BlockAtPoint at_point(const Embedding& embedding, const Site& /*site*/, std::span<const double> v) {
  Magnitude longest;
  const auto features = static_cast<std::size_t>(embedding.features);
  for (std::size_t first = 0; first < v.size(); first += features) {
    longest = std::max(longest, norm_bound(v.subspan(first, features)));
  }
  return {norm_bound(v), Magnitude(), longest};
}

// All slopes stand in -c alpha, which the smooth form adds.
BlockAtPoint at_point(const Prelu& prelu, const Site& /*site*/, std::span<const double> v) {
  return {norm_bound(v), largest_absolute(v), norm_bound(prelu.is_smooth ? v : v.first(0))};
}

// The norms of D v, D the factors by the largest of them.
template <class Component>
BlockAtPoint with_rows_scaled(const Component& c, const Site& site, std::span<const double> v,
                              std::span<const Magnitude> factors, const BlockAtPoint& plain) {
  const auto rows = static_cast<std::size_t>(rows_of(c));
  // One for all is a multiple of the unit matrix.
  if (rows < 2 || factors.size() != rows) return plain;
  const Magnitude largest = *std::max_element(factors.begin(), factors.end());
  if (largest.is_zero() || largest.is_infinite()) return plain;
  const std::size_t biases = c.bias ? rows : 0;
  const std::size_t row = (v.size() - biases) / rows;
  std::vector<double> scaled(v.begin(), v.end());
  for (std::size_t f = 0; f < rows; ++f) {
    // At least the exact one: what it is more than that is one more diagonal matrix.
    const double factor = (factors[f] / largest.turned()).to_double();
    for (double& w : std::span(scaled).subspan(f * row, row)) w *= factor;
    if (c.bias) scaled[rows * row + f] *= factor;
  }
  const BlockAtPoint all = at_point(c, site, scaled);
  // Of each product a relative rounding error of 2^-53, or what underflows.
  const Parts parts = c.parts(site, Method::sharp);
  const Magnitude error =
      scale(all.norm, -52) +
      scale(square_root(Magnitude::from_count(static_cast<std::int64_t>(v.size()))), -1070);
  const auto* const affine = std::get_if<AffineConstants>(parts.begin());
  const Magnitude of_operator = affine->bilinear.value * error;
  return {plain.norm, std::min(plain.linear_input, all.linear_input + of_operator),
          std::min(plain.bias, all.bias + error)};
}

}  // namespace

BlockAtPoint block_at_point(const Component& component, const Site& site,
                            std::span<const double> v) {
  return std::visit(
      [&](const auto& c) -> BlockAtPoint {
        if constexpr (requires { at_point(c, site, v); }) {
          return at_point(c, site, v);
        } else {
          return {norm_bound(v)};
        }
      },
      component);
}

BlockAtPoint block_at_point(const Component& component, const Site& site, std::span<const double> v,
                            const Component& behind) {
  const BlockAtPoint plain = block_at_point(component, site, v);
  const std::vector<Magnitude> factors = std::visit(
      [](const auto& c) -> std::vector<Magnitude> {
        if constexpr (requires { channel_factors(c); }) {
          return channel_factors(c);
        } else {
          return {};
        }
      },
      behind);
  return std::visit(
      [&](const auto& c) {
        if constexpr (requires { rows_of(c); }) {
          return with_rows_scaled(c, site, v, factors, plain);
        } else {
          return plain;
        }
      },
      component);
}

}  // namespace smoothbound
