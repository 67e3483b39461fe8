// Random numbers: the same bits everywhere, and the distributions that they claim.
#include "smoothbound/data/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace smoothbound {
namespace {

double normal_cdf(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

TEST(NormalQuantile, InvertsTheDistributionFunction) {
  // A relative error e of x moves the probability by x phi(x) e.
  for (double p = 1e-300; p < 0.5; p = p < 1e-3 ? p * 1.5 : p + 1e-4) {
    const double x = normal_quantile(p);
    EXPECT_NEAR(normal_cdf(x) / p, 1, 3e-14 + x * x * 2e-15) << p;
    if (p > 1e-10) {
      EXPECT_NEAR(normal_quantile(1 - p), -x, 1e-6 * -x) << p;
    }
  }
  // From tables: Abramowitz & Stegun 26.5, and scipy.
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-15);
  EXPECT_NEAR(normal_quantile(0.001), -3.090232306167813, 1e-15);
}

TEST(RandomSequence, HasTheBitsOfSplitMix64) {
  // The reference: state += increment; return mix(state).
  const RandomSequence numbers(7, 3);
  std::uint64_t state = 0;
  const auto mix = [](std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EB;
    return z ^ (z >> 31U);
  };
  state = mix(mix(7 + 0x9E3779B97F4A7C15) ^ (3 * 0xD1342543DE82EF95));
  for (std::uint64_t i = 0; i < 100; ++i) {
    state += 0x9E3779B97F4A7C15;
    ASSERT_EQ(numbers.bits(i), mix(state));
  }
}

TEST(RandomSequence, HasTheseValues) {
  const RandomSequence numbers(1);
  EXPECT_EQ(numbers.bits(0), 7982734928498899980U);
  EXPECT_EQ(numbers.normal(0), -0x1.5ae92aa9f2dc4p-3);
  EXPECT_EQ(numbers.normal(1000), -0x1.0cbcfd7752d73p-1);
}

TEST(RandomSequence, IsNormal) {
  const RandomSequence numbers(42);
  constexpr std::uint64_t count = 1'000'000;
  std::vector<double> values(count);
  for (std::uint64_t i = 0; i < count; ++i) values[i] = numbers.normal(i);
  double sum = 0;
  double squares = 0;
  double neighbours = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    sum += values[i];
    squares += values[i] * values[i];
    neighbours += values[i] * values[(i + 1) % count];
  }
  EXPECT_NEAR(sum / count, 0, 5e-3);
  EXPECT_NEAR(squares / count, 1, 8e-3);
  EXPECT_NEAR(neighbours / count, 0, 5e-3);
  // Kolmogorov and Smirnov's distance, whose 1e-6 quantile is 2.7 / sqrt(n).
  std::sort(values.begin(), values.end());
  double distance = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double p = normal_cdf(values[i]);
    distance = std::max(distance, std::abs(p - (static_cast<double>(i) + 0.5) / count));
  }
  EXPECT_LT(distance, 2.7e-3);
}

TEST(RandomSequence, SeedsAndStreamsDiffer) {
  const RandomSequence a(1);
  for (const RandomSequence& b : {RandomSequence(2), RandomSequence(1, 1), RandomSequence(0)}) {
    double product = 0;
    for (std::uint64_t i = 0; i < 100'000; ++i) product += a.normal(i) * b.normal(i);
    EXPECT_NEAR(product / 100'000, 0, 0.016);
  }
}

TEST(RandomSequence, CountsBelow) {
  const RandomSequence numbers(5);
  std::vector<int> counts(10);
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const std::int64_t n = numbers.below(i, 10);
    ASSERT_TRUE(n >= 0 && n < 10);
    ++counts[static_cast<std::size_t>(n)];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 480);
}

}  // namespace
}  // namespace smoothbound
