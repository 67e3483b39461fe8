#include "smoothbound/layers/parameter.hpp"

#include <fmt/format.h>

namespace smoothbound {
namespace {

void visit_shape(SettingsVisitor& visitor, std::string_view description, bool shorthand,
                 std::vector<std::int64_t>& shape) {
  visitor.sizes(
      {.name = "shape", .description = description, .required = true, .shorthand = shorthand},
      shape);
}

}  // namespace

void Parameter::visit_settings(SettingsVisitor& visitor) {
  visit_shape(visitor, "its sizes, such as [768, 197]", /*shorthand=*/true, shape);
}

Work Parameter::work(const Site& site) const {
  Work work;
  work.sparsity.linear_parameters = output_scalars(site);
  return work;
}

// Over the batch it is a vector repeated: sqrt(batch) times the norm, and the same largest entry.
Parts Parameter::parts(const Site& site, Method /*method*/) const {
  AffineConstants b;
  b.bilinear.source = "it reads nothing";
  b.linear_parameters = {square_root(Magnitude::from_count(site.batch)), "sqrt(batch)",
                         "it stands once for each sample"};
  const Magnitude one = Magnitude::from_count(1);
  b.of_sample = AffineOfSample{{one, one}, {}, one};
  b.at_maximum = AffineAtLevel{reading_of(maximum), {}, one, {}, {}};
  return Part(b);
}

void FixedValue::visit_settings(SettingsVisitor& visitor) {
  visit_shape(visitor, "its sizes, such as [2, 225]", /*shorthand=*/false, shape);
  visitor.numbers({.name = "values",
                   .description = "a number for all scalars, or one for each, row by row",
                   .required = true},
                  Sign::any, values);
}

Shape FixedValue::output_shape(std::span<const Shape> /*shapes*/) const {
  const Shape output{std::span(shape)};
  const std::int64_t numbers = std::ssize(values);
  if (numbers == 1 || numbers == output.elements()) return output;
  throw ShapeError(fmt::format("constant has {} values, but {} has {} scalars", numbers,
                               output.to_text(), output.elements()),
                   "give one number for all scalars, or one for each");
}

// A map that is the same everywhere.
Parts FixedValue::parts(const Site& site, Method /*method*/) const {
  Magnitude squares;
  Magnitude largest;
  for (const SignedReal& c : values) {
    squares += c.magnitude.upper * c.magnitude.upper;
    largest = std::max(largest, c.magnitude.upper);
  }
  const std::int64_t repeats = values.size() == 1 ? site.output.elements() : 1;
  const Magnitude norm =
      square_root(squares * Magnitude::from_count(repeats) * Magnitude::from_count(site.batch));
  MapConstants a;
  a.bound =
      a.at_zero = {norm, "sqrt(batch) norm of the numbers", "they stand once for each sample"};
  a.lipschitz.source = a.smoothness.source = a.slope_at_zero.source = "it reads nothing";
  // Of a position no more is said than of its sample.
  const Magnitude of_sample = square_root(squares * Magnitude::from_count(repeats));
  a.inner = maximum;
  a.bound_of = a.at_zero_of = {of_sample, of_sample};
  a.at_maximum = MapAtLevel{reading_of(maximum), largest, {}, {}, largest, {}};
  return Part(a);
}

}  // namespace smoothbound
