#include "smoothbound/layers/fixed_affine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "smoothbound/layers/linear_map.hpp"

namespace smoothbound {
namespace {

void visit_by(SettingsVisitor& visitor, std::string_view description, std::vector<SignedReal>& by) {
  visitor.numbers({.name = "by", .description = description, .required = true, .shorthand = true},
                  Sign::any, by);
}

Shape require_one_or_each(const Shape& input, const std::vector<SignedReal>& by,
                          std::string_view name) {
  const std::int64_t numbers = std::ssize(by);
  if (numbers == 1 || numbers == input.channels()) return input;
  throw ShapeError(fmt::format("{} has {} numbers, but its input has {} channels", name, numbers,
                               input.channels()),
                   "give one number for all channels, or one for each");
}

}  // namespace

void FixedScale::visit_settings(SettingsVisitor& visitor) {
  visit_by(visitor, "factor, or one for each channel", by);
}

Shape FixedScale::output_shape(std::span<const Shape> shapes) const {
  return require_one_or_each(shapes.front(), by, name());
}

Work FixedScale::work(const Site& site) const {
  Work work;
  work.forward = output_scalars(site);
  work.backward_input = work.forward;
  work.sparsity.map = work.forward;
  return work;
}

Parts FixedScale::parts(const Site& /*site*/, Method /*method*/) const {
  Magnitude largest;
  for (const SignedReal& alpha : by) largest = std::max(largest, alpha.magnitude.upper);
  MapConstants a = linear_map({largest, "max |alpha|", "a diagonal matrix"}, largest, largest);
  a.inner = maximum;
  return Part(a);
}

void FixedShift::visit_settings(SettingsVisitor& visitor) {
  visit_by(visitor, "summand, or one for each channel", by);
}

Shape FixedShift::output_shape(std::span<const Shape> shapes) const {
  return require_one_or_each(shapes.front(), by, name());
}

// Additions only.
Work FixedShift::work(const Site& site) const {
  Work work;
  work.sparsity.map = output_scalars(site);
  return work;
}

Parts FixedShift::parts(const Site& site, Method /*method*/) const {
  // Each number stands as often as its channel has scalars in the batch, a single one in all.
  Magnitude squares;
  Magnitude largest;
  for (const SignedReal& delta : by) {
    squares += delta.magnitude.upper * delta.magnitude.upper;
    largest = std::max(largest, delta.magnitude.upper);
  }
  const std::int64_t repeats = by.size() == 1 ? site.input().elements() : site.input().positions();
  const Magnitude all =
      squares * Magnitude::from_count(repeats) * Magnitude::from_count(site.batch);
  const Repeated of{
      square_root(squares * Magnitude::from_count(repeats)),
      square_root(by.size() == 1 ? squares * Magnitude::from_count(site.input().channels())
                                 : squares)};
  return Part(translation(
      {square_root(all), "sqrt(sum of delta^2 over all scalars)", "a(0) = delta"}, of, largest));
}

}  // namespace smoothbound
