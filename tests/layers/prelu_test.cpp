#include "smoothbound/layers/prelu.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "numeric.hpp"

namespace smoothbound {
namespace {

using test::Random;
using test::Vector;

// Of three channels at two positions.
Vector rectified(const Vector& alpha, const Vector& x) {
  Vector y;
  for (std::size_t i = 0; i < x.size(); ++i) {
    y.push_back(std::max(x[i], 0.0L) + alpha[alpha.size() == 1 ? 0 : i / 2] * std::min(x[i], 0.0L));
  }
  return y;
}

TEST(Prelu, PartsAreASplitAndAnAffinePart) {
  const Shape shape{3, 2};
  for (const std::size_t per : {0U, 1U}) {
    Prelu prelu;
    prelu.per = per;
    prelu.radius = Real::from_decimal("1.5");
    const Site site{{&shape, 1}, shape, 4};
    EXPECT_EQ(prelu.block(site)->elements, per == 0 ? 3 : 1);
    EXPECT_EQ(prelu.block(site)->radius.value().upper, prelu.radius->upper);
    EXPECT_EQ(prelu.output_shape({&shape, 1}), shape);
    const Parts parts = prelu.parts(site, Method::sharp);
    ASSERT_EQ(parts.end() - parts.begin(), 2);
    const auto& split = std::get<MapConstants>(*parts.begin());
    EXPECT_EQ(split.lipschitz.value, Magnitude::from_count(1));
    EXPECT_TRUE(split.smoothness.value.is_infinite());
    EXPECT_EQ(split.smoothness.source, "prelu has a kink at 0");
    EXPECT_TRUE(split.at_zero.value.is_zero());
    const auto& b = std::get<AffineConstants>(*(parts.begin() + 1));
    EXPECT_EQ(b.bilinear.value, Magnitude::from_count(1));
    EXPECT_EQ(b.linear_input.value, Magnitude::from_count(1));
    EXPECT_TRUE(b.linear_parameters.value.is_zero());
    EXPECT_TRUE(b.offset.value.is_zero());
  }
}

// The slope by alpha is at most ||x||, and reaches it; the slope by x at most max{1, R} <= 1 + R.
TEST(Prelu, DifferencesAreWithinTheConstants) {
  Random random(3);
  long double by_alpha = 0;
  for (int i = 0; i < 2000; ++i) {
    const Vector alpha = test::scaled(test::unit(random.vector(i % 2 == 0 ? 3 : 1)), 1.5L);
    const Vector x = test::unit(random.vector(6));
    const Vector step = test::scaled(random.vector(6), 0.1L);
    const Vector other = random.vector(alpha.size());
    const Vector moved =
        test::along(rectified(alpha, test::along(x, 1, step)), -1, rectified(alpha, x));
    EXPECT_LE(test::norm(moved), 1.5L * test::norm(step) * (1 + 1e-15L));
    const Vector turned =
        test::along(rectified(test::along(alpha, 1, other), x), -1, rectified(alpha, x));
    by_alpha = std::max(by_alpha, test::norm(turned) / test::norm(other));
  }
  EXPECT_LE(by_alpha, 1 + 1e-12L);
  EXPECT_GE(by_alpha, 0.95L);
}

}  // namespace
}  // namespace smoothbound
