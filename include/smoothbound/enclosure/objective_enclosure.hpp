// The objective F(w + t d) = f(psi(w + t d)) + r(w + t d) along a line, enclosed for all t in
// [0, T]: section 8 of docs/theory.md.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "smoothbound/enclosure/loss_enclosure.hpp"
#include "smoothbound/runtime/objective.hpp"

namespace smoothbound {

/// F and its derivatives along the line at t = 0, out of the coefficients: in floating point, no
/// bounds.
struct LineDerivatives {
  double value = 0;
  double slope = 0;      // <grad F, d>
  double curvature = 0;  // <d, hess F d>; needs K >= 2
};

/// What has been spent on a line, in multiplications of the network's products.
struct EnclosureWork {
  double coefficients = 0;  // beyond the forward pass of the gradient
  double passes = 0;
  double gradient = 0;  // what a gradient of the batch takes
  std::int64_t pass_count = 0;

  /// In gradients, that of the direction included.
  [[nodiscard]] double gradients() const {
    return gradient == 0 ? 1 : 1 + (coefficients + passes) / gradient;
  }
};

class ObjectiveEnclosure {
 public:
  /// `x`, samples one after the other, has to outlive it. Throws NotEnclosed, NotExecutable,
  /// LossDataError.
  ObjectiveEnclosure(const Graph& graph, const LossRow& loss, std::span<const double> x,
                     std::int64_t samples, Labels labels, const ObjectiveOptions& options = {});
  /// Of samples whose labels `set_labels` will give. Throws NotEnclosed, NotExecutable.
  ObjectiveEnclosure(const Graph& graph, const LossRow& loss, std::span<const double> x,
                     std::int64_t samples, const ObjectiveOptions& options = {});

  /// What `x` refers to may have been overwritten by other samples, with these labels: a line has
  /// to be set anew. Throws LossDataError.
  void set_labels(Labels labels);

  [[nodiscard]] const ParameterLayout& parameter_layout() const {
    return line_.network().parameter_layout();
  }
  /// Coefficients along w + t d up to degree K; both must stay as they are.
  void set_line(std::span<const double> w, std::span<const double> d, int degree);
  [[nodiscard]] const LineDerivatives& derivatives() const { return derivatives_; }
  /// Bounds F for t in [0, T]; false if it has no finite bounds. `first_layer`: as of
  /// `LineEnclosure::bound`. Does nothing if these are the bounds it has.
  bool bound(double length, EnclosureMode mode, std::uint32_t first_layer = 0);
  /// l(t) <= F(v) <= u(t), of the exact function at the parameters v = w + t d as they are rounded
  /// by `step_to`, and at the exact ones. Infinite for t outside of [0, T], and without bounds.
  [[nodiscard]] Range at(double t) const;
  /// T of the last call of `bound`.
  [[nodiscard]] double length() const { return std::ldexp(line_.length(), -exponent_); }
  /// Along a multiple of d, if d is very short or long: its t is another one.
  [[nodiscard]] const LineEnclosure& line() const { return line_; }
  /// The mean over samples of what rounding can have done to the outputs.
  [[nodiscard]] double rounding() const;
  [[nodiscard]] const EnclosureWork& work() const { return work_; }
  void forget_work() { work_.coefficients = work_.passes = 0, work_.pass_count = 0; }

 private:
  void differentiate();
  std::span<const double> take_exponent(std::span<const double> d);

  LineEnclosure line_;
  const LossRow* loss_row_;
  std::span<const double> x_;
  Labels labels_;
  LossData data_;  // but for predictions
  double lambda_;
  std::unique_ptr<LossEnclosure> loss_;
  bool is_bounded_ = false;
  EnclosureMode mode_ = EnclosureMode::interval;  // of the last pass
  std::uint32_t first_layer_ = 0;
  int exponent_ = 0;            // the line has d 2^-exponent and t 2^exponent
  std::vector<double> scaled_;  // that d, where the exponent is not 0
  LineDerivatives derivatives_;
  // ||w||^2, <w, d>, ||d||^2, and a bound of what rounding makes of their sum at t = 1 per unit.
  struct Squares {
    double point = 0, mixed = 0, direction = 0;
    double point_norm = 0, direction_norm = 0;
  };
  Squares squares_;
  EnclosureWork work_;
};

/// v = w + t d, as it is certified: each number rounded twice.
void step_to(std::span<const double> w, std::span<const double> d, double t, std::span<double> v);
std::vector<double> step_to(std::span<const double> w, std::span<const double> d, double t);

}  // namespace smoothbound
