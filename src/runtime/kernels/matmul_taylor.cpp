// The rule of products of matrices Y = scale A B. With A = P_A + E_A + A_A and B likewise, and
// absolute values entry by entry,
//   |E| <= |P_A P_B cut off| + |E_A| (|P_B| + |E_B|) + |P_A| |E_B|,
// where products of non-negative matrices bound the entries, and norms of matrices those of the
// output: the norm of a matrix is at most that of its absolute values.
#include <algorithm>
#include <cmath>

#include "array.hpp"
#include "matmul.hpp"
#include "taylor_parts.hpp"

namespace smoothbound::kernels {
namespace {

// At least the norm of a matrix whose entries are not negative: ||M||^2 <= ||M||_1 ||M||_inf, and
// ||M||_F^2.
double operator_norm_above(const double* values, std::int64_t rows, std::int64_t columns) {
  std::vector<double> sums(static_cast<std::size_t>(columns));
  double row = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < columns; ++j) {
      sum += values[i * columns + j];
      sums[static_cast<std::size_t>(j)] += values[i * columns + j];
    }
    row = larger(row, sum);
  }
  double column = 0;
  for (const double sum : sums) column = larger(column, sum);
  const double by_sums = std::sqrt(row) * std::sqrt(column) * inflation(rows + columns);
  return smaller(by_sums, norm_above({values, static_cast<std::size_t>(rows * columns)}));
}

// One of the two factors on the whole batch.
struct Majorant {
  std::vector<double> extent;     // sum_j |p_j| T^j
  std::vector<double> r;          // of E; empty: zero
  std::vector<double> all;        // extent + r T^(K+1)
  std::vector<double> norms;      // of the latter and alpha, the largest one of each sample
  std::vector<double> frobenius;  // likewise of each matrix

  Majorant(const Enclosed& z, const MatrixProduct& product, std::int64_t rows, std::int64_t columns,
           const Powers& t);
};

Majorant::Majorant(const Enclosed& z, const MatrixProduct& product, std::int64_t rows,
                   std::int64_t columns, const Powers& t) {
  const std::int64_t size = rows * columns;
  const std::int64_t of_sample = size * product.sizes.stack;
  const auto count = static_cast<std::size_t>(of_sample * product.samples);
  extent.resize(count);
  for (int j = 0; j <= t.degree(); ++j) {
    const double* const p = z.p[static_cast<std::size_t>(j)];
    for (std::size_t i = 0; i < count && p != nullptr; ++i) extent[i] += std::abs(p[i]) * t[j];
  }
  for (double& e : extent) e *= inflation();
  all = extent;
  if (z.r != nullptr) {
    r.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      r[i] = smaller(z.r[i], z.rho[static_cast<std::int64_t>(i) / of_sample]);
      all[i] = (all[i] + r[i] * t.last()) * inflation();
    }
  }
  for (std::int64_t n = 0; n < product.samples; ++n) {
    double largest = 0;
    for (std::int64_t m = 0; m < product.sizes.stack; ++m) {
      const double* const matrix = all.data() + n * of_sample + m * size;
      largest = larger(largest, operator_norm_above(matrix, rows, columns));
      const double norm = norm_above({matrix, static_cast<std::size_t>(size)});
      frobenius.push_back((norm + z.alpha[n]) * inflation());
    }
    norms.push_back((largest + z.alpha[n]) * inflation());
  }
}

class MatMulRule final : public TaylorRule {
 public:
  explicit MatMulRule(const MatrixProduct& product)
      : product_(product), shape_{product.samples, product.outputs() / product.samples} {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;

 private:
  // y = sum_(u+w=j) A_u B_w; false: there is nothing to sum.
  bool coefficient(std::span<const Coefficients> z, std::size_t j, double* y) const;
  // y += sum_(u+w>K+1) |A_u| |B_w| T^(u+w-K-1); false: nothing was added.
  bool add_above(std::span<const Enclosed> z, const Powers& t, double* y) const;
  [[nodiscard]] std::vector<double> local_of(std::span<const Enclosed> inputs,
                                             const Powers& t) const;
  [[nodiscard]] std::int64_t terms() const { return (degree_ + 1) * product_.sizes.inner; }

  MatrixProduct product_;
  SampleShape shape_;
  int degree_ = 0;
};

bool MatMulRule::coefficient(std::span<const Coefficients> z, std::size_t j, double* y) const {
  bool begun = false;
  for (std::size_t u = 0; u <= std::min(j, static_cast<std::size_t>(degree_)); ++u) {
    if (j - u > static_cast<std::size_t>(degree_)) continue;
    if (z[0][u] == nullptr || z[1][j - u] == nullptr) continue;
    product_.multiply(z[0][u], z[1][j - u], begun, y);
    begun = true;
  }
  return begun;
}

void MatMulRule::coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                              std::span<double*> p) {
  degree_ = line.degree;
  for (std::size_t j = 0; j < p.size(); ++j) {
    if (!coefficient(inputs, j, p[j])) {
      p[j] = nullptr;
      continue;
    }
    for (std::int64_t i = 0; i < product_.outputs(); ++i) p[j][i] *= product_.scale;
  }
}

