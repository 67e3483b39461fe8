#include "smoothbound/layers/merge.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smoothbound {
namespace {

Shape require_equal(std::span<const Shape> shapes, std::string_view name) {
  for (const Shape& shape : shapes) {
    if (shape != shapes.front()) {
      throw ShapeError(fmt::format("{} needs equal shapes", name),
                       "a 1x1 convolution or a pooling can adapt a branch");
    }
  }
  return shapes.front();
}

}  // namespace

rules::Value Concat::merge(std::span<const rules::Value> branches, const Site& /*site*/,
                           Method /*method*/) const {
  PerLevel<bool> within{};
  for (std::size_t level = 0; level < levels.size(); ++level) {
    within[level] = axis == channel_axis ? levels[level].channels : levels[level].positions;
  }
  return rules::concatenation(branches, within);
}

// ||a * b|| of a sum over pairs of an entry of a and one of b, each pair once: a factor that is
// repeated k times has sqrt(k) its norm, but not where both norms are Euclidean.
rules::Value Multiply::merge(std::span<const rules::Value> branches, const Site& site,
                             Method method) const {
  Shape shape = site.inputs.front();
  return rules::product(branches, [&](std::size_t i) {
    const Shape& factor = site.inputs[i];
    const Shape result = broadcast(shape, factor).value();
    // Along axes over which a level takes the supremum repeating changes nothing.
    const auto repeated = [&](const Shape& part, std::size_t level) {
      const std::int64_t times = levels[level].positions ? result.channels() / part.channels()
                                                         : result.elements() / part.elements();
      return reading_of(level, square_root(Magnitude::from_count(times)));
    };
    rules::BilinearBound bound;
    bound.extents = extents_of(result, site.batch);
    bound.products[euclidean] = {{reading_of(euclidean), reading_of(euclidean)}};
    if (method == Method::sharp) {
      for (std::size_t level = euclidean; level < maximum; ++level) {
        bound.products[level] = {{reading_of(level), reading_of(level)},
                                 {repeated(shape, level), reading_of(maximum)},
                                 {reading_of(maximum), repeated(factor, level)}};
      }
      bound.products[maximum] = {{reading_of(maximum), reading_of(maximum)}};
    }
    shape = result;
    return bound;
  });
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank() && a.rank() != 1 && b.rank() != 1) return std::nullopt;
  const auto size_of = [](const Shape& shape, std::size_t axis) {
    return axis < shape.sizes().size() ? shape.sizes()[axis] : 1;
  };
  std::vector<std::int64_t> sizes;
  for (std::size_t axis = 0; axis < std::max(a.sizes().size(), b.sizes().size()); ++axis) {
    const std::int64_t in_a = size_of(a, axis);
    const std::int64_t in_b = size_of(b, axis);
    if (in_a != in_b && in_a != 1 && in_b != 1) return std::nullopt;
    sizes.push_back(std::max(in_a, in_b));
  }
  return Shape(sizes);
}

Shape Add::output_shape(std::span<const Shape> shapes) const {
  return require_equal(shapes, name());
}

Shape Multiply::output_shape(std::span<const Shape> shapes) const {
  std::optional<Shape> shape = shapes.front();
  for (const Shape& factor : shapes.subspan(1)) {
    shape = broadcast(*shape, factor);
    if (shape) continue;
    throw ShapeError("multiply needs shapes that are equal, or 1 where they differ",
                     "for example [64, 7, 7] by [64], [64, 1, 1], [1, 7, 7] or [1]");
  }
  return *shape;
}

void Concat::visit_settings(SettingsVisitor& visitor) {
  visitor.choice(
      {.name = "axis", .description = "along which they are joined", .usual = true, .later = true},
      axis_words, axis);
}

Shape Concat::output_shape(std::span<const Shape> shapes) const {
  const auto along = static_cast<std::size_t>(axis_of(axis, shapes.front(), name()));
  std::vector<std::int64_t> sizes(shapes.front().sizes().begin(), shapes.front().sizes().end());
  sizes[along] = 0;
  std::int64_t size = 0;
  for (const Shape& shape : shapes) {
    std::vector<std::int64_t> others(shape.sizes().begin(), shape.sizes().end());
    if (along < others.size()) others[along] = 0;
    if (others != sizes) {
      throw ShapeError(fmt::format("concat needs equal sizes but for the {}", axis_words.at(axis)),
                       "a pooling can adapt a branch");
    }
    size = checked_sum(size, shape.sizes()[along],
                       axis == channel_axis ? "the number of channels" : "the size of an axis");
  }
  sizes[along] = size;
  return Shape(sizes);
}

Work Add::work(const Site& site) const {
  Work work;
  work.sparsity.map = output_scalars(site) * Magnitude::from_count(std::ssize(site.inputs));
  return work;
}

Work Concat::work(const Site& site) const {
  Work work;
  work.sparsity.map = output_scalars(site);
  return work;
}

// Of k factors k - 1 products; the cotangent of each is that of the output times the others.
Work Multiply::work(const Site& site) const {
  const std::int64_t factors = std::ssize(site.inputs);
  Work work;
  work.forward = output_scalars(site) * Magnitude::from_count(factors - 1);
  work.backward_input = work.forward;
  work.sparsity.map = output_scalars(site) * Magnitude::from_count(factors);
  return work;
}

}  // namespace smoothbound
