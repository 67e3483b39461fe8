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

}  // namespace smoothbound
