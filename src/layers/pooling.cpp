#include "smoothbound/layers/pooling.hpp"

#include <fmt/format.h>

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

void AveragePool::visit_settings(SettingsVisitor& visitor) { visit_window(visitor, window); }

Shape AveragePool::output_shape(std::span<const Shape> shapes) const {
  return pooled_shape(window, shapes.front(), name());
}

Work AveragePool::work(const Site& site) const {
  return mean_work(window.taps(site.input()), site);
}

Parts AveragePool::parts(const Site& site, Method method) const {
  if (method == Method::paper) {
    return Part(linear_map({Magnitude::from_count(1), "1", "section 5.1"}));
  }
  const std::int64_t overlap = window.largest_overlap(site.input());
  // One root, of the quotient: where the overlap is the whole patch it is 1 exactly, not above it.
  const LowerBound patch = LowerBound::from_count(window.patch_size(site.input().spatial_rank()));
  return Part(linear_map({square_root(Magnitude::from_count(overlap) / patch),
                          "sqrt(q/patch), an input is in at most q patches",
                          "a mean of n numbers has norm 1/sqrt(n)"}));
}

void MaxPool::visit_settings(SettingsVisitor& visitor) { visit_window(visitor, window); }

Shape MaxPool::output_shape(std::span<const Shape> shapes) const {
  return pooled_shape(window, shapes.front(), name());
}

// Copies: nothing is multiplied.
Work MaxPool::work(const Site& site) const {
  Work work;
  work.sparsity.map = output_scalars(site);
  return work;
}

Parts MaxPool::parts(const Site& site, Method /*method*/) const {
  const std::int64_t overlap = window.largest_overlap(site.input());
  MapConstants a =
      linear_map({square_root(Magnitude::from_count(overlap)),
                  "sqrt(q), an input is in at most q patches", "each output copies an input"});
  a.smoothness = {Magnitude::infinity(), "inf", "max_pool has kinks", Remedy::average_for_max_pool};
  a.at_zero = {{}, "0", "a(0) = 0"};
  a.slope_at_zero.source = "not differentiable at 0: l_a";
  a.at_maximum->smoothness = Magnitude::infinity();
  return Part(a);
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
    return Part(linear_map({Magnitude::from_count(1), "1", "section 5.1, as average pooling"}));
  }
  return Part(linear_map(
      {Magnitude::from_count(1) / square_root(LowerBound::from_count(site.input().positions())),
       "1/sqrt(positions)", "a mean of n numbers has norm 1/sqrt(n)"}));
}

}  // namespace smoothbound
