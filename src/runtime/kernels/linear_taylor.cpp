#include "linear_taylor.hpp"

#include <algorithm>
#include <utility>

#include "array.hpp"

namespace smoothbound::kernels {
namespace {

using Arrays = std::vector<const double*>;

// |M| z, for z without a sign.
void apply_absolute(Kernel<double>& kernel, const LinearSite& site, const Arrays& z,
                    double* scratch, double* y) {
  kernel.jvp({.z = z, .scratch = scratch}, z, nullptr, y);
  if (site.entries == Entries::not_negative) return;
  parallel_for(site.output.count(), array_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) y[i] = std::abs(y[i]);
  });
}

class LinearRule final : public TaylorRule {
 public:
  LinearRule(Kernel<double>& kernel, LinearSite site) : kernel_(kernel), site_(std::move(site)) {}

  void coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                    std::span<double*> p) override;
  void remainder(const RemainderPass& pass, std::span<const Enclosed> inputs, const Coefficients& p,
                 Remainder& out) override;
  [[nodiscard]] bool reads_centres(EnclosureMode /*mode*/) const override { return true; }

 private:
  Kernel<double>& kernel_;
  LinearSite site_;
  int degree_ = 0;
  LinearNorms norms_;                                          // empty: not known yet
  std::vector<std::vector<std::vector<double>>> input_norms_;  // empty: not those of the line
};

void LinearRule::coefficients(const ParameterLine& line, std::span<const Coefficients> inputs,
                              std::span<double*> p) {
  if (norms_.of_input.empty()) norms_ = linear_norms(kernel_, site_, line.scratch);
  degree_ = line.degree;
  input_norms_.clear();
  for (std::size_t j = 0; j < p.size(); ++j) {
    Arrays z;
    bool is_zero = true;
    for (const Coefficients& input : inputs) {
      z.push_back(input[j]);
      is_zero = is_zero && input[j] == nullptr;
    }
    if (j == 0) {
      kernel_.forward({.z = z, .scratch = line.scratch}, p[0]);
    } else if (is_zero) {
      p[j] = nullptr;
    } else {
      kernel_.jvp({.z = z, .scratch = line.scratch}, z, nullptr, p[j]);
    }
  }
}

void LinearRule::remainder(const RemainderPass& pass, std::span<const Enclosed> inputs,
                           const Coefficients& /*p*/, Remainder& out) {
  const Powers t(pass.length, degree_);
  for (std::size_t i = input_norms_.size(); i < inputs.size(); ++i) {
    input_norms_.push_back(coefficient_norms(
        site_.inputs[i], std::span(inputs[i].p).first(static_cast<std::size_t>(degree_) + 1)));
  }
  const double up = inflation(site_.roundings);
  const std::int64_t samples = site_.output.samples;
  std::vector<double> parts(static_cast<std::size_t>(samples));
  std::vector<double> squares(parts.size());  // of rho, and of alpha, of all inputs
  std::vector<double> alpha_squares(parts.size());
  std::fill_n(out.rho, samples, 0.0);
  std::fill_n(out.alpha, samples, 0.0);
  out.alpha_batch = 0;
  double batch_square = 0;
  const double error = site_.roundings == 0 ? 0 : gamma(site_.roundings + 2);
  Arrays r;
  Arrays centres;
  out.is_zero = true;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Enclosed& z = inputs[i];
    r.push_back(z.r);
    centres.push_back(z.centre);
    out.has_centre = out.has_centre || z.centre != nullptr;
    const std::vector<double> of_centre = sample_norms(site_.inputs[i], z.centre);
    out.is_zero = out.is_zero && z.r == nullptr;
    const std::vector<double> sizes = weighted_norms(input_norms_[i], t);
    for (std::size_t n = 0; n < parts.size(); ++n) {
      parts[n] += error * norms_.of_input[i] * (sizes[n] + t.last() * of_centre[n]);
      out.rho[n] += norms_.of_input[i] * z.rho[n];
      squares[n] += z.rho[n] * z.rho[n];
      out.alpha[n] += norms_.of_input[i] * z.alpha[n];
      alpha_squares[n] += z.alpha[n] * z.alpha[n];
    }
    out.alpha_batch += norms_.of_input[i] * z.alpha_batch;
    batch_square += z.alpha_batch * z.alpha_batch;
  }
  for (std::size_t n = 0; n < parts.size(); ++n) {
    parts[n] = (parts[n] + error * norms_.offset[n]) * inflation();
    out.rho[n] = smaller(out.rho[n], norms_.joint * std::sqrt(squares[n]) + underflow) * up;
    out.alpha[n] = smaller(out.alpha[n], norms_.joint * std::sqrt(alpha_squares[n])) * inflation();
  }
  out.alpha_batch = smaller(out.alpha_batch, norms_.joint * std::sqrt(batch_square)) * inflation();
  add_rounding(parts, out);
  if (out.has_centre) {
    kernel_.jvp({.z = centres, .scratch = pass.scratch}, centres, nullptr, out.centre);
  }
  if (out.is_zero) return;
  apply_absolute(kernel_, site_, r, pass.scratch, out.r);
  parallel_for(samples, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      double* const r_of_sample = out.r + n * site_.output.elements;
      for (std::int64_t i = 0; i < site_.output.elements; ++i) r_of_sample[i] *= up;
      out.rho[n] = smaller(out.rho[n], norm_above(site_.output.of(out.r, n)));
    }
  });
}

}  // namespace

