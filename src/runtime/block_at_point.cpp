#include "smoothbound/runtime/block_at_point.hpp"

#include <algorithm>
#include <vector>

#include "smoothbound/runtime/operator_norm.hpp"

namespace smoothbound {
namespace {

BlockAtPoint at_point(const Dense& dense, const Site& site, std::span<const double> v) {
  const std::int64_t inputs_of_unit = dense.fan_in(site.input());
  const auto weights = static_cast<std::size_t>(inputs_of_unit * dense.units);
  return {norm_bound(v), operator_norm_bound(v.first(weights), dense.units, inputs_of_unit),
          norm_bound(v.subspan(weights))};
}

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

// Of a convolution from `inputs` to `filters` channels in groups, and a bias behind its weights.
struct GroupedFilters {
  std::int64_t filters;
  std::int64_t inputs;
  std::int64_t taps;
  std::int64_t groups;
};
BlockAtPoint at_point(const GroupedFilters& c, std::int64_t overlap, std::span<const double> v) {
  const std::int64_t filters = c.filters / c.groups;
  const std::int64_t channels = c.inputs / c.groups;
  const auto size = static_cast<std::size_t>(filters * channels * c.taps);
  const std::size_t weights = size * static_cast<std::size_t>(c.groups);
  // Groups read and write disjoint channels: the largest norm is that of all.
  Magnitude norm;
  for (std::size_t first = 0; first < weights; first += size) {
    norm =
        std::max(norm, filter_norm({v.subspan(first, size), filters, channels, c.taps}, overlap));
  }
  return {norm_bound(v), norm, norm_bound(v.subspan(weights))};
}

BlockAtPoint at_point(const Conv& conv, const Site& site, std::span<const double> v) {
  const Shape& input = site.input();
  return at_point({.filters = conv.filters,
                   .inputs = input.channels(),
                   .taps = conv.window.patch_size(input.spatial_rank()),
                   .groups = conv.groups},
                  conv.window.largest_overlap(input), v);
}

// A matrix and its transpose have one norm: that of the convolution from our outputs to our inputs.
BlockAtPoint at_point(const ConvTransposed& conv, const Site& site, std::span<const double> v) {
  const Shape& input = site.input();
  return at_point({.filters = input.channels(),
                   .inputs = conv.filters,
                   .taps = conv.window.patch_size(input.spatial_rank()),
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
