// What is shown of steps along a line that are proved.
#pragma once

#include <vector>

#include "smoothbound/enclosure/certify.hpp"
#include "smoothbound/report/charts/chart.hpp"
#include "smoothbound/report/shared/format.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// The answer first, then what it is about; of data, each point of the curve. `explains`: also each
/// layer's share of the bounds' width. JSON, which has the shares anyway: schema
/// "smoothbound/certify/1".
void write(const CertifyReport& report, Format format, const Sink& sink, bool explains = false);

/// F between its bounds, with T, the step that is chosen and that of an exact line search.
std::vector<Chart> certify_charts(const CertifyReport& report);

}  // namespace smoothbound
