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
  gradient_mapping(w, gradient, std::vector<double>(balls_.size(), gamma), mapping);
}

void ProductOfBalls::gradient_mapping(std::span<const double> w, std::span<const double> gradient,
                                      std::span<const double> gammas,
                                      std::span<double> mapping) const {
  for (std::size_t b = 0; b < balls_.size(); ++b) {
    const Ball& ball = balls_[b];
    const double gamma = gammas[b];
    const auto offset = static_cast<std::size_t>(ball.offset);
    const auto size = static_cast<std::size_t>(ball.elements);
    if (gamma == 0) {
      std::fill_n(mapping.begin() + ball.offset, size, 0.0);
      continue;
    }
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

ProductOfBalls::BlockStep ProductOfBalls::step(std::span<const double> w,
                                               std::span<const double> gradient,
                                               std::span<const double> gammas) const {
  BlockStep result{{w.begin(), w.end()}, 0};
  std::vector<double> mapping(w.size());
  gradient_mapping(w, gradient, gammas, mapping);
  for (std::size_t b = 0; b < balls_.size(); ++b) {
    const auto first = static_cast<std::size_t>(balls_[b].offset);
    const auto size = static_cast<std::size_t>(balls_[b].elements);
    const double norm = euclidean_norm(std::span<const double>(mapping).subspan(first, size));
    result.certified += gammas[b] * norm * norm;
    for (std::size_t i = first; i < first + size; ++i) result.w[i] -= gammas[b] * gradient[i];
  }
  project(result.w);
  return result;
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

// The positive root of ||v + t d||^2 = R^2, without cancellation.
double ProductOfBalls::room(std::span<const double> w, std::span<const double> d) const {
  double least = std::numeric_limits<double>::infinity();
  for (const Ball& ball : balls_) {
    double inner = 0;
    double square = 0;
    double size = 0;
    for (std::int64_t i = ball.offset; i < ball.offset + ball.elements; ++i) {
      const auto at = static_cast<std::size_t>(i);
      inner += w[at] * d[at];
      square += d[at] * d[at];
      size += w[at] * w[at];
    }
    if (square == 0) continue;
    // Of the sums, and of w + t d.
    const double slack =
        (static_cast<double>(ball.elements) + 64) * 0x1p-51 * ball.radius * ball.radius;
    const double left = ball.radius * ball.radius - size - slack;
    if (left <= 0) {
      if (inner >= 0) return 0;
      least = std::min(least, -2 * inner / square * (1 - 1e-9));
      continue;
    }
    const double root = std::sqrt(inner * inner + square * left);
    const double t = inner > 0 ? left / (root + inner) : (root - inner) / square;
    least = std::min(least, t * (1 - 1e-9));
  }
  return least;
}

}  // namespace smoothbound
