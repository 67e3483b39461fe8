// What goes wrong with samples, parameters and networks that are executed, in the words of the
// command line.
#pragma once

#include <exception>
#include <string>

#include "run_samples.hpp"
#include "shared/command_line.hpp"

namespace smoothbound::cli {

/// What a command executes.
struct Execution {
  const std::string& file;  // the architecture's
  const Source& source;
  const SampleOptions& samples;
  const CommandLine& line;
};

/// In a handler, of whatever is being handled: shows what it means, and returns the exit code, or
/// throws SpecError or DataError. Throws what it does not know as it is.
int explain_error(const Execution& execution);

/// The loss compares outputs with what nobody has given.
[[noreturn]] void refuse(const LabelsMissing& error);
/// An architecture without a loss, in the words of `error`.
[[noreturn]] void refuse_lossless(const std::string& file, const std::exception& error);

}  // namespace smoothbound::cli
