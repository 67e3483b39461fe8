#include "smoothbound/runtime/norm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "smoothbound/runtime/parallel.hpp"

namespace smoothbound {
namespace {

constexpr std::int64_t block_size = 4096;

// The squares of a block in sixteen sums, for vector units and for less rounding.
template <class Scalar>
double sum_of_squares(const Scalar* values, std::int64_t count) {
  constexpr std::int64_t width = 16;
  std::array<double, width> sums{};
  std::int64_t i = 0;
  for (; i + width <= count; i += width) {
    for (std::int64_t j = 0; j < width; ++j) {
      const auto x = static_cast<double>(values[i + j]);
      sums[static_cast<std::size_t>(j)] += x * x;
    }
  }
  for (; i < count; ++i) {
    const auto x = static_cast<double>(values[i]);
    sums[static_cast<std::size_t>(i % width)] += x * x;
  }
  double sum = 0;
  for (const double each : sums) sum += each;
  return sum;
}

// Of neighbours, then of neighbouring sums: rounding grows with the logarithm of the size.
double pairwise_sum(std::vector<double> terms) {
  for (std::size_t size = terms.size(); size > 1; size = (size + 1) / 2) {
    for (std::size_t i = 0; 2 * i < size; ++i) {
      terms[i] = terms[2 * i] + (2 * i + 1 < size ? terms[2 * i + 1] : 0);
    }
  }
  return terms.empty() ? 0 : terms.front();
}

template <class Scalar>
double sum_of_squares(std::span<const Scalar> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  const std::int64_t blocks = (size + block_size - 1) / block_size;
  std::vector<double> sums(static_cast<std::size_t>(blocks));
  parallel_for(blocks, 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      sums[static_cast<std::size_t>(b)] = sum_of_squares(
          values.data() + b * block_size, std::min(block_size, size - b * block_size));
    }
  });
  return pairwise_sum(std::move(sums));
}

template <class Scalar>
double norm_of(std::span<const Scalar> values) {
  const double sum = sum_of_squares(values);
  // Where squares leave the range of double, they are taken relative to the largest value.
  constexpr double smallest = 1e-280;
  if (std::isnan(sum) || (sum > smallest && std::isfinite(sum))) return std::sqrt(sum);
  double largest = 0;
  for (const Scalar value : values) {
    largest = std::max(largest, std::abs(static_cast<double>(value)));
  }
  if (largest == 0 || !std::isfinite(largest)) return largest;
  const int exponent = std::ilogb(largest);
  // A power of two does not round; two of them, as 2^-exponent itself may not be a double.
  const int half = exponent / 2;
  std::vector<double> scaled(values.begin(), values.end());
  for (double& value : scaled) value = std::ldexp(std::ldexp(value, -half), half - exponent);
  return std::ldexp(std::sqrt(sum_of_squares(std::span<const double>(scaled))), exponent);
}

}  // namespace

double euclidean_norm(std::span<const float> values) { return norm_of(values); }
double euclidean_norm(std::span<const double> values) { return norm_of(values); }

Real measured(double norm) {
  if (!std::isfinite(norm)) throw std::invalid_argument("the norm is not finite");
  Real real;
  real.upper = Magnitude::from_double(norm) * Magnitude::from_double(1 + norm_error);
  real.lower = LowerBound::from_double(norm) * LowerBound::from_double(1 - norm_error);
  real.nearest = norm;
  return real;
}

}  // namespace smoothbound
