// The sections of a report of bounds, by format.
#pragma once

#include "shared/forms.hpp"
#include "smoothbound/report/bound/writers.hpp"

namespace smoothbound {

void write_bounds_page(const Report& report, Page& page);
void write_bounds_json(const Report& report, JsonWriter& json);
void write_bounds_csv(const Report& report, bool header, const Sink& sink);

}  // namespace smoothbound
