// The sections of a report of an execution, by format.
#pragma once

#include "run/origin.hpp"

namespace smoothbound {

void write_run_page(const RunReport& run, Page& page);
void write_run_csv(const RunReport& run, const Sink& sink);
void write_run_json(const RunReport& run, JsonWriter& json);

}  // namespace smoothbound
