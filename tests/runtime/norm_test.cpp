#include "smoothbound/runtime/norm.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace smoothbound::testing {
namespace {

double norm(const std::vector<double>& values) {
  return euclidean_norm(std::span<const double>(values));
}

TEST(EuclideanNorm, OfSmallVectors) {
  EXPECT_EQ(norm({}), 0);
  EXPECT_EQ(norm({0, 0}), 0);
  EXPECT_EQ(norm({3, -4}), 5);
  EXPECT_EQ(euclidean_norm(std::vector<float>{2, -3, 6}), 7);
}

TEST(EuclideanNorm, IsNeitherLostNorInfiniteWhereSquaresAre) {
  EXPECT_DOUBLE_EQ(norm({3e200, 4e200}), 5e200);
  EXPECT_DOUBLE_EQ(norm({3e-200, 4e-200}), 5e-200);
  EXPECT_DOUBLE_EQ(norm({3e307, 4e307, 0}), 5e307);
  const double tiny = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(norm({3 * tiny, 4 * tiny}), 5 * tiny);
}

TEST(EuclideanNorm, OfWhatIsNotFiniteIsNot) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(norm({1, -infinity}), infinity);
  EXPECT_FALSE(std::isfinite(norm({1, std::nan("")})));
  EXPECT_FALSE(std::isfinite(norm({infinity, std::nan("")})));
}

TEST(EuclideanNorm, HasTheStatedError) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> numbers(0, 3);
  for (const std::size_t size : {1U, 15U, 16U, 17U, 4096U, 4097U, 300'000U}) {
    std::vector<float> values(size);
    long double sum = 0;
    for (float& value : values) {
      value = static_cast<float>(numbers(random));
      sum += static_cast<long double>(value) * static_cast<long double>(value);
    }
    const auto exact = static_cast<double>(std::sqrt(sum));
    const double found = euclidean_norm(values);
    EXPECT_NEAR(found, exact, norm_error * exact) << size;
    EXPECT_LE(measured(found).lower.to_double(), exact);
    EXPECT_GE(measured(found).upper.to_double(), exact);
  }
}

}  // namespace
}  // namespace smoothbound::testing
