#include "affine_taylor.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "array.hpp"
#include "smoothbound/runtime/buffer.hpp"

namespace smoothbound::kernels {
namespace {

// Parameters that are kept are rounded to this.
constexpr double stored_roundoff = unit_roundoff;

// body(i) for all i < count, in parallel.
template <class Body>
void each(std::size_t count, const Body& body) {
  parallel_for(
      static_cast<std::int64_t>(count), array_grain, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          body(i);
        }
      });
}

class AffineRule final : public TaylorRule {
 public:
  AffineRule(std::unique_ptr<AffineBounds> bounds, AffineProduct product, AffinePair pair)
      : b_(std::move(bounds)), product_(std::move(product)), pair_(std::move(pair)) {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;
  // By norms, a pass has no product.
  [[nodiscard]] bool reads_centres(EnclosureMode mode) const override {
    return mode == EnclosureMode::interval;
  }
  bool difference_remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                            const Remainder& out, std::span<const std::int64_t> labels,
                            double* rd) override;

 private:
  void measure(const Coefficients& z, const Coefficients& p);
  [[nodiscard]] std::vector<double> rounding(const Powers& t, const Enclosed& z,
                                             const Remainder& out) const;
  void carry_on(const RemainderPass& pass, const Enclosed& z, Remainder& out);
  void carry_centre(const RemainderPass& pass, const Enclosed& z, Remainder& out);
  [[nodiscard]] double bias_norm(double length) const;
  // Rows W_j - W_y of both ends of the line.
  struct RowDifference {
    std::vector<double> start, end;
    double norm = 0;  // the larger one of the two
  };
  [[nodiscard]] RowDifference difference(std::int64_t j, std::int64_t y) const;
  [[nodiscard]] double carried_by(const RowDifference& row, const Enclosed& z,
                                  std::int64_t n) const;
  [[nodiscard]] double turned_by(std::int64_t j, std::int64_t y, const Enclosed& z,
                                 std::int64_t n) const;

  std::unique_ptr<AffineBounds> b_;
  AffineProduct product_;
  AffinePair pair_;
  ParameterLine line_;
  bool is_weighed_ = false;   // the norms of the line's parameters are those that follow
  double norm_ = 0;           // of v
  double moving_norm_ = 0;    // of d
  double absolute_norm_ = 0;  // of |v|
  double moving_absolute_ = 0;
  bool is_measured_ = false;  // and those of its coefficients
  std::vector<std::vector<double>> input_norms_;
  std::vector<std::vector<double>> output_norms_;
  Buffer<double> last_;         // D p_K
  bool has_last_ = false;       // it is not zero
  double length_ = 0;           // T of `difference`
  std::vector<double> turned_;  // of a sample, what half of T d makes of the centre at most
  std::vector<double> turned_norms_;
  std::vector<double> centre_norms_;  // of the input
};

void AffineRule::coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                              std::span<double*> p) {
  line_ = line;
  if (!line.is_same) is_weighed_ = false;
  is_measured_ = false;
  const Coefficients& z = inputs.front();
  const auto degree = static_cast<std::size_t>(line.degree);
  has_last_ = line.d != nullptr && z[degree] != nullptr;
  if (has_last_ && last_.size() == 0) last_ = Buffer<double>(b_->output.count());
  bool begun = false;  // D p_(j-1) is in p_j
  for (std::size_t j = 0; j <= degree; ++j) {
    if (z[j] == nullptr) {
      if (!begun) p[j] = nullptr;
      begun = false;
    } else if (line.d == nullptr) {
      product_(z[j], line.v, j == 0, false, p[j], line.scratch);
    } else {
      double* const next = j == degree ? last_.data() : p[j + 1];
      pair_(z[j], {{{line.v, begun, p[j]}, {line.d, false, next}}}, j == 0, line.scratch);
      begun = true;
    }
  }
}

// What all passes on a line have in common.
void AffineRule::measure(const Coefficients& z, const Coefficients& p) {
  if (!is_weighed_) {
    norm_ = b_->operator_norm(line_.v);
    absolute_norm_ = b_->absolute_norm(line_.v);
    moving_norm_ = line_.d == nullptr ? 0 : b_->quick_norm(line_.d);
    moving_absolute_ = line_.d == nullptr ? 0 : b_->absolute_norm(line_.d);
    is_weighed_ = true;
  }
  if (is_measured_) return;
  const auto terms = static_cast<std::size_t>(line_.degree) + 1;
  input_norms_ = coefficient_norms(b_->input, std::span(z).first(terms));
  output_norms_ = coefficient_norms(b_->output, std::span(p).first(terms));
  is_measured_ = true;
}

