// What rules of losses share: outputs along the line, and sums that are rounded outwards.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "smoothbound/enclosure/loss_enclosure.hpp"

namespace smoothbound::loss_rules {

constexpr double unit_roundoff = 0x1p-53;
constexpr double inflation = 1 + 0x1p-40;

/// gamma_n, rounded up.
inline double gamma(std::int64_t n) {
  const double error = static_cast<double>(n) * unit_roundoff;
  return error / (1 - error) * (1 + 0x1p-50);
}

/// Throws LossDataError for a label that is none of the classes.
void require_classes(const LossSetup& setup, std::int64_t classes);
/// One for each output; classes stand for unit vectors. Throws LossDataError.
std::vector<double> targets_of(const LossSetup& setup, std::string_view loss);

/// What does not depend on t, kept: the line may go on to other samples.
class Outputs : public LossEnclosure {
 protected:
  explicit Outputs(const LossSetup& setup) : setup_(setup) {}

  void take_line(LineEnclosure& line);
  /// s(t), rounded up.
  [[nodiscard]] double gauge(double t) const;
  /// A polynomial at t, and what its evaluation is off by at most.
  struct Point {
    double value;
    double error;
  };
  /// That of an output, its centre as the coefficient of degree K + 1.
  [[nodiscard]] Point evaluate(std::int64_t place, double t) const;
  /// |E| <= r s of an output.
  [[nodiscard]] double remainder(std::int64_t place) const {
    return r_.empty() ? 0 : r_[static_cast<std::size_t>(place)];
  }
  /// ||E|| <= rho s and ||A|| <= alpha of a sample.
  [[nodiscard]] double rho(std::int64_t sample) const {
    return rho_[static_cast<std::size_t>(sample)];
  }
  [[nodiscard]] double alpha(std::int64_t sample) const {
    return alphas_[static_cast<std::size_t>(sample)];
  }

  using Polynomial = std::array<double, most_degree + 2>;
  LossSetup setup_;
  int degree_ = 0;
  int order_ = 0;
  double length_ = 0;
  std::vector<Polynomial> coefficients_;  // of all outputs
  double alpha_batch_ = 0;                // of all samples together
  double alpha_ = 0;                      // the mean of ||A|| over samples

 private:
  std::vector<double> r_;  // empty: zero
  std::vector<double> rho_;
  std::vector<double> alphas_;
};

/// Of a sum of non-negative terms that are known up to a relative `error`, over `terms`, with what
/// rounding adds.
Range mean_of(double lower, double upper, std::int64_t terms);
Range widened(Range range, double by);
/// Of what is not negative; NaN stays.
inline Range not_negative(Range range) { return {std::max(range.lower, 0.0), range.upper}; }

/// The rules of single losses.
std::unique_ptr<LossEnclosure> binary_logistic(const LossSetup& setup);
std::unique_ptr<LossEnclosure> huber(const LossSetup& setup);

}  // namespace smoothbound::loss_rules
