// What is shown of a network's costs.
#pragma once

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/report/shared/format.hpp"
#include "smoothbound/steps/cost.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

struct CostReport {
  Report report;  // without results: only the architecture and its settings
  steps::NetworkCost cost;
};

/// From a text to what its passes and steps cost. Throws SpecError.
CostReport make_cost_report(const Source& source, ReportOptions options, const Limits& limits);

/// Each layer, the network, each step and each precision. Integers, or beyond 10^12 in tables 6
/// digits and beyond 2^63 in data 17, rounded up. JSON: schema "smoothbound/cost/1".
void write(const CostReport& report, Format format, const Sink& sink);

}  // namespace smoothbound
