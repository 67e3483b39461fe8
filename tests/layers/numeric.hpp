// Small dense linear algebra in long double, random numbers and ascents for tests of constants.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "smoothbound/layers/site.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound::test {

using Vector = std::vector<long double>;

inline long double dot(const Vector& a, const Vector& b) {
  long double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
inline long double norm(const Vector& a) { return std::sqrt(dot(a, a)); }
/// a + t b
inline Vector along(const Vector& a, long double t, const Vector& b) {
  Vector result = a;
  for (std::size_t i = 0; i < a.size(); ++i) result[i] += t * b[i];
  return result;
}
inline Vector scaled(const Vector& a, long double t) { return along(Vector(a.size()), t, a); }
inline Vector unit(const Vector& a) { return scaled(a, 1 / norm(a)); }

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  long double normal() { return std::normal_distribution<double>()(engine_); }
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  Vector vector(std::size_t size) {
    Vector result(size);
    for (long double& x : result) x = normal();
    return result;
  }

 private:
  std::mt19937 engine_;
};

/// The best value of `score` that random starts and shrinking random steps find.
inline long double climb(const std::function<long double(const Vector&)>& score, Vector start,
                         Random& random, int steps) {
  long double best = score(start);
  long double reach = 0.5L;
  for (int i = 0; i < steps; ++i) {
    const Vector next = along(start, reach, random.vector(start.size()));
    if (const long double value = score(next); value > best) {
      best = value;
      start = next;
      reach *= 1.3L;
    } else {
      reach *= 0.97L;
    }
    if (reach < 1e-9L) reach = 0.5L;
  }
  return best;
}

/// The operator norm of a linear map on vectors of `size`, from below, by power iteration with the
/// map's transpose taken from its columns.
inline long double operator_norm(const std::function<Vector(const Vector&)>& map, std::size_t size,
                                 Random& random) {
  std::vector<Vector> columns;
  for (std::size_t j = 0; j < size; ++j) {
    Vector basis(size);
    basis[j] = 1;
    columns.push_back(map(basis));
  }
  Vector x = random.vector(size);
  for (long double& entry : x) entry = std::abs(entry) + 0.1L;
  long double result = 0;
  for (int i = 0; i < 400; ++i) {
    x = unit(x);
    const Vector image = map(x);
    result = norm(image);
    if (result == 0) return 0;
    for (std::size_t j = 0; j < size; ++j) x[j] = dot(columns[j], image);
  }
  return result;
}

/// EXPECT_NEAR is for doubles.
inline testing::AssertionResult is_near(long double a, long double b, long double tolerance) {
  if (std::abs(a - b) <= tolerance) return testing::AssertionSuccess();
  return testing::AssertionFailure() << a << " and " << b << " differ by more than " << tolerance;
}

inline MapConstants only_map(const Parts& parts) { return std::get<MapConstants>(*parts.begin()); }

}  // namespace smoothbound::test
