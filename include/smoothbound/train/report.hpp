// What a training run comes to: its iterations, and the run beside the guarantee.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/runtime/parameters.hpp"
#include "smoothbound/runtime/precision.hpp"
#include "smoothbound/runtime/samples.hpp"
#include "smoothbound/train/training.hpp"

namespace smoothbound {

/// The iterations that Theorem 4.1 asks for to come to a gradient mapping of norm `accuracy`,
/// from 2 L_F (F(w_0) - min F) / accuracy^2; no loss and no regularizer is negative, so F(w_0) is
/// the largest that the gap can be. Rounded up to an integer; inf for an accuracy of 0.
Magnitude predicted_iterations(const Magnitude& smoothness, double first_objective,
                               double accuracy);

struct TrainingReport {
  Report bounds;  // of the architecture, for the samples' norm and the batch of a step
  Precision precision = Precision::float64;
  SampleOrigin data;
  ParameterSource parameters;
  std::int64_t samples = 0;
  std::int64_t mini_batch = 0;  // 0: all samples
  steps::StepKind oracle = steps::StepKind::gradient;
  StepRule rule = StepRule::certified;
  std::string step;  // as asked for: "certified", "0.1", ...
  Method method = Method::sharp;
  CertifiedStep certified;  // on the product of balls
  int projected = 0;        // blocks that had to be moved to begin
  std::vector<IterationRecord> records;
  TrainingState state;                   // at the end
  std::optional<double> last_objective;  // on all samples at the end
  bool interrupted = false;

  [[nodiscard]] bool is_stochastic() const { return mini_batch > 0; }
  /// F(w_0) on all samples, also of a run that was taken up; NaN: not known, or not finite.
  [[nodiscard]] double first_objective() const {
    return is_stochastic() ? state.all_samples_first : state.first_objective;
  }
  /// What the run says of the guarantee: whether its steps are those of Theorem 4.1 (or Cor 4.5),
  /// and whether each decreased F as they have to. Of stochastic runs it is about expectations,
  /// which one run can not refute.
  enum class Verdict : std::uint8_t { holds, violated, not_applicable };
  [[nodiscard]] Verdict verdict() const;
};

/// "holds", "violated", "not applicable"
std::string_view name_of(TrainingReport::Verdict verdict);

}  // namespace smoothbound
