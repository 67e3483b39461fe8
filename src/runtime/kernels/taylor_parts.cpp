#include "taylor_parts.hpp"

#include <algorithm>

#include "array.hpp"

namespace smoothbound::kernels {

std::vector<double> sample_norms(const SampleShape& shape, const double* values) {
  std::vector<double> norms(static_cast<std::size_t>(shape.samples));
  if (values == nullptr) return norms;
  parallel_for(shape.samples, 1 + array_grain / std::max<std::int64_t>(shape.elements, 1),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t n = begin; n < end; ++n) {
                   norms[static_cast<std::size_t>(n)] = norm_above(shape.of(values, n));
                 }
               });
  return norms;
}

std::vector<double> weighted_norms(std::span<const std::vector<double>> norms, const Powers& t) {
  std::vector<double> sums(norms.front().size());
  for (std::size_t j = 0; j < norms.size(); ++j) {
    for (std::size_t n = 0; n < sums.size(); ++n) sums[n] += t[static_cast<int>(j)] * norms[j][n];
  }
  for (double& sum : sums) sum *= inflation();
  return sums;
}

std::vector<std::vector<double>> coefficient_norms(const SampleShape& shape,
                                                   std::span<const double* const> p) {
  std::vector<std::vector<double>> norms;
  norms.reserve(p.size());
  for (const double* values : p) norms.push_back(sample_norms(shape, values));
  return norms;
}

void add_rounding(std::span<const double> parts, Remainder& out) {
  const double tiny = underflow * static_cast<double>(parts.size() + 1);  // also that of the batch
  for (std::size_t n = 0; n < parts.size(); ++n) {
    out.alpha[n] = (out.alpha[n] + parts[n] + underflow) * inflation();
  }
  out.alpha_batch = (out.alpha_batch + norm_above(parts) + tiny) * inflation();
  const double joint = norm_above({out.alpha, parts.size()});
  for (std::size_t n = 0; n < parts.size(); ++n) {
    out.alpha[n] = smaller(out.alpha[n], out.alpha_batch);
  }
  out.alpha_batch = smaller(out.alpha_batch, joint);
}

void forget_centre(const SampleShape& shape, Remainder& out) {
  if (!out.has_centre) return;
  parallel_for(shape.count(), array_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      out.r[i] = ((out.is_zero ? 0 : out.r[i]) + std::abs(out.centre[i])) * inflation();
    }
  });
  for (std::int64_t n = 0; n < shape.samples; ++n) {
    out.rho[n] = (out.rho[n] + norm_above(shape.of(out.centre, n)) + underflow) * inflation();
  }
  out.is_zero = false;
  out.has_centre = false;
}

void scale_alpha(double factor, std::int64_t samples, const Enclosed& input, Remainder& out) {
  for (std::int64_t n = 0; n < samples; ++n) out.alpha[n] = factor * input.alpha[n] * inflation();
  out.alpha_batch = factor * input.alpha_batch * inflation();
}

}  // namespace smoothbound::kernels
