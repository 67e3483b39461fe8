#include "smoothbound/runtime/memory_plan.hpp"

#include <algorithm>
#include <numeric>

namespace smoothbound {

MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes) {
  constexpr std::int64_t alignment = 16;
  MemoryPlan plan;
  plan.places.assign(lifetimes.size(), -1);
  std::vector<std::size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return lifetimes[a].size > lifetimes[b].size; });
  std::vector<std::size_t> placed;  // by place
  for (const std::size_t item : order) {
    const Lifetime& life = lifetimes[item];
    if (life.size == 0) break;
    const std::int64_t size = (life.size + alignment - 1) / alignment * alignment;
    std::int64_t place = 0;
    for (const std::size_t other : placed) {
      const Lifetime& taken = lifetimes[other];
      if (taken.end < life.begin || life.end < taken.begin) continue;
      if (place + size <= plan.places[other]) break;
      const std::int64_t behind =
          plan.places[other] + (taken.size + alignment - 1) / alignment * alignment;
      place = std::max(place, behind);
    }
    plan.places[item] = place;
    plan.size = std::max(plan.size, place + size);
    placed.insert(
        std::ranges::upper_bound(placed, place, {}, [&](std::size_t i) { return plan.places[i]; }),
        item);
  }
  return plan;
}

}  // namespace smoothbound
