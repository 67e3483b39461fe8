// Sums of numbers with weights: each step rounds up.

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "smoothbound/rules/magnitude.hpp"
#include "support/ball.hpp"

namespace smoothbound::rules::weighted_sums {
namespace {

using support::Ball;
using support::check_upper;

Magnitude count_of(std::int64_t value) { return Magnitude::from_count(value); }

TEST(WeightedSum, OfOneTermIsItsProduct) {
  const std::vector<Magnitude> list{count_of(1) / LowerBound::from_count(3), {}, count_of(5)};
  const auto of = [&](std::size_t place, std::int64_t weight) {
    const std::vector<WeightedPlace> terms{{place, count_of(weight)}};
    return weighted_sum(terms, list);
  };
  EXPECT_EQ(of(0, 1), list[0]);
  EXPECT_EQ(of(0, 3), count_of(3) * list[0]);
  EXPECT_EQ(of(0, 7), count_of(7) * list[0]);
  EXPECT_TRUE(of(1, 7).is_zero());
  EXPECT_EQ(of(2, 7), count_of(35));
  EXPECT_TRUE(weighted_sum({}, list).is_zero());
}

TEST(WeightedSum, IsNeverBelowTheSum) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    std::vector<Magnitude> list;
    std::vector<WeightedPlace> terms;
    Ball sum;
    const std::size_t size = 1 + random() % 6;
    for (std::size_t place = 0; place < size; ++place) {
      list.push_back(count_of(static_cast<std::int64_t>(random() >> 1U)) /
                     LowerBound::from_count(static_cast<std::int64_t>(1 + random() % 1000)));
      terms.push_back({place, count_of(static_cast<std::int64_t>(1 + random() % 50))});
      sum = sum + Ball::of(terms.back().weight) * Ball::of(list.back());
    }
    EXPECT_EQ(check_upper(weighted_sum(terms, list), sum), "");
  }
}

TEST(WeightedSum, WithInfinityIsInfinite) {
  const std::vector<Magnitude> list{count_of(1), Magnitude::infinity()};
  const std::vector<WeightedPlace> terms{{0, count_of(2)}, {1, count_of(1)}};
  EXPECT_TRUE(weighted_sum(terms, list).is_infinite());
}

}  // namespace
}  // namespace smoothbound::rules::weighted_sums
