#include "smoothbound/layers/mean_axis.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "numeric.hpp"
#include "smoothbound/layers/pooling.hpp"

namespace smoothbound {
namespace {

using test::Random;
using test::Vector;

// A mean along an axis as numbers, from the settings alone: rows of weights.
struct Mean {
  std::vector<Vector> rows;

  [[nodiscard]] long double squared_norm() const {
    long double largest = 0;
    for (std::size_t i = 0; i < rows.front().size(); ++i) {
      long double sum = 0;
      for (const Vector& row : rows) {
        if (row[i] == 0) continue;
        const auto reads = std::ranges::count_if(row, [](long double w) { return w != 0; });
        sum += static_cast<long double>(reads) * row[i] * row[i];
      }
      largest = std::max(largest, sum);
    }
    return largest;
  }
  [[nodiscard]] std::int64_t taps() const {
    std::int64_t count = 0;
    for (const Vector& row : rows) {
      count += std::ranges::count_if(row, [](long double w) { return w != 0; });
    }
    return count;
  }
  [[nodiscard]] Vector operator()(const Vector& z) const {
    Vector result;
    for (const Vector& row : rows) result.push_back(test::dot(row, z));
    return result;
  }
};

// Zeros around the input count, if at all, up to `pad` behind it.
Mean mean_of(std::int64_t n, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
             std::int64_t outputs, bool count_padding) {
  Mean mean;
  for (std::int64_t o = 0; o < outputs; ++o) {
    Vector row(static_cast<std::size_t>(n));
    long double divisor = 0;
    for (std::int64_t i = o * stride - pad; i < o * stride - pad + kernel; ++i) {
      const bool inside = i >= 0 && i < n;
      if (inside) row[static_cast<std::size_t>(i)] = 1;
      if (inside || (count_padding && i < n + pad)) ++divisor;
    }
    mean.rows.push_back(test::scaled(row, 1 / divisor));
  }
  return mean;
}

Mean adaptive_mean(std::int64_t n, std::int64_t k) {
  Mean mean;
  for (std::int64_t o = 0; o < k; ++o) {
    Vector row(static_cast<std::size_t>(n));
    long double divisor = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      if ((i + 1) * k <= o * n || i * k >= (o + 1) * n) continue;
      row[static_cast<std::size_t>(i)] = 1;
      ++divisor;
    }
    mean.rows.push_back(test::scaled(row, 1 / divisor));
  }
  return mean;
}

// The axis has these numbers; its constant is that of the rows, and no vector exceeds it.
void expect_mean(const MeanAxis& axis, const Mean& mean, Random& random) {
  ASSERT_EQ(axis.window.output, std::ssize(mean.rows));
  for (std::int64_t o = 0; o < axis.window.output; ++o) {
    for (std::int64_t i = 0; i < axis.window.input; ++i) {
      const bool inside = i >= axis.begin(o) && i < axis.end(o);
      const long double weight = inside ? 1 / static_cast<long double>(axis.divisor(o)) : 0;
      ASSERT_TRUE(test::is_near(mean.rows[static_cast<std::size_t>(o)][static_cast<std::size_t>(i)],
                                weight, 1e-15L));
    }
  }
  const AxisReads reads = axis.reads();
  ASSERT_EQ(reads.inputs, std::ssize(mean.rows.front()));
  ASSERT_EQ(reads.outputs.size(), mean.rows.size());
  for (std::size_t o = 0; o < mean.rows.size(); ++o) {
    const AxisReads::Output& output = reads.outputs[o];
    Vector row(mean.rows[o].size());
    for (std::int64_t t = 0; t < output.count; ++t) {
      row.at(static_cast<std::size_t>(output.first + t * output.step)) =
          1 / static_cast<long double>(output.divisor);
    }
    ASSERT_EQ(row, mean.rows[o]);
  }
  ASSERT_EQ(axis.taps().to_integer(), mean.taps());
  const long double constant = axis.squared_norm().to_double();
  ASSERT_TRUE(test::is_near(constant, mean.squared_norm(), 1e-15L));
  const long double found = test::operator_norm(mean, mean.rows.front().size(), random);
  ASSERT_LE(found * found, constant * (1 + 1e-15L));
  ASSERT_GE(found * found, constant / 2);  // at these sizes
}

TEST(MeanAxis, OfWindowsIsTheirMatrix) {
  Random random(3);
  int tried = 0;
  while (tried < 300) {
    const std::int64_t n = random.integer(1, 9);
    const std::int64_t kernel = random.integer(1, 5);
    const std::int64_t stride = random.integer(1, 4);
    const std::int64_t pad = random.integer(0, kernel - 1);
    AveragePool pool;
    pool.window.kernel = Extent::uniform(kernel);
    pool.window.stride = Extent::uniform(stride);
    pool.window.padding = {Padding::Kind::explicit_sizes, Extent::uniform(pad)};
    pool.window.ceil = random.integer(0, 1) == 1;
    pool.count_padding = random.integer(0, 1) == 1;
    if (kernel > n + 2 * pad) continue;
    ++tried;
    SCOPED_TRACE(testing::Message() << n << " K " << kernel << " s " << stride << " pad " << pad
                                    << " ceil " << pool.window.ceil);
    const MeanAxis axis = pool.axes(Shape{1, n}).front();
    expect_mean(axis, mean_of(n, kernel, stride, pad, axis.window.output, pool.count_padding),
                random);
  }
}

TEST(MeanAxis, AdaptiveIsItsMatrix) {
  Random random(4);
  for (std::int64_t n = 1; n <= 9; ++n) {
    for (std::int64_t k = 1; k <= 12; ++k) {
      SCOPED_TRACE(testing::Message() << n << " to " << k);
      AdaptiveAveragePool pool;
      pool.output = Extent::uniform(k);
      expect_mean(pool.axes(Shape{1, n}).front(), adaptive_mean(n, k), random);
    }
  }
}

TEST(MeanAxis, KnownNorms) {
  const auto pooled = [](std::int64_t n, bool ceil, bool count_padding, std::int64_t pad) {
    AveragePool pool;
    pool.window.kernel = Extent::uniform(3);
    pool.window.stride = Extent::uniform(2);
    pool.window.padding = {Padding::Kind::explicit_sizes, Extent::uniform(pad)};
    pool.window.ceil = ceil;
    pool.count_padding = count_padding;
    return pool.axes(Shape{1, n}).front().squared_norm().to_double();
  };
  EXPECT_NEAR(pooled(7, false, true, 1), 2.0 / 3, 1e-15);
  EXPECT_NEAR(pooled(7, false, false, 1), 1.0 / 2 + 1.0 / 3, 1e-15);
  EXPECT_NEAR(pooled(6, true, true, 0), 1.0 / 3 + 1.0 / 2, 1e-15);
  EXPECT_NEAR(pooled(6, true, false, 0), 1.0 / 3 + 1.0 / 2, 1e-15);
  const auto adaptive = [](std::int64_t n, std::int64_t k) {
    AdaptiveAveragePool pool;
    pool.output = Extent::uniform(k);
    return pool.axes(Shape{1, n}).front().squared_norm().to_double();
  };
  EXPECT_NEAR(adaptive(7, 3), 2.0 / 3, 1e-15);
  EXPECT_EQ(adaptive(6, 3), 0.5);
  EXPECT_EQ(adaptive(3, 5), 2);
}

// What would take too long to count is bounded.
TEST(MeanAxis, OfHugeInputsIsBounded) {
  constexpr std::int64_t huge = std::int64_t{1} << 40;
  AveragePool pool;
  pool.window.kernel = Extent::uniform(3);
  pool.window.stride = Extent::uniform(2);
  pool.count_padding = false;
  const MeanAxis windows = pool.axes(Shape{1, huge}).front();
  EXPECT_EQ(windows.squared_norm(), Magnitude::from_count(2));
  pool.window.kernel = Extent::uniform(huge / 2);
  pool.window.stride = Extent::uniform(1 << 20);
  EXPECT_LE(pool.axes(Shape{1, huge}).front().squared_norm(), Magnitude::from_count(1 << 20));
  EXPECT_TRUE(windows.reads().outputs.empty());
  AdaptiveAveragePool adaptive;
  adaptive.output = Extent::uniform(huge / 2);
  EXPECT_EQ(adaptive.axes(Shape{1, huge}).front().squared_norm(), Magnitude::from_count(2));
  EXPECT_EQ(adaptive.axes(Shape{1, huge}).front().taps(), Magnitude::from_count(huge));
  adaptive.output = Extent::uniform(huge);
  EXPECT_EQ(adaptive.axes(Shape{1, 3}).front().squared_norm(),
            Magnitude::from_count(huge / 3) + Magnitude::from_count(2));
}

}  // namespace
}  // namespace smoothbound
