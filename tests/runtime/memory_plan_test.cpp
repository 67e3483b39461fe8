#include "smoothbound/runtime/memory_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace smoothbound {
namespace {

// Few and many, each planned in its own way.
TEST(MemoryPlan, NothingOverlapsInTimeAndSpace) {
  for (unsigned seed = 0; seed < 201; ++seed) {
    std::mt19937 random(seed);
    std::vector<Lifetime> lives;
    const unsigned count = seed < 200 ? 40 : most_placed_by_size + 1000;
    for (unsigned i = 0; i < count; ++i) {
      const auto below = [&](unsigned bound) {
        return static_cast<std::int64_t>(random() % bound);
      };
      const std::int64_t begin = below(count);
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
  for (const std::int64_t length : {10, 20'000}) {
    std::vector<Lifetime> lives;
    for (std::int64_t i = 0; i < length; ++i) lives.push_back({i, i + 1, 64});
    EXPECT_EQ(plan_memory(lives).size, 128);
  }
}

// Values that stay to the end, and between them some that do not.
TEST(MemoryPlan, WhatStaysLiesSideBySide) {
  for (const std::int64_t length : {10, 20'000}) {
    std::vector<Lifetime> lives;
    for (std::int64_t i = 0; i < length; ++i) {
      lives.push_back({2 * i, 2 * length, 64});
      lives.push_back({2 * i + 1, 2 * i + 2, 64});
    }
    EXPECT_EQ(plan_memory(lives).size, 64 * (length + 1));
  }
}

// The two ways differ by no more than a fifth for sizes and times as random as these.
TEST(MemoryPlan, OfManyIsNotMuchLargerThanNeeded) {
  std::mt19937 random(5);
  std::vector<Lifetime> lives;
  std::vector<std::int64_t> living(40'010);
  for (std::int64_t i = 0; i < 20'000; ++i) {
    const Lifetime life{2 * i, 2 * i + static_cast<std::int64_t>(random() % 10),
                        static_cast<std::int64_t>(16 * (1 + random() % 20))};
    for (std::int64_t t = life.begin; t <= life.end; ++t) {
      living[static_cast<std::size_t>(t)] += life.size;
    }
    lives.push_back(life);
  }
  const std::int64_t needed = *std::max_element(living.begin(), living.end());
  EXPECT_GE(plan_memory(lives).size, needed);
  EXPECT_LE(plan_memory(lives).size, needed * 6 / 5);
}

}  // namespace
}  // namespace smoothbound
