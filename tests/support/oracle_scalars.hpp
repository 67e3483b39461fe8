// How large the gradients by single blocks are at most together, where a scalar of the network is
// small: by Cauchy's estimate, of sets of blocks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "oracle_constants.hpp"
#include "oracle_levels.hpp"

namespace smoothbound::support {

/// Of one parameter block at all levels: the gradient by it, and what scalars are without it.
struct OracleSingle {
  int block = 0;
  Ball radius;
  oracle::Numbers l;
  oracle::Numbers o;
};
using OracleSingles = std::vector<OracleSingle>;  // in the order of blocks
inline constexpr std::size_t most_singles = 256;

namespace oracle {

/// One block for one scalar.
struct BlockOfScalar {
  Ball radius, l, o;
};

/// e_n = (n/(n-1))^(n-1).
inline Ball cauchy_constant(std::int64_t n) {
  Ball e = 1;
  for (std::int64_t i = 1; i < n; ++i) e = e * ratio(n, n - 1);
  return e;
}
/// gamma_n of n blocks, of which those beyond 32 have that of 32.
inline Ball radial_constant(std::int64_t blocks) {
  const std::int64_t n = std::min<std::int64_t>(blocks, 32);
  const Ball e = cauchy_constant(n);
  const Ball r = n <= 2 ? Ball(1) : square_root(ratio(n, n - 1) / e);
  return r + square_root(square(r) + Ball(1));
}
inline Ball radial_part(const BlockOfScalar& k, const Ball& scalar, const Ball& gamma) {
  return gamma * ((scalar + k.o) / k.radius);
}

/// A bound of the sum of |g_k|^2 over all blocks: those in K by the theorem, others by l_k. No
/// block of K has a radius below rho.
inline Ball sum_of_squares(const std::vector<BlockOfScalar>& blocks, const std::vector<bool>& in_K,
                           const Ball& rho, const Ball& scalar, const Ball& M) {
  const auto n = static_cast<std::int64_t>(std::count(in_K.begin(), in_K.end(), true));
  static const std::vector<Ball> e_of = [] {
    std::vector<Ball> e;
    for (std::int64_t i = 0; i <= static_cast<std::int64_t>(most_singles); ++i) {
      e.push_back(cauchy_constant(i));
    }
    return e;
  }();
  static const std::vector<Ball> gamma_of = [] {
    std::vector<Ball> gamma;
    for (std::int64_t i = 0; i <= 32; ++i) gamma.push_back(radial_constant(i));
    return gamma;
  }();
  const Ball& gamma = gamma_of[static_cast<std::size_t>(std::min<std::int64_t>(n, 32))];
  Ball sum;
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    const BlockOfScalar& block = blocks[k];
    sum = sum + square(in_K[k] ? smaller(block.l, radial_part(block, scalar, gamma)) : block.l);
  }
  return n == 0 ? sum : sum + e_of[static_cast<std::size_t>(n)] * square(M / rho);
}

/// E(scalar): what |grad sigma|^2 is at most for scalars sigma of at most that, M at most anywhere.
/// The sets that are tried: of the blocks whose radius is not below one of those that occur the
/// last ones; of the radii as many as 1024 pairs with blocks are, at least four.
inline Ball largest_sum_of_squares(const std::vector<BlockOfScalar>& blocks, const Ball& scalar,
                                   const Ball& M) {
  std::vector<Ball> radii;
  for (const BlockOfScalar& block : blocks) {
    const bool is_known = std::any_of(radii.begin(), radii.end(), [&](const Ball& radius) {
      return !certainly_less(radius, block.radius) && !certainly_less(block.radius, radius);
    });
    if (!is_known && !block.radius.is_zero()) radii.push_back(block.radius);
  }
  std::sort(radii.begin(), radii.end(),
            [](const Ball& a, const Ball& b) { return certainly_less(a, b); });
  const std::size_t most = std::max<std::size_t>(1024 / std::max<std::size_t>(blocks.size(), 1), 4);
  if (radii.size() > most) {
    std::vector<Ball> some;
    for (std::size_t i = 0; i < most; ++i) some.push_back(radii[i * radii.size() / most]);
    radii = some;
  }
  Ball least = sum_of_squares(blocks, std::vector<bool>(blocks.size()), 1, scalar, M);
  for (const Ball& rho : radii) {
    std::vector<bool> last(blocks.size());
    for (std::size_t k = blocks.size(); k-- > 0;) {
      if (blocks[k].radius.is_zero() || certainly_less(blocks[k].radius, rho)) continue;
      last[k] = true;
      least = smaller(least, sum_of_squares(blocks, last, rho, scalar, M));
    }
  }
  return least;
}

/// The same at a slot, of a value with bounds m.
inline Ball largest_sum_of_squares(const OracleSingles& singles, const Numbers& m, const Slot& slot,
                                   const Ball& scalar) {
  std::vector<BlockOfScalar> blocks;
  for (const OracleSingle& single : singles) {
    blocks.push_back({single.radius, single.l.at(slot), single.o.at(slot)});
  }
  return largest_sum_of_squares(blocks, scalar, m.at(slot));
}

/// The largest x^2 s (1-s) over x, s its sigmoid, and the largest x^2 s sqrt((1-s)/(1+s)).
inline const Ball& softplus_moment() {
  static const Ball value = Ball::decimal("0.4392288398906451507759796366548529483886 +/- 1e-40");
  return value;
}
inline const Ball& joint_moment() {
  static const Ball value = Ball::decimal("1.499426651055599977872956423820461559747 +/- 1e-39");
  return value;
}
/// 1/e, of which the largest t exp(-t/2) is twice as much.
inline Ball one_over_e() { return falling_exponential(Ball(1)); }

}  // namespace oracle
}  // namespace smoothbound::support