bool MatMulRule::add_above(std::span<const Enclosed> z, const Powers& t, double* y) const {
  std::vector<double> first(static_cast<std::size_t>(product_.first()));
  std::vector<double> second(static_cast<std::size_t>(product_.second()));
  bool added = false;
  for (int u = 2; u <= degree_; ++u) {
    const double* const a = z[0].p[static_cast<std::size_t>(u)];
    if (a == nullptr) continue;
    std::ranges::fill(second, 0.0);
    bool any = false;
    for (int w = degree_ + 2 - u; w <= degree_; ++w) {
      const double* const b = z[1].p[static_cast<std::size_t>(w)];
      if (b == nullptr) continue;
      any = true;
      for (std::size_t i = 0; i < second.size(); ++i) {
        second[i] += std::abs(b[i]) * t[u + w - degree_ - 1];
      }
    }
    if (!any) continue;
    for (std::size_t i = 0; i < first.size(); ++i) first[i] = std::abs(a[i]);
    product_.multiply(first.data(), second.data(), true, y);
    added = true;
  }
  return added;
}

// |P_A P_B - P'| / s but for the scale; empty: zero.
std::vector<double> MatMulRule::local_of(std::span<const Enclosed> inputs, const Powers& t) const {
  std::vector<double> result(static_cast<std::size_t>(product_.outputs()));
  const std::array<Coefficients, 2> z{inputs[0].p, inputs[1].p};
  const bool has_next = coefficient(z, static_cast<std::size_t>(degree_) + 1, result.data());
  for (double& e : result) e = std::abs(e);
  if (!add_above(inputs, t, result.data()) && !has_next) return {};
  return result;
}

void MatMulRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                           const Coefficients& /*p*/, Remainder& out) {
  const Powers t(pass.length, degree_);
  const MatMul::Sizes& sizes = product_.sizes;
  // As they lie in memory.
  const Majorant a = product_.turns_first
                         ? Majorant(inputs[0], product_, sizes.inner, sizes.rows, t)
                         : Majorant(inputs[0], product_, sizes.rows, sizes.inner, t);
  const Majorant b = product_.turns_second
                         ? Majorant(inputs[1], product_, sizes.columns, sizes.inner, t)
                         : Majorant(inputs[1], product_, sizes.inner, sizes.columns, t);
  const double scale = std::abs(product_.scale) * (1 + 0x1p-50);
  const double up = inflation(terms() + 2 * sizes.inner) * scale;
  std::vector<double> local = local_of(inputs, t);
  out.is_zero = local.empty() && a.r.empty() && b.r.empty();
  for (double& e : local) e *= up;
  const std::vector<double> local_norms =
      sample_norms(shape_, local.empty() ? nullptr : local.data());
  if (!out.is_zero) {
    const bool carries = !a.r.empty();
    if (carries) product_.multiply(a.r.data(), b.all.data(), false, out.r);
    if (!b.r.empty()) product_.multiply(a.extent.data(), b.r.data(), carries, out.r);
    if (!carries && b.r.empty()) fill(out.r, product_.outputs(), 0.0);
    for (std::int64_t i = 0; i < product_.outputs(); ++i) {
      const double here = local.empty() ? 0 : local[static_cast<std::size_t>(i)];
      out.r[i] = (out.r[i] * up + here) * inflation();
    }
  }
  // Of the sums, the scale and its decimal, with the coefficient of t^(K+1) in `local`.
  const double error = gamma(terms() + degree_ + 8);
  std::vector<double> rounding(static_cast<std::size_t>(shape_.samples));
  double steepest_first = 0;
  double steepest_second = 0;
  for (std::int64_t n = 0; n < shape_.samples; ++n) {
    const auto sample = static_cast<std::size_t>(n);
    std::vector<double> parts;
    for (std::size_t m = sample * static_cast<std::size_t>(sizes.stack);
         m < (sample + 1) * static_cast<std::size_t>(sizes.stack); ++m) {
      parts.push_back(a.frobenius[m] * b.frobenius[m]);
    }
    // The scale multiplies what has underflowed, too.
    rounding[sample] = scale * (error * norm_above(parts) + underflow) * inflation();
    const double of_first = scale * b.norms[sample];
    const double of_second = scale * a.norms[sample];
    steepest_first = larger(steepest_first, of_first);
    steepest_second = larger(steepest_second, of_second);
    out.alpha[n] = (of_first * inputs[0].alpha[n] + of_second * inputs[1].alpha[n]) * inflation();
    const double by_norms =
        (local_norms[sample] + of_first * inputs[0].rho[n] + of_second * inputs[1].rho[n]) *
        inflation();
    out.rho[n] = out.is_zero ? 0 : smaller(by_norms, norm_above(shape_.of(out.r, n)));
  }
  out.alpha_batch =
      (steepest_first * inputs[0].alpha_batch + steepest_second * inputs[1].alpha_batch) *
      inflation();
  add_rounding(rounding, out);
}

}  // namespace

std::unique_ptr<TaylorRule> matmul_rule(const MatrixProduct& product) {
  return std::make_unique<MatMulRule>(product);
}

}  // namespace smoothbound::kernels
