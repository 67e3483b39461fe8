// Linear interpolation: weights, norms and counts against matrices written out.
#include "smoothbound/layers/interpolation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "numeric.hpp"
#include "smoothbound/layers/upsample.hpp"
#include "support/reference_maps.hpp"

namespace smoothbound {
namespace {

using support::interpolation_row;
using test::only_map;
using test::Random;
using test::Vector;

std::vector<Vector> interpolation_matrix(std::int64_t n, std::int64_t m, bool align_corners) {
  std::vector<Vector> rows;
  for (std::int64_t o = 0; o < m; ++o) rows.push_back(interpolation_row(o, n, m, align_corners));
  return rows;
}

long double matrix_norm(const std::vector<Vector>& rows) {
  Random random(3);
  return test::operator_norm(
      [&](const Vector& x) {
        Vector y;
        for (const Vector& row : rows) y.push_back(test::dot(row, x));
        return y;
      },
      rows.front().size(), random);
}

long double norm_of(const Interpolation& along) {
  return square_root(along.squared_norm()).to_double();
}

TEST(Interpolation, WeightsAreThoseOfTheDefinition) {
  for (const bool align_corners : {false, true}) {
    for (std::int64_t n = 1; n <= 9; ++n) {
      for (std::int64_t m = 1; m <= 20; ++m) {
        SCOPED_TRACE(fmt::format("{} -> {}, {}", n, m, align_corners));
        const Interpolation along(n, m, align_corners);
        const auto rows = interpolation_matrix(n, m, align_corners);
        std::int64_t entries = 0;
        for (std::int64_t o = 0; o < m; ++o) {
          const Interpolation::Tap tap = along.tap(o);
          const long double w = static_cast<long double>(tap.numerator) /
                                static_cast<long double>(along.denominator());
          Vector row(static_cast<std::size_t>(n));
          row.at(static_cast<std::size_t>(tap.first)) += 1 - w;
          row.at(static_cast<std::size_t>(tap.second)) += w;
          EXPECT_LE(test::norm(test::along(row, -1, rows[static_cast<std::size_t>(o)])), 1e-17L);
          entries += tap.numerator > 0 ? 2 : 1;
        }
        EXPECT_EQ(along.entries(), Magnitude::from_count(entries));
      }
    }
  }
}

// Never below, and at these sizes within 1 %.
TEST(Interpolation, NormIsCertifiedAndNear) {
  long double widest = 0;
  for (const bool align_corners : {false, true}) {
    for (std::int64_t n = 1; n <= 12; ++n) {
      for (std::int64_t m = 1; m <= 30; ++m) {
        SCOPED_TRACE(fmt::format("{} -> {}, {}", n, m, align_corners));
        const long double exact = matrix_norm(interpolation_matrix(n, m, align_corners));
        const long double bound = norm_of(Interpolation(n, m, align_corners));
        EXPECT_GE(bound, exact * (1 - 1e-15L));
        widest = std::max(widest, bound / exact);
      }
    }
  }
  EXPECT_LE(widest, 1.01L);
  EXPECT_GE(widest, 1.0L);
}

// With half-pixel centres and an integer factor, its root exactly.
TEST(Interpolation, NormOfAnIntegerFactorIsItsRoot) {
  for (std::int64_t factor = 1; factor <= 7; ++factor) {
    for (const std::int64_t n : {1, 2, 5, 100}) {
      EXPECT_EQ(Interpolation(n, factor * n, false).squared_norm(), Magnitude::from_count(factor));
    }
  }
  EXPECT_TRUE(
      test::is_near(matrix_norm(interpolation_matrix(5, 10, false)), std::sqrt(2.0L), 1e-15L));
  // From more digits than the computation has: 4 -> 7 with aligned corners.
  EXPECT_TRUE(test::is_near(norm_of(Interpolation(4, 7, true)), 1.3614526765897056924L, 1e-9L));
  EXPECT_GE(norm_of(Interpolation(4, 7, true)), 1.3614526765897056924L);
}

// Sizes whose products exceed 64 bits, as a machine with much memory could have them, and beyond.
TEST(Interpolation, LargeSizesDoNotOverflow) {
  constexpr std::int64_t n = 3'000'000'001;
  constexpr std::int64_t m = 5'000'000'000;
  for (const bool align_corners : {false, true}) {
    const Interpolation along(n, m, align_corners);
    EXPECT_EQ(along.tap(0).first, 0);
    EXPECT_EQ(along.tap(m - 1).second, n - 1);
    const Interpolation::Tap middle = along.tap(m / 2);
    EXPECT_NEAR(static_cast<double>(middle.first), 1.5e9, 2);
    EXPECT_LT(middle.numerator, along.denominator());
    constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
    EXPECT_GE(Interpolation(huge - 1, huge, align_corners).squared_norm(),
              Magnitude::from_count(1));
    EXPECT_GE(Interpolation(2, huge, align_corners).squared_norm(),
              Magnitude::from_count(huge / 2));
    EXPECT_EQ(Interpolation(3, huge, align_corners).entries(),
              scale(Magnitude::from_count(huge), 1));
    // Whatever of both is beyond memory, there are no weights.
    EXPECT_EQ(Interpolation(3, huge - 1, align_corners).denominator(), 1);
    EXPECT_EQ(Interpolation(huge - 1, 3, align_corners).denominator(), 1);
  }
}

// Large axes: the sum of a column and what power steps reach are no worse than the crude bound, and
// all are above what a smooth vector reaches.
TEST(Interpolation, LargeAxesAreBoundedToo) {
  for (const bool align_corners : {false, true}) {
    for (const auto& [n, m] : {std::pair<std::int64_t, std::int64_t>{16000, 16001},
                               {1000, 16384},
                               {16384, 1000},
                               {20000, 50001},
                               {50001, 20000},
                               {std::int64_t{1} << 40, (std::int64_t{1} << 41) + 1}}) {
      SCOPED_TRACE(fmt::format("{} -> {}", n, m));
      const Magnitude squared = Interpolation(n, m, align_corners).squared_norm();
      // Constant vectors are kept: ||A 1||^2 / ||1||^2 = m/n.
      EXPECT_GE(squared, Magnitude::from_count(m) / LowerBound::from_count(n));
      EXPECT_LE(squared.to_double(), 2.0 * static_cast<double>(m) / static_cast<double>(n) + 3);
    }
  }
}

TEST(Upsample, BilinearNormIsTheProductOverTheAxes) {
  const Shape input{2, 4, 5};
  Upsample map;
  map.mode = 1;
  map.align_corners = true;
  map.size = {{7, 10}, 3};
  const Site site{{&input, 1}, map.output_shape({&input, 1}), 3};
  EXPECT_EQ(site.output, (Shape{2, 7, 10}));
  const MapConstants a = only_map(map.parts(site, Method::paper));
  const long double exact = matrix_norm(interpolation_matrix(4, 7, true)) *
                            matrix_norm(interpolation_matrix(5, 10, true));
  EXPECT_GE(a.lipschitz.value.to_double(), exact * (1 - 1e-15L));
  EXPECT_TRUE(test::is_near(a.lipschitz.value.to_double(), exact, 1e-4L));
  EXPECT_EQ(a.slope_at_zero.value, a.lipschitz.value);
  EXPECT_TRUE(a.smoothness.value.is_zero());
  EXPECT_TRUE(a.at_zero.value.is_zero());
  EXPECT_EQ(only_map(map.parts(site, Method::sharp)).lipschitz.value, a.lipschitz.value);
  EXPECT_FALSE(index_map_of(map, site).has_value());

  Upsample twice;
  twice.mode = 1;
  const Site doubled{{&input, 1}, twice.output_shape({&input, 1}), 3};
  EXPECT_EQ(doubled.output, (Shape{2, 8, 10}));
  EXPECT_EQ(only_map(twice.parts(doubled, Method::sharp)).lipschitz.value,
            Magnitude::from_count(2));
  // Two products for each output of each pass: [2, 8, 5] and [2, 8, 10], three samples.
  EXPECT_EQ(twice.work(doubled).forward, Magnitude::from_count(2 * 3 * (80 + 160)));
}

}  // namespace
}  // namespace smoothbound
