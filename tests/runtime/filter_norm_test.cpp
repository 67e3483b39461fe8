// Bounds of the norms of convolutions against the norms that vectors reach, on convolutions written
// out.
#include "smoothbound/runtime/filter_norm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "smoothbound/layers/window.hpp"

namespace smoothbound {
namespace {

// A convolution along two axes, of one group.
struct WrittenConv {
  std::int64_t filters = 1, channels = 1;
  AxisWindow rows, columns;
  std::vector<double> weights;

  [[nodiscard]] Filters bounds() const {
    return {weights,
            filters,
            channels,
            {rows.kernel, columns.kernel},
            rows.largest_overlap() * columns.largest_overlap()};
  }
  [[nodiscard]] std::size_t inputs() const {
    return static_cast<std::size_t>(channels * rows.input * columns.input);
  }
  [[nodiscard]] std::size_t outputs() const {
    return static_cast<std::size_t>(filters * rows.output * columns.output);
  }
  // body(output, input, weight)
  template <class Body>
  void each(const Body& body) const {
    std::size_t weight = 0;
    for (std::int64_t f = 0; f < filters; ++f) {
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t a = 0; a < rows.kernel; ++a) {
          for (std::int64_t b = 0; b < columns.kernel; ++b, ++weight) {
            for (std::int64_t i = 0; i < rows.output; ++i) {
              for (std::int64_t j = 0; j < columns.output; ++j) {
                const std::int64_t row = i * rows.stride + a * rows.dilation - rows.pad_before;
                const std::int64_t column =
                    j * columns.stride + b * columns.dilation - columns.pad_before;
                if (row < 0 || row >= rows.input || column < 0 || column >= columns.input) continue;
                body(static_cast<std::size_t>((f * rows.output + i) * columns.output + j),
                     static_cast<std::size_t>((c * rows.input + row) * columns.input + column),
                     weights[weight]);
              }
            }
          }
        }
      }
    }
  }
  // A norm that is reached: ||C z|| of some unit vector z.
  [[nodiscard]] double reached(std::mt19937_64& random) const {
    std::vector<double> z(inputs());
    for (double& each_of_z : z) each_of_z = 0.1 + static_cast<double>(random() % 1000) / 1000;
    double norm = 0;
    for (int step = 0; step < 60; ++step) {
      double length = 0;
      for (const double value : z) length += value * value;
      if (length == 0) return 0;
      for (double& value : z) value /= std::sqrt(length);
      std::vector<double> y(outputs());
      each([&](std::size_t o, std::size_t i, double w) { y[o] += w * z[i]; });
      std::fill(z.begin(), z.end(), 0.0);
      each([&](std::size_t o, std::size_t i, double w) { z[i] += w * y[o]; });
      double square = 0;
      for (const double value : y) square += value * value;
      norm = std::max(norm, std::sqrt(square));
    }
    return norm;
  }
};

