#include "smoothbound/layers/pooling.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "smoothbound/layers/linear_map.hpp"

namespace smoothbound {
namespace {

void visit_window(SettingsVisitor& visitor, Window& window) {
  visitor.extent(
      {.name = "kernel", .description = "size of a patch", .required = true, .shorthand = true},
      window.kernel);
  visitor.extent(
      {.name = "stride", .description = "distance of neighbouring patches; default: the kernel"},
      window.stride);
  visitor.padding({.name = "padding", .description = "padding around the input"}, window.padding);
  visitor.flag({.name = "ceil",
                .description = "whether a last patch may hang over the end of the input",
                .usual = true,
                .later = true},
               window.ceil);
}

// A patch without a position of the input has neither a mean nor a maximum. The last one leaves the
// input by no more than the first one does.
Shape pooled_shape(const Window& window, const Shape& input, std::string_view name) {
  require_spatial(input, name);
  Shape shape = window.output_shape(input, input.channels());
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    const AxisWindow along = window.along(input, axis);
    if (along.place(0, along.kernel - 1) >= 0) continue;
    throw ShapeError(fmt::format("the first patch of {} lies in the padding ({}), as the kernel is "
                                 "{} along {}",
                                 name, along.pad_before, along.kernel, axis_name(input, axis)),
                     "use padding that is smaller than the kernel");
  }
  return shape;
}

// Weights are the same for all channels, >= 0 and sum to 1 at most.
MapConstants mean_map(const Constant& norm, PositionReads positions) {
  MapConstants a = linear_map(norm, Magnitude::from_count(1));
  a.positions = std::move(positions);
  return a;
}

PositionReads reads_of(const MeanAxes& axes, const Shape& input) {
  PositionReads reads{PositionReads::Kind::mean, {}};
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    reads.axes.push_back(axes[static_cast<std::size_t>(axis)].reads());
  }
  return reads;
}

// Of one output from all positions.
PositionReads reads_of_all(const Shape& input, PositionReads::Kind kind) {
  PositionReads reads{kind, {}};
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    const std::int64_t n = input.spatial(axis);
    reads.axes.push_back({n, {}});
    if (n <= most_divided_positions) reads.axes.back().outputs.push_back({0, 1, n, n});
  }
  return reads;
}

// A product of means: l^2 is at most the product of the axes' sums, since R_o and D_o are products.
// One value for both methods: it may exceed the 1 of section 5.1.
MapConstants product_of_means(const MeanAxes& axes, const Shape& input, std::string_view formula) {
  Magnitude squared = Magnitude::from_count(1);
  for (const MeanAxis& axis : axes) squared *= axis.squared_norm();
  return mean_map(
      {square_root(squared), formula, "(sum of R numbers)^2 <= R times the sum of their squares"},
      reads_of(axes, input));
}

// Each channel of each sample picks one of `patch` positions for itself.
MapConstants kinked_copies(const Constant& norm, std::int64_t patch, PositionReads positions,
                           std::string_view reason, Remedy remedy) {
  MapConstants a = linear_map(norm, square_root(Magnitude::from_count(patch)));
  a.positions = std::move(positions);
  a.smoothness = {Magnitude::infinity(), "inf", reason, remedy};
  a.at_zero = {{}, "0", "a(0) = 0"};
  a.slope_at_zero.source = "not differentiable at 0: l_a";
  a.at_maximum->smoothness = Magnitude::infinity();
  return a;
}

// Of copies nothing is multiplied.
Work copies_work(const Site& site) {
  Work work;
  work.sparsity.map = output_scalars(site);
  return work;
}

// Of a mean: the weight times each scalar of each patch, `taps` in a channel.
Work mean_work(const Magnitude& taps, const Site& site) {
  Work work;
  work.forward =
      taps * Magnitude::from_count(site.input().channels()) * Magnitude::from_count(site.batch);
  work.backward_input = work.forward;
  work.sparsity.map = work.forward;
  return work;
}

}  // namespace

void AveragePool::visit_settings(SettingsVisitor& visitor) {
  visit_window(visitor, window);
  visitor.flag({.name = "count_padding",
                .description = "whether zeros of the padding count in a mean",
                .usual = true,
                .later = true},
               count_padding);
}

Shape AveragePool::output_shape(std::span<const Shape> shapes) const {
  return pooled_shape(window, shapes.front(), name());
}

Work AveragePool::work(const Site& site) const {
  return mean_work(window.taps(site.input()), site);
}

MeanAxes AveragePool::axes(const Shape& input) const {
  MeanAxes axes;
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    axes[static_cast<std::size_t>(axis)] = {
        window.along(input, axis), count_padding ? MeanAxis::Kind::padded : MeanAxis::Kind::real};
  }
  return axes;
}

