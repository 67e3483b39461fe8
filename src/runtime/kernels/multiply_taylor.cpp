// The rule of products y = prod_i z_i, scalar by scalar. With z_i = P_i + E_i + A_i: the polynomial
// prod P_i is cut off behind t^K, and what E and A do is the sum over i of E_i, or A_i, times the
// factors before it with their own E and A, and those behind it without.
#include <algorithm>
#include <cmath>
#include <utility>

#include "array.hpp"
#include "multiply.hpp"
#include "taylor_parts.hpp"

namespace smoothbound::kernels {
namespace {

// A product of polynomials: coefficients up to t^(K+1), exact but for rounding, the same with every
// term in absolute value, and what is above over t^(K+1), in absolute value at T.
struct Product {
  std::array<double, most_degree + 2> c{1};
  std::array<double, most_degree + 2> absolute{1};
  double above = 0;
};

class MultiplyRule final : public TaylorRule {
 public:
  MultiplyRule(std::vector<Factor> factors, std::int64_t samples, std::int64_t elements)
      : factors_(std::move(factors)), shape_{samples, elements} {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;

 private:
  // What is known of a scalar of a factor.
  struct Entry {
    double extent = 0;   // sum_j |p_j| T^j
    double r = 0;        // of E
    double without = 0;  // extent + r T^(K+1)
    double with = 0;     // and alpha
  };
  // Of a sample.
  struct Sums {
    std::vector<double> local, rounded;
    std::vector<std::vector<double>> squares;  // for each scalar of a factor, of what multiplies it
    std::vector<double> slopes;  // for each factor: what its E and A are multiplied by
    bool is_exact = true;
  };

  [[nodiscard]] std::int64_t place(std::size_t k, std::int64_t sample, std::int64_t element) const {
    const Factor& factor = factors_[k];
    const std::int64_t in_sample =
        factor.places.empty() ? element : factor.places[static_cast<std::size_t>(element)];
    return sample * factor.elements + in_sample;
  }
  [[nodiscard]] Entry entry(const Enclosed& z, std::int64_t i, std::int64_t sample,
                            const Powers& t) const;
  void multiply_by(const Coefficients& p, std::int64_t i, Product& product) const;
  void add_above(const Coefficients& p, std::int64_t i, double extent, const Powers& t,
                 Product& product) const;
  [[nodiscard]] Sums bound_sample(const Powers& t, std::span<const Enclosed> inputs,
                                  std::int64_t sample, double* r) const;
  // Of an output in the product of all factors and their coefficients.
  [[nodiscard]] std::int64_t roundings() const { return std::ssize(factors_) * (degree_ + 4) + 4; }

  std::vector<Factor> factors_;
  SampleShape shape_;
  int degree_ = 0;
};

// Up to t^(K+1).
void MultiplyRule::multiply_by(const Coefficients& p, std::int64_t i, Product& product) const {
  const auto last = static_cast<std::size_t>(degree_) + 1;
  for (std::size_t j = last + 1; j-- > 0;) {
    double sum = 0;
    double absolute = 0;
    for (std::size_t u = 0; u < last && u <= j; ++u) {
      if (p[u] == nullptr) continue;
      sum += product.c[j - u] * p[u][i];
      absolute += product.absolute[j - u] * std::abs(p[u][i]);
    }
    product.c[j] = sum;
    product.absolute[j] = absolute;
  }
}

// What the next factor makes of what is above t^(K+1); before `multiply_by`.
void MultiplyRule::add_above(const Coefficients& p, std::int64_t i, double extent, const Powers& t,
                             Product& product) const {
  product.above *= extent;
  for (int u = 1; u <= degree_; ++u) {
    const double* const values = p[static_cast<std::size_t>(u)];
    if (values == nullptr) continue;
    for (int w = degree_ + 2 - u; w <= degree_ + 1; ++w) {
      product.above += std::abs(values[i]) * product.absolute[static_cast<std::size_t>(w)] *
                       t[u + w - degree_ - 1];
    }
  }
}

void MultiplyRule::coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                                std::span<double*> p) {
  degree_ = line.degree;
  std::size_t highest = 0;
  for (const Coefficients& z : inputs) {
    for (std::size_t j = p.size() - 1; j > 0; --j) {
      if (z[j] == nullptr) continue;
      highest += j;
      break;
    }
  }
  for (std::size_t j = highest + 1; j < p.size(); ++j) p[j] = nullptr;
  parallel_for(shape_.count(), array_grain >> 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      Product product;
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        multiply_by(inputs[k], place(k, i / shape_.elements, i % shape_.elements), product);
      }
      for (std::size_t j = 0; j < p.size() && j <= highest; ++j) p[j][i] = product.c[j];
    }
  });
}

