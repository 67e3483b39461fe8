#include "loss_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smoothbound::loss_rules {

void require_classes(const LossSetup& setup, std::int64_t classes) {
  for (const std::int64_t label : setup.labels->classes) {
    if (label < 0 || label >= classes) {
      throw LossDataError(fmt::format("label {} is no class; there are {}", label, classes));
    }
  }
}

std::vector<double> targets_of(const LossSetup& setup, std::string_view loss) {
  const auto outputs = static_cast<std::size_t>(setup.outputs);
  const auto all = static_cast<std::size_t>(setup.samples) * outputs;
  const Labels& labels = *setup.labels;
  if (labels.targets.size() == all) return labels.targets;
  if (labels.classes.size() != static_cast<std::size_t>(setup.samples)) {
    throw LossDataError(fmt::format("{} needs labels: targets, or the class of each sample", loss));
  }
  require_classes(setup, setup.outputs);
  std::vector<double> targets(all);
  for (std::size_t n = 0; n < labels.classes.size(); ++n) {
    targets[n * outputs + static_cast<std::size_t>(labels.classes[n])] = 1;
  }
  return targets;
}

void Outputs::take_line(LineEnclosure& line) {
  degree_ = line.degree();
  order_ = line.order();
  length_ = line.length();
  const Enclosed& out = line.output();
  const std::int64_t count = setup_.samples * setup_.outputs;
  coefficients_.assign(static_cast<std::size_t>(count), {});
  const auto take = [&](const double* of_degree, std::size_t l) {
    if (of_degree == nullptr) return;
    for (std::size_t i = 0; i < coefficients_.size(); ++i) coefficients_[i][l] = of_degree[i];
  };
  const auto terms = static_cast<std::size_t>(degree_) + 1;
  for (std::size_t l = 0; l < terms; ++l) take(out.p[l], l);
  take(out.centre, terms);
  r_.clear();
  if (out.r != nullptr) r_.assign(out.r, out.r + count);
  rho_.assign(out.rho, out.rho + setup_.samples);
  alphas_.assign(out.alpha, out.alpha + setup_.samples);
  alpha_batch_ = out.alpha_batch;
  double sum = 0;
  for (const double each : alphas_) sum += each;
  const auto samples = static_cast<double>(setup_.samples);
  alpha_ = std::min(sum / samples * (1 + 2 * gamma(setup_.samples)),
                    out.alpha_batch / std::sqrt(samples)) *
           inflation;
}

double Outputs::gauge(double t) const {
  double s = std::pow(length_, degree_ + 1 - order_);
  for (int i = 0; i < order_; ++i) s *= t;
  return s * (1 + 0x1p-46);
}

Outputs::Point Outputs::evaluate(std::int64_t place, double t) const {
  const Polynomial& c = coefficients_[static_cast<std::size_t>(place)];
  double value = 0;
  double absolute = 0;
  for (int l = degree_ + 1; l >= 0; --l) {
    const double coefficient = c[static_cast<std::size_t>(l)];
    value = value * t + coefficient;
    absolute = absolute * t + std::abs(coefficient);
  }
  return {value, gamma(4 * degree_ + 8) * absolute * inflation};
}

Range mean_of(double lower, double upper, std::int64_t terms) {
  const auto count = static_cast<double>(terms);
  const double error = gamma(terms + 2);
  return {(lower - error * std::abs(lower)) / count - 0x1p-1000,
          (upper + error * std::abs(upper)) / count + 0x1p-1000};
}

Range widened(Range range, double by) {
  const double up = by * inflation;
  return {range.lower - up - 2 * unit_roundoff * (std::abs(range.lower) + up),
          range.upper + up + 2 * unit_roundoff * (std::abs(range.upper) + up)};
}

}  // namespace smoothbound::loss_rules
