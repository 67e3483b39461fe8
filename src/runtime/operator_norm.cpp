#include "smoothbound/runtime/operator_norm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "array.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/norm.hpp"

namespace smoothbound {
namespace {

// n u / (1 - n u) <= n 2^-52 with u = 2^-53: the relative error of a sum of n products or numbers
// of one sign, in any order, with or without fused operations. For n <= 2^50 at least n 2^-54 of it
// is to spare.
Magnitude summation_error(std::int64_t terms) {
  return Magnitude::from_count(terms) * Magnitude::from_double(std::ldexp(1.0, -52));
}

Magnitude power_of_two(int exponent) { return Magnitude::from_double(std::ldexp(1.0, exponent)); }

// Of a norm that `euclidean_norm` gave; one below the normal numbers has no relative accuracy.
Magnitude enclosed(double norm) {
  if (!std::isfinite(norm)) return Magnitude::infinity();
  const Magnitude upper = measured(norm).upper;
  using Limits = std::numeric_limits<double>;
  return norm == 0 || norm >= Limits::min() ? upper
                                            : upper + Magnitude::from_double(Limits::denorm_min());
}

// ||M||^2 = ||M^T M|| <= ||G|| + E for the computed Gram matrix G, where E bounds its rounding:
// entry by entry at most gamma |M|^T |M|, whose Frobenius norm is at most gamma ||M||_F^2. What is
// true of M is true of G in turn. Before each step M is divided by a power of two, so that
// 0.9 < ||M||_F < 4. Underflow then, even to zero, is fewer than 2^100 errors of at most 2^-1022 in
// M and in G: what E has to spare, 2^-55, covers them.
class GramPowers {
 public:
  // `norm` = ||W||_F, finite and not 0.
  GramPowers(std::span<const double> matrix, std::int64_t rows, std::int64_t columns, double norm)
      : matrix_(matrix.begin(), matrix.end()), rows_(rows), columns_(columns), norm_(norm) {}

  Magnitude bound() {
    constexpr int most_steps = 12;
    for (int i = 0; i < most_steps && !settled(); ++i) step();
    Magnitude result = enclosed(norm_);
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      result = step->scale * square_root(result + step->error);
    }
    return result;
  }

 private:
  struct Step {
    Magnitude scale;
    Magnitude error;
  };

  void step() {
    const int exponent = std::ilogb(norm_);
    const double factor = std::ldexp(1.0, -exponent);
    double* const entries = matrix_.data();
    parallel_for(static_cast<std::int64_t>(matrix_.size()), array_grain,
                 [=](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) entries[i] *= factor;
                 });
    const Magnitude scaled = norm_bound(matrix_);
    const bool wide = rows_ < columns_;
    const std::int64_t side = std::min(rows_, columns_);
    const std::int64_t inner = std::max(rows_, columns_);
    std::vector<double> gram(static_cast<std::size_t>(side * side));
    const linalg::ConstMatrixView matrix(matrix_.data(), rows_, columns_);
    linalg::add_gram(1, wide ? linalg::Factor(matrix) : linalg::transposed(matrix),
                     linalg::MatrixView(gram.data(), side, side));
    steps_.push_back({power_of_two(exponent), summation_error(inner) * scaled * scaled});
    matrix_ = std::move(gram);
    rows_ = columns_ = side;
    norm_ = euclidean_norm(std::span<const double>(matrix_));
    power_ *= 2;
    const double before = scaled.to_double();
    concentration_ = norm_ / (before * before);
  }

  // The Frobenius norm of the power is at most sqrt(side) times its spectral norm, and the root of
  // its order is taken of that; or it is known that one singular value outweighs all others.
  [[nodiscard]] bool settled() const {
    const auto side = static_cast<double>(std::min(rows_, columns_));
    const double excess = side > static_cast<double>(most_gram_rows) ? 0.05 : 0.01;
    return std::log(side) / (2 * power_) < excess || concentration_ > 1 - excess || norm_ == 0;
  }

  std::vector<double> matrix_;
  std::int64_t rows_;
  std::int64_t columns_;
  double norm_;
  double power_ = 1;
  double concentration_ = 0;  // ||M^T M||_F / ||M||_F^2 of the last step
  std::vector<Step> steps_;
};

}  // namespace

Magnitude norm_bound(std::span<const double> values) { return enclosed(euclidean_norm(values)); }

Magnitude largest_absolute(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) return Magnitude::infinity();
    largest = std::max(largest, std::abs(value));
  }
  return Magnitude::from_double(largest);
}

AbsoluteSums absolute_sums(std::span<const double> matrix, std::int64_t rows,
                           std::int64_t columns) {
  std::vector<double> sums(static_cast<std::size_t>(columns));
  double row_sum = 0;
  double total = 0;
  const double* entry = matrix.data();
  for (std::int64_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (double& column_sum : sums) {
      const double value = std::abs(*entry++);
      sum += value;
      column_sum += value;
    }
    row_sum = std::max(row_sum, sum);
    total += sum;
  }
  const double column_sum = sums.empty() ? 0 : *std::max_element(sums.begin(), sums.end());
  if (!std::isfinite(total)) return {Magnitude::infinity(), Magnitude::infinity()};
  const auto sum_bound = [](double sum, std::int64_t terms) {
    return Magnitude::from_double(sum) * (Magnitude::from_count(1) + summation_error(terms));
  };
  return {sum_bound(row_sum, columns), sum_bound(column_sum, rows)};
}

Magnitude operator_norm_bound(std::span<const double> matrix, std::int64_t rows,
                              std::int64_t columns, std::int64_t most_gram) {
  const double norm = euclidean_norm(matrix);
  const Magnitude frobenius = enclosed(norm);
  if (frobenius.is_infinite() || frobenius.is_zero() || std::min(rows, columns) == 1)
    return frobenius;  // is the spectral norm
  const AbsoluteSums sums = absolute_sums(matrix, rows, columns);
  Magnitude result = std::min(frobenius, square_root(sums.row * sums.column));
  constexpr int moderate = 800;  // binary exponents
  if (std::min(rows, columns) <= most_gram && std::abs(std::ilogb(norm)) < moderate) {
    result = std::min(result, GramPowers(matrix, rows, columns, norm).bound());
  }
  return result;
}

}  // namespace smoothbound
