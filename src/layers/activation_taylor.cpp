#include "smoothbound/layers/activation_taylor.hpp"

#include "rounded.hpp"

namespace smoothbound {

using activations::Interval;
using activations::rounded_up;

// A kink of an f with a scale other than 1 would be off by a rounding, unless it is 0: none is.
ScaledBranches::ScaledBranches(const Branches& of_f, double parameter, double scale)
    : branches_(of_f), parameter_(parameter), scale_(scale) {
  for (double& kink : branches_.kink) kink /= scale;
}

TaylorCoefficients ScaledBranches::expand(int branch, double x) const {
  const SmoothBranch& f = branches_.branch[static_cast<std::size_t>(branch)];
  if (scale_ == 1) return f.expand(x, parameter_);
  const double z = scale_ * x;
  TaylorCoefficients result = f.expand(z, parameter_);
  // z is off by |z| unit roundoffs, so f_m by that times the largest (m+1) f_(m+1) in between.
  const Interval near = Interval::around({z, std::abs(z)}, {z, std::abs(z)});
  double power = 1 / scale_;  // and the powers by m + 1
  for (int m = 0; m < most_activation_derivative; ++m) {
    const auto i = static_cast<std::size_t>(m);
    const double slope =
        f.envelope(m + 1, near.low, near.high, parameter_) / activations::factorial[i];
    const double more = std::abs(z) * slope + (m + 2) * std::abs(result.value[i]);
    result.value[i] *= power;
    result.absolute[i] = power * (result.absolute[i] + more / 47) + activations::negligible;
    power *= scale_;
  }
  return result;
}

void ScaledBranches::expand_array(int branch, const double* x, std::int64_t count,
                                  const CoefficientArrays& f) const {
  const SmoothBranch& smooth = branches_.branch[static_cast<std::size_t>(branch)];
  if (scale_ == 1 && smooth.expand_array != nullptr) return smooth.expand_array(x, count, f);
  for (std::int64_t i = 0; i < count; ++i) {
    const TaylorCoefficients at = expand(branch, x[i]);
    for (std::size_t m = 0; m < f.size(); ++m) f[m][i] = at.value[m];
  }
}

double ScaledBranches::envelope(int branch, int m, double low, double high) const {
  const SmoothBranch& f = branches_.branch[static_cast<std::size_t>(branch)];
  if (scale_ == 1) return f.envelope(m, low, high, parameter_);
  const double a = scale_ * low;
  const double b = scale_ * high;
  const Interval range = Interval::around({a, std::abs(a)}, {b, std::abs(b)});
  double bound = f.envelope(m, range.low, range.high, parameter_);
  if (bound == 0) return 0;
  for (int i = 1; i < m; ++i) bound *= scale_;
  return rounded_up(bound);
}

double ScaledBranches::slope_change(int kink, double low, double high) const {
  if (scale_ == 1) return branches_.slope_change(kink, low, high, parameter_);
  const double a = scale_ * low;
  const double b = scale_ * high;
  const Interval range = Interval::around({a, std::abs(a)}, {b, std::abs(b)});
  return branches_.slope_change(kink, range.low, range.high, parameter_);
}

}  // namespace smoothbound
