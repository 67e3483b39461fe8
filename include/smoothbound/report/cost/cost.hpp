// What is shown of a network's costs.
#pragma once

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/report/bound/writers.hpp"
#include "smoothbound/steps/cost.hpp"

namespace smoothbound {

struct CostReport {
  Report report;  // without results: only the architecture and its settings
  NetworkCost cost;
};

/// From a text to what its passes and steps cost. Throws SpecError.
CostReport make_cost_report(const Source& source, ReportOptions options, const Limits& limits);

/// Aligned columns for people; what is beyond 10^12 has 6 significant digits, rounded up.
void write_cost_table(const CostReport& report, const Sink& sink);
/// The same as GitHub-flavoured Markdown.
void write_cost_markdown(const CostReport& report, const Sink& sink);
/// One row for each layer, the network, each step and each precision: integers, or 17 digits.
void write_cost_csv(const CostReport& report, const Sink& sink);
/// The contract of docs/json.md, schema "smoothbound/cost/1"; integers, or 17 digits.
void write_cost_json(const CostReport& report, const Sink& sink);

}  // namespace smoothbound
