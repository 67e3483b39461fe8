#include "smoothbound/layers/upsample.hpp"

#include "smoothbound/layers/linear_map.hpp"
#include "smoothbound/layers/window.hpp"

namespace smoothbound {

void Upsample::visit_settings(SettingsVisitor& visitor) {
  visitor.extent({.name = "factor",
                  .description = "positions of the output for each of the input; default: 2",
                  .shorthand = true},
                 factor);
  visitor.extent({.name = "size", .description = "positions of the output, in place of a factor"},
                 size);
  visitor.choice({.name = "mode", .description = "what an output is"}, modes, mode);
  visitor.flag({.name = "align_corners",
                .description = "whether the first and last entries of input and output lie at the "
                               "same places (bilinear)"},
               align_corners);
}

Shape Upsample::output_shape(std::span<const Shape> shapes) const {
  const Shape& input = shapes.front();
  require_spatial(input, name());
  if (factor.is_given() && size.is_given()) {
    throw ShapeError("upsample has a factor and a size", "the one follows from the other");
  }
  if (align_corners && is_index_map()) {
    throw ShapeError("upsample aligns corners in mode bilinear only",
                     "add mode: bilinear, or leave align_corners out");
  }
  require_fit(input, "factor", factor);
  require_fit(input, "size", size);
  std::vector<std::int64_t> sizes{input.channels()};
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    constexpr std::int64_t usual_factor = 2;
    const std::int64_t times = factor.is_given() ? factor[axis] : usual_factor;
    sizes.push_back(size.is_given()
                        ? size[axis]
                        : checked_product(input.spatial(axis), times, "the number of positions"));
  }
  return Shape(sizes);
}

IndexMap Upsample::index_map(const Site& site) const {
  IndexMap map = IndexMap::in_order(site.input().sizes());
  for (int axis = 0; axis < site.input().spatial_rank(); ++axis) {
    map.axes[static_cast<std::size_t>(axis) + 1].rule =
        AxisRule::nearest(site.input().spatial(axis), site.output.spatial(axis));
  }
  return map;
}

std::vector<Interpolation> Upsample::interpolations(const Site& site) const {
  std::vector<Interpolation> all;
  all.reserve(static_cast<std::size_t>(site.input().spatial_rank()));
  for (int axis = 0; axis < site.input().spatial_rank(); ++axis) {
    all.emplace_back(site.input().spatial(axis), site.output.spatial(axis), align_corners);
  }
  return all;
}

// Linear along one axis after the other, each output of each by two products.
Work Upsample::work(const Site& site) const {
  Work work;
  if (is_index_map()) {
    work.sparsity.map = index_map(site).copying() * Magnitude::from_count(site.batch);
    return work;
  }
  const Magnitude slices =
      Magnitude::from_count(site.input().channels()) * Magnitude::from_count(site.batch);
  Magnitude entries = slices;
  std::vector<std::int64_t> sizes(site.input().sizes().begin() + 1, site.input().sizes().end());
  std::size_t axis = 0;
  for (const Interpolation& along : interpolations(site)) {
    entries *= along.entries();
    sizes[axis++] = along.output();
    if (along.is_identity()) continue;
    Magnitude outputs = slices;
    for (const std::int64_t positions : sizes) outputs *= Magnitude::from_count(positions);
    work.forward += scale(outputs, 1);
  }
  work.backward_input = work.forward;
  work.sparsity.map = entries;
  return work;
}

Parts Upsample::parts(const Site& site, Method /*method*/) const {
  if (is_index_map()) {
    const IndexMap map = index_map(site);
    return Part(index_map_constants({&map, 1}, keeps_positions(map, site.input(), site.output),
                                    keeps_rows(map, site.input(), site.output)));
  }
  Magnitude squared = Magnitude::from_count(1);
  const std::vector<Interpolation> axes = interpolations(site);
  Magnitude along;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    if (k == 0 || !(axes[k] == axes[k - 1])) along = axes[k].squared_norm();
    squared *= along;
  }
  return Part(linear_map({square_root(squared), "||A_1|| ||A_2||, A_k along an axis",
                          "weights >= 0: ||A_k||^2 <= max_i (A_k^T A_k x)_i/x_i for any x > 0"},
                         Magnitude::from_count(1)));
}

}  // namespace smoothbound
