// `bound --around`: a part of the whole program, which the calculator alone does not have. Each
// kind of build has its own.
#pragma once

#include <memory>
#include <string>

#include "command.hpp"
#include "command_line.hpp"
#include "output.hpp"
#include "smoothbound/bounds/report.hpp"
#include "smoothbound/report/shared/format.hpp"
#include "weights_options.hpp"

namespace smoothbound::cli {

/// What the command knows when it is asked for bounds around weights.
struct AroundCall {
  const std::string& file;  // the architecture's
  ReportOptions options;  // the radius among its overrides is that of the balls around the weights
  Limits limits;
  WeightsOptions weights;  // how their tensors are told
  Format format;
  Output& output;
};

class AroundOptions {
 public:
  AroundOptions();
  AroundOptions(const AroundOptions&) = delete;
  AroundOptions& operator=(const AroundOptions&) = delete;
  ~AroundOptions();

  /// Declares --around, --measure and what says which samples.
  void add_to(Command& command);
  /// The file of --around; empty without. Throws SpecError for options that need it, MissingInBuild
  /// in a build that has no such bounds.
  [[nodiscard]] const std::string& file(const CommandLine& line) const;
  /// Writes the bounds, and returns the exit code.
  int run(const AroundCall& call, const CommandLine& line);

 private:
  struct Typed;
  std::unique_ptr<Typed> typed_;
};

}  // namespace smoothbound::cli
