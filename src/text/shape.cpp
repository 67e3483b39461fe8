#include "smoothbound/text/shape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace smoothbound {

std::int64_t checked_product(std::int64_t a, std::int64_t b, const char* what) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) {
    throw ShapeError(fmt::format("{} exceeds 2^63 - 1", what), "make the sizes smaller");
  }
  return result;
}

std::int64_t checked_sum(std::int64_t a, std::int64_t b, const char* what) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) {
    throw ShapeError(fmt::format("{} exceeds 2^63 - 1", what), "make the sizes smaller");
  }
  return result;
}

Shape::Shape(std::span<const std::int64_t> sizes) : rank_(static_cast<int>(sizes.size())) {
  if (sizes.empty() || sizes.size() > largest_rank) {
    throw ShapeError(fmt::format("a shape has 1 to {} sizes, not {}", largest_rank, sizes.size()),
                     std::string(forms));
  }
  std::int64_t product = 1;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 1) throw ShapeError("a size must be at least 1");
    product = checked_product(product, sizes[i], "the number of scalars of a sample");
    sizes_[i] = sizes[i];
  }
}

std::int64_t Shape::positions() const {
  std::int64_t product = 1;
  for (int axis = 0; axis < spatial_rank(); ++axis) product *= spatial(axis);
  return product;
}

std::string Shape::to_text() const { return fmt::format("[{}]", fmt::join(sizes(), ", ")); }

std::vector<std::int64_t> without_ones(std::span<const std::int64_t> sizes) {
  std::vector<std::int64_t> others(sizes.begin(), sizes.end());
  std::erase(others, 1);
  return others;
}

}  // namespace smoothbound
