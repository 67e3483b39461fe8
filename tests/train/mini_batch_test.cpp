#include "train/mini_batch.hpp"

#include <gmock/gmock.h>

#include <map>

#include "smoothbound/data/random.hpp"

namespace smoothbound {
namespace {

TEST(MiniBatch, HasDistinctSamplesInOrder) {
  for (std::int64_t iteration = 0; iteration < 100; ++iteration) {
    const std::vector<std::int64_t> drawn = draw_mini_batch(20, 7, 1, iteration);
    ASSERT_EQ(drawn.size(), 7U);
    for (std::size_t i = 1; i < drawn.size(); ++i) EXPECT_LT(drawn[i - 1], drawn[i]);
    EXPECT_GE(drawn.front(), 0);
    EXPECT_LT(drawn.back(), 20);
  }
}

TEST(MiniBatch, DependsOnSeedAndIterationAlone) {
  EXPECT_EQ(draw_mini_batch(1000, 10, 3, 5), draw_mini_batch(1000, 10, 3, 5));
  EXPECT_NE(draw_mini_batch(1000, 10, 3, 5), draw_mini_batch(1000, 10, 3, 6));
  EXPECT_NE(draw_mini_batch(1000, 10, 3, 5), draw_mini_batch(1000, 10, 4, 5));
}

// Chi-squared with 9 degrees of freedom over the 10 pairs of 5: 27.9 is its 0.999 quantile.
TEST(MiniBatch, EverySetIsAsLikely) {
  std::map<std::vector<std::int64_t>, int> counts;
  constexpr int draws = 20'000;
  for (int i = 0; i < draws; ++i) ++counts[draw_mini_batch(5, 2, 11, i)];
  ASSERT_EQ(counts.size(), 10U);
  double statistic = 0;
  for (const auto& [set, count] : counts) {
    const double expected = draws / 10.0;
    statistic += (count - expected) * (count - expected) / expected;
  }
  EXPECT_LT(statistic, 27.9);
}

TEST(MiniBatch, RefusesWhatCannotBeDrawn) {
  EXPECT_THROW(draw_mini_batch(5, 6, 1, 0), std::invalid_argument);
  EXPECT_THROW(draw_mini_batch(5, 0, 1, 0), std::invalid_argument);
}

TEST(MiniBatch, CountsSamplesIn32Bits) {
  constexpr std::int64_t most = (std::int64_t{1} << 32) - 1;
  EXPECT_EQ(draw_mini_batch(most, 1, 1, 0).size(), 1U);
  EXPECT_THROW(draw_mini_batch(most + 1, 1, 1, 0), std::invalid_argument);
}

// Runs of other versions are taken up, too: the streams are those from 2^40 on.
TEST(MiniBatch, HasStreamsOfItsOwn) {
  for (std::int64_t iteration = 0; iteration < 10; ++iteration) {
    const RandomSequence random(9,
                                (std::uint64_t{1} << 40U) + static_cast<std::uint64_t>(iteration));
    EXPECT_THAT(draw_mini_batch(1000, 1, 9, iteration),
                ::testing::ElementsAre(random.below(0, 1000)));
  }
}

TEST(MiniBatch, AllIsAll) {
  EXPECT_THAT(draw_mini_batch(3, 3, 1, 0), ::testing::ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace smoothbound
