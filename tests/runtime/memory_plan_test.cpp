#include "smoothbound/runtime/memory_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace smoothbound {
namespace {

TEST(MemoryPlan, NothingOverlapsInTimeAndSpace) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<Lifetime> lives;
    for (int i = 0; i < 40; ++i) {
      const auto below = [&](unsigned bound) {
        return static_cast<std::int64_t>(random() % bound);
      };
      const std::int64_t begin = below(50);
      lives.push_back({begin, begin + below(8), below(100)});
    }
    const MemoryPlan plan = plan_memory(lives);
    std::int64_t everything = 0;
    for (std::size_t i = 0; i < lives.size(); ++i) {
      everything += (lives[i].size + 15) / 16 * 16;
      if (lives[i].size == 0) {
        EXPECT_EQ(plan.places[i], -1);
        continue;
      }
      EXPECT_EQ(plan.places[i] % 16, 0);
      EXPECT_LE(plan.places[i] + lives[i].size, plan.size);
      for (std::size_t j = 0; j < i; ++j) {
        const bool in_time = lives[i].begin <= lives[j].end && lives[j].begin <= lives[i].end;
        const bool in_space = plan.places[i] < plan.places[j] + lives[j].size &&
                              plan.places[j] < plan.places[i] + lives[i].size;
        EXPECT_FALSE(in_time && in_space && lives[j].size > 0) << "seed " << seed;
      }
    }
    EXPECT_LT(plan.size, everything) << "seed " << seed;
  }
}

TEST(MemoryPlan, AChainTakesTwoPlaces) {
  std::vector<Lifetime> lives;
  for (std::int64_t i = 0; i < 10; ++i) lives.push_back({i, i + 1, 64});
  EXPECT_EQ(plan_memory(lives).size, 128);
}

}  // namespace
}  // namespace smoothbound
