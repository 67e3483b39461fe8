#include "smoothbound/train/balls.hpp"

#include <stdexcept>

#include "smoothbound/runtime/norm.hpp"

namespace smoothbound {

ProductOfBalls::ProductOfBalls(const ParameterLayout& layout, const Real& default_radius)
    : elements_(layout.elements) {
  for (const ParameterBlock& block : layout.blocks) {
    const Real& radius = block.radius ? *block.radius : default_radius;
    // Of the doubles in the enclosure one that is not above the radius.
    balls_.push_back({block.offset, block.elements, radius.lower.to_double()});
  }
}

int ProductOfBalls::project(std::span<double> w) const {
  if (static_cast<std::int64_t>(w.size()) != elements_) {
    throw std::invalid_argument("the parameters are not those of the balls");
  }
  int moved = 0;
  for (const Ball& ball : balls_) {
    const auto v =
        w.subspan(static_cast<std::size_t>(ball.offset), static_cast<std::size_t>(ball.elements));
    const double norm = euclidean_norm(std::span<const double>(v));
    if (!(norm > ball.radius)) continue;
    const double factor = ball.radius / norm;
    for (double& entry : v) entry *= factor;
    ++moved;
  }
  return moved;
}

std::optional<std::size_t> ProductOfBalls::find_outside(std::span<const double> w) const {
  constexpr double rounding = 1e-9;
  for (std::size_t i = 0; i < balls_.size(); ++i) {
    const Ball& ball = balls_[i];
    const double norm = euclidean_norm(
        w.subspan(static_cast<std::size_t>(ball.offset), static_cast<std::size_t>(ball.elements)));
    if (!(norm <= ball.radius * (1 + rounding))) return i;
  }
  return std::nullopt;
}

}  // namespace smoothbound
