// What is shown of an execution.
#pragma once

#include "smoothbound/report/shared/format.hpp"
#include "smoothbound/runtime/run_report.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// Layers with their norms and bounds, and the verdict. JSON: schema "smoothbound/run/1".
void write(const RunReport& run, Format format, const Sink& sink);

}  // namespace smoothbound
