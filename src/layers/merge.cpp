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
    within[level] = levels[level].channels;
  }
  rules::Value all = rules::concatenation(branches, within);
  rules::join_rests(all, true);
  return all;
}

rules::Value Multiply::merge(std::span<const rules::Value> branches, const Site& /*site*/,
                             Method method) const {
  rules::BilinearBound bound;
  bound.products[euclidean] = {{reading_of(euclidean), reading_of(euclidean)}};
  if (method == Method::sharp) {
    bound.products[euclidean] = {{reading_of(euclidean), reading_of(maximum)},
                                 {reading_of(maximum), reading_of(euclidean)}};
    bound.products[maximum] = {{reading_of(maximum), reading_of(maximum)}};
  }
  rules::Value all = branches.front();
  for (const rules::Value& branch : branches.subspan(1)) {
    all = rules::bilinear(all, branch, bound);
    all.relax();
  }
  return all;
}

Shape Add::output_shape(std::span<const Shape> shapes) const {
  return require_equal(shapes, name());
}

Shape Multiply::output_shape(std::span<const Shape> shapes) const {
  return require_equal(shapes, name());
}

Shape Concat::output_shape(std::span<const Shape> shapes) const {
  std::int64_t channels = 0;
  for (const Shape& shape : shapes) {
    if (!std::ranges::equal(shape.sizes().subspan(1), shapes.front().sizes().subspan(1))) {
      throw ShapeError("concat needs equal sizes but for the channels",
                       "a pooling can adapt a branch");
    }
    channels = checked_sum(channels, shape.channels(), "the number of channels");
  }
  std::vector<std::int64_t> sizes(shapes.front().sizes().begin(), shapes.front().sizes().end());
  sizes.front() = channels;
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
