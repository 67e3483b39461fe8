// Shapes of one sample: [features], or channels and one to three axes of positions.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace smoothbound {

/// A shape that does not fit: the message and a hint; whoever knows the place adds it.
class ShapeError : public std::runtime_error {
 public:
  explicit ShapeError(const std::string& message, std::string advice = {})
      : std::runtime_error(message), hint(std::move(advice)) {}
  std::string hint;
};

/// a * b for counts >= 0; throws ShapeError "`what` exceeds 2^63 - 1" on overflow.
std::int64_t checked_product(std::int64_t a, std::int64_t b, const char* what);
/// a + b likewise.
std::int64_t checked_sum(std::int64_t a, std::int64_t b, const char* what);

/// The smallest integer that is not below a / b, for a >= 0 and b > 0.
constexpr std::int64_t ceiling_of(std::int64_t a, std::int64_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}

/// Axes of size 1 place nothing elsewhere: arrays whose sizes differ in them only have the same
/// numbers in the same order.
std::vector<std::int64_t> without_ones(std::span<const std::int64_t> sizes);

/// The sizes of one sample, channels first.
class Shape {
 public:
  static constexpr int largest_rank = 4;
  static constexpr int most_spatial_axes = largest_rank - 1;
  /// What messages call them.
  static constexpr std::string_view spatial_forms =
      "[channels, length], [channels, height, width] or [channels, depth, height, width]";
  static constexpr std::string_view forms =
      "[features], [channels, length], [channels, height, width] or [channels, depth, height, "
      "width]";

  Shape() = default;
  /// 1 to 4 positive sizes; throws ShapeError otherwise, or if their product overflows.
  explicit Shape(std::span<const std::int64_t> sizes);
  Shape(std::initializer_list<std::int64_t> sizes)
      : Shape(std::span<const std::int64_t>(sizes.begin(), sizes.size())) {}

  [[nodiscard]] std::span<const std::int64_t> sizes() const {
    return {sizes_.data(), static_cast<std::size_t>(rank_)};
  }
  [[nodiscard]] int rank() const { return rank_; }
  /// Number of axes after the channels.
  [[nodiscard]] int spatial_rank() const { return rank_ - 1; }
  [[nodiscard]] std::int64_t channels() const { return sizes_[0]; }
  [[nodiscard]] std::int64_t spatial(int axis) const {
    return sizes_[static_cast<std::size_t>(axis) + 1];
  }
  /// Scalars of a channel: the product of the spatial sizes.
  [[nodiscard]] std::int64_t positions() const;
  /// Scalars in all.
  [[nodiscard]] std::int64_t elements() const { return channels() * positions(); }
  /// "[3, 224, 224]"
  [[nodiscard]] std::string to_text() const;

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<std::int64_t, largest_rank> sizes_{1, 1, 1, 1};
  int rank_ = 1;
};

}  // namespace smoothbound