Parts AveragePool::parts(const Site& site, Method method) const {
  if (window.ceil || !count_padding) {
    return Part(product_of_means(axes(site.input()), site.input(),
                                 "max_i of the root of the sum of R/D^2 over patches with i, R "
                                 "inputs of a patch, D its divisor"));
  }
  if (method == Method::paper) {
    return Part(mean_map({Magnitude::from_count(1), "1", "section 5.1"}, {}));
  }
  const std::int64_t overlap = window.largest_overlap(site.input());
  // One root, of the quotient: where the overlap is the whole patch it is 1 exactly, not above it.
  const LowerBound patch = LowerBound::from_count(window.patch_size(site.input().spatial_rank()));
  return Part(mean_map(
      {square_root(Magnitude::from_count(overlap) / patch),
       "sqrt(q/patch), an input is in at most q patches", "a mean of n numbers has norm 1/sqrt(n)"},
      reads_of(axes(site.input()), site.input())));
}

void MaxPool::visit_settings(SettingsVisitor& visitor) { visit_window(visitor, window); }

Shape MaxPool::output_shape(std::span<const Shape> shapes) const {
  return pooled_shape(window, shapes.front(), name());
}

Work MaxPool::work(const Site& site) const { return copies_work(site); }

Parts MaxPool::parts(const Site& site, Method /*method*/) const {
  const std::int64_t overlap = window.largest_overlap(site.input());
  return Part(
      kinked_copies({square_root(Magnitude::from_count(overlap)),
                     "sqrt(q), an input is in at most q patches", "each output copies an input"},
                    window.largest_patch(site.input()), window.reads(site.input()),
                    "max_pool has kinks", Remedy::average_for_max_pool));
}

void AdaptiveAveragePool::visit_settings(SettingsVisitor& visitor) {
  visitor.extent(
      {.name = "output", .description = "number of patches", .required = true, .shorthand = true},
      output);
}

Shape AdaptiveAveragePool::output_shape(std::span<const Shape> shapes) const {
  const Shape& input = shapes.front();
  require_spatial(input, name());
  require_fit(input, "output", output);
  std::array<std::int64_t, Shape::largest_rank> sizes{input.channels()};
  std::copy(output.sizes.begin(), output.sizes.end(), sizes.begin() + 1);
  return Shape(std::span(sizes).first(static_cast<std::size_t>(input.rank())));
}

Work AdaptiveAveragePool::work(const Site& site) const {
  Magnitude taps = Magnitude::from_count(1);
  for (const MeanAxis& axis : axes(site.input())) taps *= axis.taps();
  return mean_work(taps, site);
}

MeanAxes AdaptiveAveragePool::axes(const Shape& input) const {
  MeanAxes axes;
  for (int axis = 0; axis < input.spatial_rank(); ++axis) {
    axes[static_cast<std::size_t>(axis)] = {{.input = input.spatial(axis), .output = output[axis]},
                                            MeanAxis::Kind::adaptive};
  }
  return axes;
}

Parts AdaptiveAveragePool::parts(const Site& site, Method /*method*/) const {
  return Part(
      product_of_means(axes(site.input()), site.input(),
                       "max_i of the root of the sum of 1/R over patches of R inputs with i"));
}

void GlobalAveragePool::visit_settings(SettingsVisitor& /*visitor*/) {}

Shape GlobalAveragePool::output_shape(std::span<const Shape> shapes) const {
  require_spatial(shapes.front(), name());
  return {shapes.front().channels()};
}

Work GlobalAveragePool::work(const Site& site) const {
  return mean_work(Magnitude::from_count(site.input().positions()), site);
}

Parts GlobalAveragePool::parts(const Site& site, Method method) const {
  if (method == Method::paper) {
    return Part(mean_map({Magnitude::from_count(1), "1", "section 5.1, as average pooling"}, {}));
  }
  return Part(mean_map(
      {Magnitude::from_count(1) / square_root(LowerBound::from_count(site.input().positions())),
       "1/sqrt(positions)", "a mean of n numbers has norm 1/sqrt(n)"},
      reads_of_all(site.input(), PositionReads::Kind::mean)));
}

void GlobalMaxPool::visit_settings(SettingsVisitor& /*visitor*/) {}

Shape GlobalMaxPool::output_shape(std::span<const Shape> shapes) const {
  require_spatial(shapes.front(), name());
  return {shapes.front().channels()};
}

Work GlobalMaxPool::work(const Site& site) const { return copies_work(site); }

Parts GlobalMaxPool::parts(const Site& site, Method /*method*/) const {
  return Part(kinked_copies(
      {Magnitude::from_count(1), "1", "each output copies an input, each from another channel"},
      site.input().positions(), reads_of_all(site.input(), PositionReads::Kind::patch),
      "global_max_pool has kinks", Remedy::average_for_global_max_pool));
}

}  // namespace smoothbound