AxisWindow window(std::int64_t input, std::int64_t kernel, std::int64_t stride,
                  std::int64_t dilation, std::int64_t pad) {
  AxisWindow axis{input, 1, kernel, stride, dilation, pad, pad};
  axis.output = (input + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1;
  return axis;
}

void expect_above(const WrittenConv& conv, double reached) {
  const Filters filters = conv.bounds();
  const double least = reached * (1 - 1e-12);
  EXPECT_GE(filter_norm(filters).to_double(), least);
  EXPECT_GE(quick_filter_norm(filters).to_double(), least);
  EXPECT_GE(frequency_norm(filters).to_double(), least);
  EXPECT_GE(frequency_frobenius_norm(filters).to_double(), least);
  EXPECT_LE(frequency_norm(filters),
            frequency_frobenius_norm(filters) * Magnitude::from_double(1.05));
}

TEST(FilterNorm, IsNotExceededByRandomKernels) {
  std::mt19937_64 random(11);
  const auto between = [&](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
  };
  int checked = 0;
  double nearest = 0;
  for (int attempt = 0; attempt < 150; ++attempt) {
    WrittenConv conv;
    conv.filters = between(1, 3);
    conv.channels = between(1, 3);
    const auto axis = [&] {
      return window(between(4, 12), between(1, 5), between(1, 3), between(1, 3), between(0, 4));
    };
    conv.rows = axis();
    conv.columns = axis();
    if (conv.rows.output < 1 || conv.columns.output < 1) continue;
    const auto kind = between(0, 3);
    const std::int64_t size = conv.filters * conv.channels * conv.rows.kernel * conv.columns.kernel;
    for (std::int64_t i = 0; i < size; ++i) {
      const double u = static_cast<double>(between(-1000, 1000)) / 1000;
      conv.weights.push_back(kind == 0              ? 1
                             : kind == 1            ? std::abs(u)
                             : kind == 2 && u < 0.5 ? 0
                                                    : u);
    }
    SCOPED_TRACE(attempt);
    const double reached = conv.reached(random);
    expect_above(conv, reached);
    nearest = std::max(nearest, reached / filter_norm(conv.bounds()).to_double());
    ++checked;
  }
  EXPECT_GE(checked, 80);
  EXPECT_GE(nearest, 0.999);
}

// Neighbouring patches of every second position share six taps along no axis, but all nine where
// taps stand two apart.
TEST(FilterNorm, OfOnesWithStrideAndDilation) {
  std::mt19937_64 random(3);
  WrittenConv conv;
  conv.rows = conv.columns = window(41, 3, 2, 2, 2);
  conv.weights.assign(9, 1.0);
  EXPECT_EQ(conv.bounds().overlap, 9);
  const double reached = conv.reached(random);
  EXPECT_GT(reached, 8.6);
  expect_above(conv, reached);
  EXPECT_LE(filter_norm(conv.bounds()).to_double(), 9 * (1 + 1e-9));
}

TEST(FilterNorm, OfOnesExceedsTheirFrobeniusNorm) {
  std::mt19937_64 random(3);
  WrittenConv conv;
  conv.rows = conv.columns = window(24, 5, 1, 1, 2);
  conv.weights.assign(25, 1.0);
  const double reached = conv.reached(random);
  EXPECT_GT(reached, 22);
  expect_above(conv, reached);
}

TEST(FilterNorm, OfWhatIsNotFinite) {
  for (const double bad : {HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    WrittenConv conv;
    conv.rows = conv.columns = window(6, 3, 1, 1, 1);
    conv.weights.assign(9, 1.0);
    conv.weights[4] = bad;
    EXPECT_TRUE(filter_norm(conv.bounds()).is_infinite());
    EXPECT_TRUE(quick_filter_norm(conv.bounds()).is_infinite());
    EXPECT_TRUE(frequency_norm(conv.bounds()).is_infinite());
    EXPECT_TRUE(frequency_frobenius_norm(conv.bounds()).is_infinite());
  }
}

TEST(FilterNorm, OfNumbersAtTheEndsOfTheRange) {
  for (const double scale : {1e-320, 1e-200, 1e-160, 1e150, 1e300}) {
    WrittenConv conv;
    std::mt19937_64 random(5);
    conv.rows = conv.columns = window(8, 3, 1, 1, 1);
    conv.weights.assign(9, 1.0);
    const double reached = conv.reached(random);
    conv.weights.assign(9, scale);
    const Filters filters = conv.bounds();
    EXPECT_GE(filter_norm(filters).to_double(), reached * scale * (1 - 1e-12)) << scale;
    EXPECT_GE(quick_filter_norm(filters).to_double(), reached * scale * (1 - 1e-12)) << scale;
    EXPECT_GE(frequency_norm(filters).to_double(), reached * scale * (1 - 1e-12)) << scale;
  }
}

// Products that overflow with both signs, so that their sums are no numbers at any frequency.
TEST(FilterNorm, WhereProductsOverflow) {
  for (const double scale : {1e155, 1e160, 1e300}) {
    WrittenConv conv;
    conv.rows = window(1, 1, 1, 1, 0);
    conv.columns = window(9, 3, 1, 1, 1);
    conv.weights = {scale, -scale, -scale};
    EXPECT_GE(quick_filter_norm(conv.bounds()).to_double(), scale);
    EXPECT_GE(frequency_norm(conv.bounds()).to_double(), scale);
    EXPECT_GE(frequency_frobenius_norm(conv.bounds()).to_double(), scale);
    EXPECT_GE(filter_norm(conv.bounds()).to_double(), scale);
  }
}

}  // namespace
}  // namespace smoothbound