// ||M||^2 <= ||M||_1 ||M||_inf, and for a diagonal one that is its largest number.
LinearNorms linear_norms(Kernel<double>& kernel, const LinearSite& site, double* scratch) {
  LinearNorms norms;
  const auto outputs = static_cast<std::size_t>(site.output.count());
  std::vector<std::vector<double>> ones;
  std::vector<std::vector<double>> columns;
  for (const SampleShape& input : site.inputs) {
    ones.emplace_back(static_cast<std::size_t>(input.count()), 1.0);
    columns.emplace_back(static_cast<std::size_t>(input.count()));
  }
  const double up = inflation(site.roundings + 64);
  const auto norm_of = [&](const Arrays& z) {
    std::vector<double> rows(outputs);
    apply_absolute(kernel, site, z, scratch, rows.data());
    std::vector<double*> bars;
    for (std::size_t i = 0; i < z.size(); ++i) {
      bars.push_back(z[i] == nullptr ? nullptr : columns[i].data());
    }
    const std::vector<double> all(outputs, 1.0);
    kernel.vjp({.z = z, .scratch = scratch}, all.data(), bars, nullptr);
    const double row = *std::max_element(rows.begin(), rows.end());
    double column = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      if (z[i] == nullptr) continue;
      for (const double sum : columns[i]) column = larger(column, std::abs(sum));
    }
    return std::sqrt(row * column) * up;
  };
  Arrays joint;
  for (std::size_t i = 0; i < ones.size(); ++i) {
    Arrays alone(ones.size(), nullptr);
    alone[i] = ones[i].data();
    norms.of_input.push_back(norm_of(alone));
    joint.push_back(ones[i].data());
  }
  norms.joint = norm_of(joint);
  // c, which is what zero is mapped to.
  for (std::vector<double>& values : ones) std::fill(values.begin(), values.end(), 0.0);
  std::vector<double> offset(outputs);
  kernel.forward({.z = joint, .scratch = scratch}, offset.data());
  norms.offset = sample_norms(site.output, offset.data());
  return norms;
}

std::unique_ptr<TaylorRule> linear_rule(Kernel<double>& kernel, LinearSite site) {
  return std::make_unique<LinearRule>(kernel, std::move(site));
}

}  // namespace smoothbound::kernels