// || |b| + T |db| || over the positions.
double AffineRule::bias_norm(double length) const {
  if (line_.d == nullptr || b_->biases == 0) return 0;
  std::vector<double> sums(static_cast<std::size_t>(b_->biases));
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::size_t place = static_cast<std::size_t>(b_->weights) + i;
    sums[i] = std::abs(line_.v[place]) + length * std::abs(line_.d[place]);
  }
  return std::sqrt(static_cast<double>(b_->positions)) * norm_above(sums) * inflation();
}

// Of the products, and of v + t d when it is stored.
std::vector<double> AffineRule::rounding(const Powers& t, const Enclosed& z,
                                         const Remainder& out) const {
  const std::vector<double> centres =
      sample_norms(b_->output, out.has_centre ? out.centre : nullptr);
  // A product may be added to before its own sums are complete.
  const double error = gamma(2 * b_->fan + 8);
  std::vector<double> parts(static_cast<std::size_t>(b_->output.samples));
  const double bias = bias_norm(t[1]);
  for (std::size_t n = 0; n < parts.size(); ++n) {
    double products = t.last() * moving_absolute_ * input_norms_.back()[n];
    products +=
        t.last() * ((absolute_norm_ + t[1] * moving_absolute_) * centre_norms_[n] + centres[n]);
    double inputs = (z.rho[n] + centre_norms_[n]) * t.last() + z.alpha[n];
    for (std::size_t j = 0; j < input_norms_.size(); ++j) {
      const double before = j > 0 ? input_norms_[j - 1][n] : 0;
      const double power = t[static_cast<int>(j)];
      products += power * (absolute_norm_ * input_norms_[j][n] + moving_absolute_ * before +
                           output_norms_[j][n]);
      inputs += power * input_norms_[j][n];
    }
    parts[n] = error * products;
    if (line_.d != nullptr) {
      parts[n] +=
          2 * stored_roundoff * ((absolute_norm_ + t[1] * moving_absolute_) * inputs + bias);
    }
    parts[n] *= inflation();
  }
  return parts;
}

// r = what beta(v + t d, E) comes to.
void AffineRule::carry_on(const RemainderPass& pass, const Enclosed& z, Remainder& out) {
  // At least |v + T d| up to what `inflation` covers.
  double* const moved = pass.parameters;
  parallel_for(b_->weights, array_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const double d = line_.d == nullptr ? 0 : pass.length * line_.d[i];
      moved[i] = std::abs(line_.v[i] + d) + 4 * unit_roundoff * std::abs(d);
    }
  });
  b_->by_rows(line_.v, moved, z, pass.scratch, out.r);
  if (pass.mode == EnclosureMode::norm) return;
  parallel_for(b_->weights, array_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) moved[i] = larger(moved[i], std::abs(line_.v[i]));
  });
  Buffer<double> products(b_->output.count());
  product_(z.r, moved, false, false, products.data(), pass.scratch);
  const double up = inflation(b_->fan);
  const double* const product = products.data();
  parallel_for(products.size(), array_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) out.r[i] = smaller(out.r[i], product[i] * up);
  });
}

// (v + t d) c = (v + T/2 d) c + (t - T/2) d c: the first part is the centre, with d p_K.
void AffineRule::carry_centre(const RemainderPass& pass, const Enclosed& z, Remainder& out) {
  const auto outputs = static_cast<std::size_t>(b_->output.count());
  centre_norms_ = sample_norms(b_->input, z.centre);
  turned_.clear();
  turned_norms_.assign(static_cast<std::size_t>(b_->output.samples), 0.0);
  out.has_centre = z.centre != nullptr || has_last_;
  if (z.centre != nullptr) {
    const double half = pass.length / 2;
    double* const moved = pass.parameters;
    parallel_for(b_->weights, array_grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        moved[i] = line_.d == nullptr ? line_.v[i] : line_.v[i] + half * line_.d[i];
      }
    });
    product_(z.centre, moved, false, false, out.centre, pass.scratch);
    if (line_.d != nullptr) {
      Buffer<double> sizes(b_->input.count());
      each(static_cast<std::size_t>(sizes.size()),
           [&](std::size_t i) { sizes.data()[i] = std::abs(z.centre[i]); });
      Enclosed centre;
      centre.r = sizes.data();
      centre.rho = centre_norms_.data();
      turned_.resize(outputs);
      parallel_for(b_->weights, array_grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) moved[i] = std::abs(line_.d[i]);
      });
      b_->by_rows(line_.d, moved, centre, pass.scratch, turned_.data());
      each(outputs, [&](std::size_t i) { turned_[i] *= half * inflation(); });
      const std::vector<double> norms = sample_norms(b_->output, turned_.data());
      for (std::size_t n = 0; n < turned_norms_.size(); ++n) {
        turned_norms_[n] = smaller(half * moving_norm_ * centre_norms_[n] * inflation(), norms[n]);
      }
    }
  }
  if (!has_last_) return;
  const double* const last = last_.data();
  each(outputs,
       [&](std::size_t i) { out.centre[i] = (z.centre == nullptr ? 0 : out.centre[i]) + last[i]; });
}

void AffineRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                           const Coefficients& p, Remainder& out) {
  const Enclosed& z = inputs.front();
  const Powers t(pass.length, line_.degree);
  measure(z.p, p);
  const double norm = (norm_ + t[1] * moving_norm_) * inflation();
  scale_alpha(norm, b_->output.samples, z, out);
  carry_centre(pass, z, out);
  add_rounding(rounding(t, z, out), out);
  out.is_zero = z.r == nullptr && turned_.empty();
  if (out.is_zero) {
    std::fill_n(out.rho, b_->output.samples, 0.0);
    return;
  }
  if (z.r == nullptr) {
    fill(out.r, b_->output.count(), 0.0);
  } else {
    carry_on(pass, z, out);
  }
  each(turned_.size(), [&](std::size_t i) { out.r[i] = (out.r[i] + turned_[i]) * inflation(); });
  const std::vector<double> norms = sample_norms(b_->output, out.r);
  for (std::int64_t n = 0; n < b_->output.samples; ++n) {
    const auto sample = static_cast<std::size_t>(n);
    const double by_norms = (norm * z.rho[n] + turned_norms_[sample]) * inflation();
    out.rho[n] = smaller(by_norms, norms[sample]);
  }
}

AffineRule::RowDifference AffineRule::difference(std::int64_t j, std::int64_t y) const {
  const auto row = static_cast<std::size_t>(b_->fan);
  RowDifference result{std::vector<double>(row), std::vector<double>(row)};
  const double* const first = line_.v + j * b_->fan;
  const double* const second = line_.v + y * b_->fan;
  for (std::size_t i = 0; i < row; ++i) {
    result.start[i] = std::abs(first[i] - second[i]) * (1 + 2 * unit_roundoff);
    result.end[i] = result.start[i];
    if (line_.d == nullptr) continue;
    const double a = length_ * line_.d[j * b_->fan + static_cast<std::int64_t>(i)];
    const double b = length_ * line_.d[y * b_->fan + static_cast<std::int64_t>(i)];
    result.end[i] = std::abs((first[i] - second[i]) + (a - b)) +
                    8 * unit_roundoff * (result.start[i] + std::abs(a) + std::abs(b));
  }
  result.norm = larger(norm_above(result.start), norm_above(result.end));
  return result;
}

// What the row makes of E of a sample.
double AffineRule::carried_by(const RowDifference& row, const Enclosed& z, std::int64_t n) const {
  const double by_norms = row.norm * z.rho[n];
  if (z.r == nullptr) return by_norms;
  const double* const r = z.r + n * b_->fan;
  double sum = 0;
  for (std::size_t i = 0; i < row.start.size(); ++i) {
    sum += larger(row.start[i], row.end[i]) * r[i];
  }
  return smaller(by_norms, sum * inflation(b_->fan));
}

// What half of T (D_j - D_y) makes of the centre of a sample.
double AffineRule::turned_by(std::int64_t j, std::int64_t y, const Enclosed& z,
                             std::int64_t n) const {
  if (z.centre == nullptr || line_.d == nullptr) return 0;
  const double* const c = z.centre + n * b_->fan;
  const double* const first = line_.d + j * b_->fan;
  const double* const second = line_.d + y * b_->fan;
  double sum = 0;
  double absolute = 0;
  for (std::int64_t i = 0; i < b_->fan; ++i) {
    const double term = (first[i] - second[i]) * c[i];
    sum += term;
    absolute += std::abs(term);
  }
  return length_ / 2 * (std::abs(sum) + gamma(b_->fan + 4) * absolute) * inflation(b_->fan);
}

// The rule of the matrix with the rows W_j - W_y.
bool AffineRule::difference_remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                                      const Remainder& /*out*/,
                                      std::span<const std::int64_t> labels, double* rd) {
  const std::int64_t classes = b_->output.elements;
  if (!b_->is_matrix) return false;
  length_ = pass.length;
  const Enclosed& z = inputs.front();
  const std::set<std::int64_t> present(labels.begin(), labels.end());
  for (const std::int64_t y : present) {
    parallel_for(classes, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t j = begin; j < end; ++j) {
        const RowDifference row = difference(j, y);
        for (std::int64_t n = 0; n < b_->output.samples; ++n) {
          if (labels[static_cast<std::size_t>(n)] != y) continue;
          rd[n * classes + j] =
              j == y ? 0 : (turned_by(j, y, z, n) + carried_by(row, z, n)) * inflation();
        }
      }
    });
  }
  return true;
}

}  // namespace

std::unique_ptr<TaylorRule> affine_rule(std::unique_ptr<AffineBounds> bounds, AffineProduct product,
                                        AffinePair pair) {
  return std::make_unique<AffineRule>(std::move(bounds), std::move(product), std::move(pair));
}

}  // namespace smoothbound::kernels
