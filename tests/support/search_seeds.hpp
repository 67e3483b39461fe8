// Which seeds a search over random networks takes.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <sstream>

namespace smoothbound::support {

struct SearchSeeds {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  bool is_wish = false;  // of the environment, by which nothing can be said of how much was met
};

/// The first ones, so many; or those of the environment's SMOOTHBOUND_SEARCH, "first count".
inline SearchSeeds search_seeds(std::uint64_t count) {
  SearchSeeds seeds{0, count};
  const char* const wish = std::getenv("SMOOTHBOUND_SEARCH");
  if (wish == nullptr) return seeds;
  seeds.is_wish = true;
  std::istringstream(wish) >> seeds.first >> seeds.count;
  return seeds;
}

}  // namespace smoothbound::support
