// The sections of a report of bounds around a point, by format.
#pragma once

#include "shared/forms.hpp"
#include "shared/words.hpp"
#include "smoothbound/report/around/around.hpp"

namespace smoothbound {

void write_around_page(const AroundReport& report, Page& page);
void write_around_csv(const AroundReport& report, const Sink& sink);
void write_around_json(const AroundReport& report, JsonWriter& json);

/// bound / measured; nothing where that says nothing.
std::optional<double> ratio_of(const Magnitude& bound, double measured);

}  // namespace smoothbound
