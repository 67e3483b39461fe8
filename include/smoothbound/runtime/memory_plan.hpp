// Places in one buffer for what lives at different times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace smoothbound {

/// Something of `size` scalars that is there from step `begin` to step `end`, both included.
struct Lifetime {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t size = 0;  // 0: takes no place
};

struct MemoryPlan {
  std::vector<std::int64_t> places;  // of each lifetime; -1 for those of size 0
  std::int64_t size = 0;             // of the whole buffer, in scalars
};

/// Up to so many, the time that a plan takes grows with their square.
constexpr std::size_t most_placed_by_size = 2000;

/// Gives places such that no two overlap in both time and space: the largest first, each at the
/// lowest place that is free; of more than `most_placed_by_size` the first first, each in the
/// smallest gap. Places are multiples of 16 scalars.
MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes);

}  // namespace smoothbound
