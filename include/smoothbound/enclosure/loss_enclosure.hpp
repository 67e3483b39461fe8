// A loss whose predictions are enclosed, enclosed itself: section 8.8 of docs/theory.md.
#pragma once

#include <memory>
#include <span>

#include "smoothbound/enclosure/line_enclosure.hpp"
#include "smoothbound/losses/loss.hpp"
#include "smoothbound/runtime/losses/evaluate.hpp"

namespace smoothbound {

/// A number between two doubles.
struct Range {
  double lower = 0;
  double upper = 0;
};

/// What is compared with the predictions; see `LossData`. The labels have to outlive it.
struct LossSetup {
  std::int64_t samples = 0;
  std::int64_t outputs = 0;  // of one sample
  std::int64_t positions = 1;
  const Labels* labels = nullptr;
  double label_smoothing = 0;
  double threshold = 1;
};

/// Of a loss along a line, for the coefficients and the remainder that `line` has.
class LossEnclosure {
 public:
  LossEnclosure() = default;
  LossEnclosure(const LossEnclosure&) = delete;
  LossEnclosure& operator=(const LossEnclosure&) = delete;
  virtual ~LossEnclosure() = default;

  /// Takes over a remainder, after `LineEnclosure::bound`.
  virtual void take(LineEnclosure& line) = 0;
  /// The loss at t in [0, T], of the exact network at the stored parameters.
  [[nodiscard]] virtual Range at(double t) const = 0;
};

/// Throws NotEnclosed for a loss without a rule.
void require_enclosed(const LossRow& loss);
/// Throws NotEnclosed for a loss without a rule, LossDataError for labels that do not fit.
std::unique_ptr<LossEnclosure> loss_enclosure(const LossRow& loss, const LossSetup& setup);

}  // namespace smoothbound
