// The sections of a sweep, by format.
#pragma once

#include "shared/forms.hpp"
#include "smoothbound/report/sweep/writers.hpp"

namespace smoothbound {

void write_sweep_page(const Sweep& sweep, Page& page);
void write_sweep_csv(const Sweep& sweep, const Sink& sink);
void write_sweep_json(const Sweep& sweep, JsonWriter& json);

}  // namespace smoothbound
