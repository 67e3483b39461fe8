#include "smoothbound/runtime/memory_plan.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <queue>
#include <set>
#include <utility>

namespace smoothbound {
namespace {

constexpr std::int64_t granule = 16;

std::int64_t in_granules(std::int64_t size) { return (size + granule - 1) / granule * granule; }

// The largest first, each at the lowest place that is free: close to the least that is possible,
// but it looks at all that has a place already.
void place_by_size(const std::vector<Lifetime>& lifetimes, std::vector<std::size_t> order,
                   MemoryPlan& plan) {
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return lifetimes[a].size > lifetimes[b].size; });
  std::vector<std::size_t> placed;  // by place
  for (const std::size_t item : order) {
    const Lifetime& life = lifetimes[item];
    const std::int64_t size = in_granules(life.size);
    std::int64_t place = 0;
    for (const std::size_t other : placed) {
      const Lifetime& taken = lifetimes[other];
      if (taken.end < life.begin || life.end < taken.begin) continue;
      if (place + size <= plan.places[other]) break;
      place = std::max(place, plan.places[other] + in_granules(taken.size));
    }
    plan.places[item] = place;
    plan.size = std::max(plan.size, place + size);
    placed.insert(
        std::ranges::upper_bound(placed, place, {}, [&](std::size_t i) { return plan.places[i]; }),
        item);
  }
}

// What is free of a buffer that grows.
class FreeSpace {
 public:
  // The smallest gap that holds `size`, the lowest of equal ones; else the buffer grows.
  std::int64_t take(std::int64_t size) {
    const auto found = by_size_.lower_bound({size, 0});
    if (found == by_size_.end()) return grow(size);
    const auto [gap, place] = *found;
    remove(by_place_.find(place));
    if (gap > size) insert(place + size, gap - size);
    return place;
  }
  void give_back(std::int64_t place, std::int64_t size) {
    auto behind = by_place_.lower_bound(place);
    if (behind != by_place_.begin()) {
      const auto before = std::prev(behind);
      if (before->first + before->second == place) {
        place = before->first;
        size += before->second;
        remove(before);
      }
    }
    if (behind != by_place_.end() && behind->first == place + size) {
      size += behind->second;
      remove(behind);
    }
    insert(place, size);
  }
  [[nodiscard]] std::int64_t end() const { return end_; }

 private:
  using Gaps = std::map<std::int64_t, std::int64_t>;  // sizes by place

  std::int64_t grow(std::int64_t size) {
    std::int64_t place = end_;
    if (!by_place_.empty()) {
      const auto last = std::prev(by_place_.end());
      if (last->first + last->second == end_) {
        place = last->first;
        remove(last);
      }
    }
    end_ = place + size;
    return place;
  }
  void insert(std::int64_t place, std::int64_t size) {
    by_place_.emplace(place, size);
    by_size_.emplace(size, place);
  }
  void remove(Gaps::iterator gap) {
    by_size_.erase({gap->second, gap->first});
    by_place_.erase(gap);
  }

  Gaps by_place_;
  std::set<std::pair<std::int64_t, std::int64_t>> by_size_;  // with places
  std::int64_t end_ = 0;
};

// As an allocator does that is asked step by step: n log n.
void place_by_time(const std::vector<Lifetime>& lifetimes, std::vector<std::size_t> order,
                   MemoryPlan& plan) {
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    const Lifetime& first = lifetimes[a];
    const Lifetime& second = lifetimes[b];
    return first.begin != second.begin ? first.begin < second.begin : first.size > second.size;
  });
  FreeSpace space;
  using Ending = std::pair<std::int64_t, std::size_t>;  // and the item
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> living;
  for (const std::size_t item : order) {
    const Lifetime& life = lifetimes[item];
    for (; !living.empty() && living.top().first < life.begin; living.pop()) {
      const std::size_t gone = living.top().second;
      space.give_back(plan.places[gone], in_granules(lifetimes[gone].size));
    }
    plan.places[item] = space.take(in_granules(life.size));
    living.emplace(life.end, item);
  }
  plan.size = space.end();
}

}  // namespace

MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes) {
  MemoryPlan plan;
  plan.places.assign(lifetimes.size(), -1);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < lifetimes.size(); ++i) {
    if (lifetimes[i].size > 0) order.push_back(i);
  }
  const bool few = order.size() <= most_placed_by_size;
  (few ? place_by_size : place_by_time)(lifetimes, std::move(order), plan);
  return plan;
}

}  // namespace smoothbound
