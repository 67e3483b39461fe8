#include "mini_batch.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "smoothbound/data/random.hpp"

namespace smoothbound {

std::vector<std::int64_t> draw_mini_batch(std::int64_t samples, std::int64_t size,
                                          std::uint64_t seed, std::int64_t iteration) {
  constexpr std::int64_t most = std::int64_t{1} << 32;
  if (size < 1 || size > samples || samples >= most) {
    throw std::invalid_argument("a mini-batch has between 1 and all of the samples");
  }
  // Streams of their own: initial parameters and random samples use those from 0 on.
  constexpr std::uint64_t first_stream = std::uint64_t{1} << 40U;
  const RandomSequence random(seed, first_stream + static_cast<std::uint64_t>(iteration));
  // R. W. Floyd's algorithm, Communications of the ACM 30 (1987): as many draws as samples.
  std::set<std::int64_t> drawn;
  std::uint64_t next = 0;
  for (std::int64_t last = samples - size; last < samples; ++last) {
    const std::int64_t candidate = random.below(next++, last + 1);
    if (!drawn.insert(candidate).second) drawn.insert(last);
  }
  return {drawn.begin(), drawn.end()};
}

}  // namespace smoothbound
