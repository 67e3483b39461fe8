// A sweep as text and as charts.
#pragma once

#include "smoothbound/bounds/sweep.hpp"
#include "smoothbound/report/charts/chart.hpp"
#include "smoothbound/report/shared/format.hpp"

namespace smoothbound {

/// Every point, and every crossing. JSON: schema "smoothbound/sweep/1".
void write(const Sweep& sweep, Format format, const Sink& sink);
/// l and L against the first swept setting, with the other network and the crossings.
std::vector<Chart> sweep_charts(const Sweep& sweep);

}  // namespace smoothbound
