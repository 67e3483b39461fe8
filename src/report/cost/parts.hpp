// The sections of a report of costs, by format.
#pragma once

#include "shared/forms.hpp"
#include "smoothbound/report/cost/cost.hpp"

namespace smoothbound {

void write_cost_page(const CostReport& report, Page& page);
void write_cost_csv(const CostReport& report, const Sink& sink);
void write_cost_json(const CostReport& report, JsonWriter& json);

}  // namespace smoothbound
