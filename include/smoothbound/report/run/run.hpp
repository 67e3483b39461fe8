// What is shown of an execution.
#pragma once

#include "smoothbound/report/bound/writers.hpp"
#include "smoothbound/runtime/run_report.hpp"

namespace smoothbound {

void write_run_table(const RunReport& run, const Sink& sink);
void write_run_markdown(const RunReport& run, const Sink& sink);
/// One row for each layer; 17 digits.
void write_run_csv(const RunReport& run, const Sink& sink);
/// The contract of docs/json.md, schema "smoothbound/run/1"; 17 digits.
void write_run_json(const RunReport& run, const Sink& sink);

}  // namespace smoothbound
