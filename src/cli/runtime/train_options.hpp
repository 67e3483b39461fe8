// The options of `train` that say how it goes, as values.
#pragma once

#include <string>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "smoothbound/train/training.hpp"

namespace smoothbound::cli {

/// Options as typed.
class OracleOptions {
 public:
  /// Declares --oracle, --step, --gamma, --layerwise, --local-radius, --dual-residual and
  /// --batch.
  void add_to(Command& command);
  /// Their values. Throws SpecError with a place on the command line.
  [[nodiscard]] TrainingOptions interpret(const CommandLine& line) const;
  /// The step as it is shown: a rule or a number.
  [[nodiscard]] std::string step_text() const;

 private:
  std::string oracle_ = "gradient";
  std::string step_;
  std::string gamma_;
  std::string local_radius_;
  bool layerwise_ = false;
  std::string dual_residual_;
  std::string batch_;
};

}  // namespace smoothbound::cli
