// What the rules of enclosures are put together from: section 8 of docs/theory.md.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/taylor.hpp"

namespace smoothbound::kernels {

constexpr double unit_roundoff = 0x1p-53;
/// For what underflows, which no relative error covers: beside it, in every alpha.
constexpr double underflow = 0x1p-500;

/// n u / (1 - n u), rounded up, for n far below 2^40.
constexpr double gamma(std::int64_t n) {
  const double error = static_cast<double>(n) * unit_roundoff;
  return error / (1 - error) * (1 + 0x1p-50);
}
/// A sum, product or root of non-negative numbers, computed with up to `terms` roundings more than
/// 4000, is below the exact one by less than this factor.
constexpr double inflation(std::int64_t terms = 0) {
  return (1 + 0x1p-40) * (terms == 0 ? 1 : 1 + 2 * gamma(terms + 16));
}

/// max(x, 0), but NaN stays NaN.
constexpr double positive_part(double x) { return x <= 0 ? 0 : x; }
/// The larger and the smaller one, but NaN if one of them is.
constexpr double larger(double a, double b) { return a >= b || a != a ? a : b; }
constexpr double smaller(double a, double b) { return a <= b || a != a ? a : b; }

/// At least ||values||.
inline double norm_above(std::span<const double> values) {
  const double norm = euclidean_norm(values);
  const double tiny = norm > 0 && norm < 0x1p-1000 ? 0x1p-500 : 0;
  return norm * (1 + 0x1p-39) + tiny;
}

/// What lies in a batch: so many scalars for each sample.
struct SampleShape {
  std::int64_t samples = 1;
  std::int64_t elements = 1;

  [[nodiscard]] std::int64_t count() const { return samples * elements; }
  [[nodiscard]] std::span<const double> of(const double* values, std::int64_t sample) const {
    return {values + sample * elements, static_cast<std::size_t>(elements)};
  }
};

/// At least the norm of each sample; null is zero.
std::vector<double> sample_norms(const SampleShape& shape, const double* values);

/// T^0 .. T^(K+1), rounded up.
class Powers {
 public:
  Powers(double length, int degree) : degree_(degree) {
    powers_[0] = 1;
    for (std::size_t j = 1; j < powers_.size(); ++j) {
      powers_[j] = powers_[j - 1] * length * (1 + 0x1p-51);
    }
  }
  double operator[](int j) const { return powers_[static_cast<std::size_t>(j)]; }
  /// T^(K+1)
  [[nodiscard]] double last() const { return (*this)[degree_ + 1]; }
  [[nodiscard]] int degree() const { return degree_; }

 private:
  std::array<double, 2 * most_degree + 8> powers_{};
  int degree_;
};

/// sum_j T^j ||p_j|| of each sample, out of the norms of each p_j, rounded up.
std::vector<double> weighted_norms(std::span<const std::vector<double>> norms, const Powers& t);
/// The norms of p_0 .. p_K.
std::vector<std::vector<double>> coefficient_norms(const SampleShape& shape,
                                                   std::span<const double* const> p);

/// Adds to alpha of each sample the norm of what rounding does to it, and what underflows; `parts`
/// has one number for each sample. alpha_batch grows by the norm of all parts, and neither of the
/// two stays above what the other one implies.
void add_rounding(std::span<const double> parts, Remainder& out);
/// Makes the centre, if there is one, a part of r and rho.
void forget_centre(const SampleShape& shape, Remainder& out);
/// alpha = factor alpha of the input, likewise for the batch.
void scale_alpha(double factor, std::int64_t samples, const Enclosed& input, Remainder& out);

}  // namespace smoothbound::kernels
