// From what is asked of a network to what its execution comes to.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "smoothbound/runtime/run_report.hpp"

namespace smoothbound {

/// An architecture, what to execute it on, and how.
struct RunRequest {
  Source source;          // of the architecture
  ReportOptions options;  // what is measured is held against the bounds for the input as measured
  Limits limits;
  Samples samples{SampleRequest{}};
  ParameterSource parameters;
  std::string statistics;  // a file of those of batch norm; empty: those of the batch
  Precision precision = Precision::float32;
  std::int64_t memory = std::numeric_limits<std::int64_t>::max();  // bytes, for everything
  bool profile = false;  // also go backward, and measure times
};

/// Called now and then with how many samples are done.
using RunProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// Executes. Throws SpecError in `request.source`; TooFewSamples, TargetsNotTaken, DataError in the
/// samples or the files of parameters; MemoryShortage and ShapeError for what is too large,
/// std::overflow_error for a radius beyond the precision, NotExecutable.
RunReport execute(RunRequest request, const RunProgress& progress = {});

}  // namespace smoothbound
