#include "smoothbound/train/balls.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
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

void ProductOfBalls::gradient_mapping(std::span<const double> w, std::span<const double> gradient,
                                      double gamma, std::span<double> mapping) const {
  for (const Ball& ball : balls_) {
    const auto offset = static_cast<std::size_t>(ball.offset);
    const auto size = static_cast<std::size_t>(ball.elements);
    const auto v = w.subspan(offset, size);
    const auto g = gradient.subspan(offset, size);
    double inner = 0;
    for (std::size_t i = 0; i < size; ++i) inner += v[i] * g[i];
    const double v_norm = euclidean_norm(v);
    const double g_norm = euclidean_norm(g);
    const double R = ball.radius;
    // n = ||v - gamma g||: n^2 - R^2 is ||v||^2 - R^2, which is 0 at the border, and what gamma
    // adds.
    const double rounding = 64 * std::numeric_limits<double>::epsilon() * R;
    const double from_border = std::abs(v_norm - R) <= rounding ? 0 : (v_norm - R) * (v_norm + R);
    const double added = -2 * inner + gamma * g_norm * g_norm;
    const double beyond = from_border / gamma + added;  // (n^2 - R^2) / gamma
    const double n = std::sqrt(R * R + std::max(gamma * beyond, 0.0));
    const bool is_inside = !(beyond > 0);
    const double along_v = is_inside ? 0 : R > 0 ? beyond / (n * (n + R)) : 0;  // (1 - R/n) / gamma
    const double along_g = is_inside ? 1 : R > 0 ? R / n : 0;
    for (std::size_t i = 0; i < size; ++i) mapping[offset + i] = along_v * v[i] + along_g * g[i];
  }
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
