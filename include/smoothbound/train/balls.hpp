// The set on which training takes place: parameters whose blocks lie in their balls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "smoothbound/rules/magnitude.hpp"
#include "smoothbound/runtime/network.hpp"

namespace smoothbound {

/// C = {w : ||v_b|| <= R_b for every parameter block b}.
class ProductOfBalls {
 public:
  /// `default_radius` is that of blocks which name none.
  ProductOfBalls(const ParameterLayout& layout, const Real& default_radius);

  /// The nearest point of C, in place, up to rounding; returns how many blocks moved. Throws
  /// std::invalid_argument for a w of another size.
  int project(std::span<double> w) const;
  /// (w - p) / gamma with p the nearest point of C to w - gamma gradient, for w in C up to
  /// rounding: block by block without the difference, which steps below the rounding of w would
  /// leave nothing of. Sizes are those of w.
  void gradient_mapping(std::span<const double> w, std::span<const double> gradient, double gamma,
                        std::span<double> mapping) const;
  /// The same with a gamma of its own for each block; 0: the block does not move, its part is 0.
  void gradient_mapping(std::span<const double> w, std::span<const double> gradient,
                        std::span<const double> gammas, std::span<double> mapping) const;
  /// A step with a gamma of its own for each block, projected.
  struct BlockStep {
    std::vector<double> w;
    double certified = 0;  // sum of gamma ||g||^2 over the blocks, g the gradient mapping
  };
  [[nodiscard]] BlockStep step(std::span<const double> w, std::span<const double> gradient,
                               std::span<const double> gammas) const;
  /// The largest t, rounded down, such that w + s d is in C for s in [0, t]; inf: it never leaves.
  /// 0 where d leads out at once.
  [[nodiscard]] double room(std::span<const double> w, std::span<const double> d) const;
  /// The number of a block that is not in its ball, beyond what rounding explains.
  [[nodiscard]] std::optional<std::size_t> find_outside(std::span<const double> w) const;

 private:
  struct Ball {
    std::int64_t offset;
    std::int64_t elements;
    double radius;
  };
  std::vector<Ball> balls_;
  std::int64_t elements_;
};

}  // namespace smoothbound
