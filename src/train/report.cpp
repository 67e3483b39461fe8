#include "smoothbound/train/report.hpp"

#include <algorithm>

namespace smoothbound {

Magnitude predicted_iterations(const Magnitude& smoothness, double first_objective,
                               double accuracy) {
  const LowerBound square = LowerBound::from_double(accuracy) * LowerBound::from_double(accuracy);
  // An objective >= 0 may be computed as one below.
  return ceiling(Magnitude::from_count(2) * smoothness *
                 Magnitude::from_double(std::max(first_objective, 0.0)) / square);
}

TrainingReport::Verdict TrainingReport::verdict() const {
  if (rule == StepRule::enclosure) {
    return state.violation < 0 ? Verdict::holds : Verdict::violated;
  }
  if (is_stochastic() || (rule != StepRule::certified && rule != StepRule::local)) {
    return Verdict::not_applicable;
  }
  return state.violation < 0 ? Verdict::holds : Verdict::violated;
}

std::string_view name_of(TrainingReport::Verdict verdict) {
  switch (verdict) {
    case TrainingReport::Verdict::holds:
      return "holds";
    case TrainingReport::Verdict::violated:
      return "violated";
    case TrainingReport::Verdict::not_applicable:
      break;
  }
  return "not applicable";
}

}  // namespace smoothbound
