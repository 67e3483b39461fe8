// Exit codes for what executions found.
#pragma once

#include "../shared/exit_code.hpp"
#include "smoothbound/enclosure/certify.hpp"
#include "smoothbound/runtime/run_report.hpp"
#include "smoothbound/train/report.hpp"

namespace smoothbound::cli {

constexpr ExitCode exit_code_of(RunReport::Verdict verdict) {
  switch (verdict) {
    case RunReport::Verdict::exceeded:
      return regression;
    case RunReport::Verdict::overflow:
      return no_answer;
    case RunReport::Verdict::holds:
    case RunReport::Verdict::outside:
      break;
  }
  return success;
}

constexpr ExitCode exit_code_of(TrainingReport::Verdict verdict) {
  return verdict == TrainingReport::Verdict::violated ? regression : success;
}

constexpr ExitCode exit_code_of(StepVerdict verdict) {
  switch (verdict) {
    case StepVerdict::decreases:
      return success;
    case StepVerdict::increases:
      return regression;
    case StepVerdict::undecided:
      break;
  }
  return no_answer;
}

}  // namespace smoothbound::cli
