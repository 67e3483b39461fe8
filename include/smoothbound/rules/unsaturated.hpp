// How large the gradients of a number can be, all at once, where the number itself is small.
#pragma once

#include <span>

#include "smoothbound/rules/value.hpp"

namespace smoothbound::rules {

/// E(s): at most sum_k |g_k|^2, over all blocks, of the gradients of a number sigma = <y, z> with
/// |y| <= 1 along what level A sums over, where |sigma| <= s and |z|_A <= m: section "Unsaturated
/// scalars" of docs/theory.md.
Magnitude squared_gradient(std::span<const BlockBound> blocks, std::size_t level,
                           const Magnitude& m, const Magnitude& s);

/// The finest level of those that are kept at which a map acts whose groups lie within `inner`, not
/// the maximum norm's: where E is smallest.
std::size_t finest_level(const LevelSet& kept, std::size_t inner);

}  // namespace smoothbound::rules