MultiplyRule::Entry MultiplyRule::entry(const Enclosed& z, std::int64_t i, std::int64_t sample,
                                        const Powers& t) const {
  Entry result;
  for (int j = 0; j <= degree_; ++j) {
    const double* const values = z.p[static_cast<std::size_t>(j)];
    if (values != nullptr) result.extent += std::abs(values[i]) * t[j];
  }
  result.extent *= inflation();
  result.r = z.r == nullptr ? 0 : smaller(z.r[i], z.rho[sample]);
  result.without = (result.extent + result.r * t.last()) * inflation();
  result.with = (result.without + z.alpha[sample]) * inflation();
  return result;
}

MultiplyRule::Sums MultiplyRule::bound_sample(const Powers& t, std::span<const Enclosed> inputs,
                                              std::int64_t sample, double* r) const {
  const auto size = static_cast<std::size_t>(shape_.elements);
  Sums sums{std::vector<double>(size), std::vector<double>(size), {}, {}};
  for (const Factor& factor : factors_) {
    sums.squares.emplace_back(static_cast<std::size_t>(factor.elements));
  }
  const auto next = static_cast<std::size_t>(degree_) + 1;
  const double error = gamma(roundings());
  const std::int64_t up = 16 * std::ssize(factors_);
  std::vector<Entry> entries(inputs.size());
  std::vector<double> behind(inputs.size() + 1, 1);  // of the factors from one on
  for (std::size_t e = 0; e < size; ++e) {
    const auto element = static_cast<std::int64_t>(e);
    Product product;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const std::int64_t i = place(k, sample, element);
      entries[k] = entry(inputs[k], i, sample, t);
      add_above(inputs[k].p, i, entries[k].extent, t, product);
      multiply_by(inputs[k].p, i, product);
    }
    for (std::size_t k = inputs.size(); k-- > 0;) behind[k] = behind[k + 1] * entries[k].without;
    double carried = 0;
    double before = 1;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const double slope = before * behind[k + 1] * inflation(up);
      carried += slope * entries[k].r;
      const std::int64_t i = place(k, 0, element);
      sums.squares[k][static_cast<std::size_t>(i)] += slope * slope;
      before *= entries[k].with;
    }
    sums.local[e] = (std::abs(product.c[next]) + error * product.absolute[next] + product.above) *
                    inflation(up);
    sums.is_exact = sums.is_exact && sums.local[e] == 0;
    for (int j = 0; j <= degree_; ++j) {
      sums.rounded[e] += product.absolute[static_cast<std::size_t>(j)] * t[j];
    }
    sums.rounded[e] *= error * inflation(up);
    r[sample * shape_.elements + element] = (sums.local[e] + carried) * inflation();
  }
  // || E_k broadcast times the others ||^2 = sum over its scalars of E_k^2 times those sums.
  for (const std::vector<double>& of_factor : sums.squares) {
    double largest = 0;
    for (const double square : of_factor) largest = larger(largest, square);
    sums.slopes.push_back(std::sqrt(largest) * inflation(shape_.elements) + underflow);
  }
  return sums;
}

void MultiplyRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                             const Coefficients& /*p*/, Remainder& out) {
  const Powers t(pass.length, degree_);
  const auto samples = static_cast<std::size_t>(shape_.samples);
  std::vector<Sums> sums(samples);
  parallel_for(shape_.samples, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      sums[static_cast<std::size_t>(n)] = bound_sample(t, inputs, n, out.r);
    }
  });
  out.is_zero = std::ranges::all_of(inputs, [](const Enclosed& z) { return z.r == nullptr; }) &&
                std::ranges::all_of(sums, [](const Sums& of) { return of.is_exact; });
  std::vector<double> rounding(samples);
  std::vector<double> steepest(inputs.size());
  for (std::size_t n = 0; n < samples; ++n) {
    const auto sample = static_cast<std::int64_t>(n);
    double by_norms = norm_above(sums[n].local);
    out.alpha[n] = 0;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const double slope = sums[n].slopes[k];
      by_norms += slope * inputs[k].rho[n];
      out.alpha[n] += slope * inputs[k].alpha[n];
      steepest[k] = larger(steepest[k], slope);
    }
    out.alpha[n] *= inflation();
    out.rho[n] = smaller(norm_above(shape_.of(out.r, sample)), by_norms * inflation());
    rounding[n] = norm_above(sums[n].rounded);
  }
  out.alpha_batch = 0;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    out.alpha_batch += steepest[k] * inputs[k].alpha_batch;
  }
  out.alpha_batch *= inflation();
  add_rounding(rounding, out);
}

}  // namespace

std::unique_ptr<TaylorRule> multiply_rule(std::vector<Factor> factors, std::int64_t samples,
                                          std::int64_t elements) {
  return std::make_unique<MultiplyRule>(std::move(factors), samples, elements);
}

}  // namespace smoothbound::kernels
