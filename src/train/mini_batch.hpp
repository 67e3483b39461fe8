// Which samples a stochastic step sees.
#pragma once

#include <cstdint>
#include <vector>

namespace smoothbound {

/// `size` of `samples` sample numbers without repetition, ascending: every set is as likely as
/// every other, and those of different iterations are independent. Depends on nothing but the
/// arguments, so that a run which is taken up again needs no state of a generator. Throws
/// std::invalid_argument unless 1 <= size <= samples < 2^32.
std::vector<std::int64_t> draw_mini_batch(std::int64_t samples, std::int64_t size,
                                          std::uint64_t seed, std::int64_t iteration);

}  // namespace smoothbound
