// Loops on all cores.
#pragma once

#include <algorithm>
#include <cstdint>

namespace smoothbound {

/// Calls body(begin, end) on parts of [0, count), of at least `grain` each, in parallel. Which part
/// an index falls into depends on the number of threads only.
template <class Body>
void parallel_for(std::int64_t count, std::int64_t grain, const Body& body) {
  if (count <= grain) {
    if (count > 0) body(std::int64_t{0}, count);
    return;
  }
  constexpr std::int64_t most_parts = 64;
  const std::int64_t parts = std::min(most_parts, count / grain);
#pragma omp parallel for schedule(static)
  for (std::int64_t part = 0; part < parts; ++part) {
    body(count * part / parts, count * (part + 1) / parts);
  }
}

}  // namespace smoothbound
