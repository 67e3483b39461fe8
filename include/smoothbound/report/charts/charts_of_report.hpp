// Charts of the bounds of one or several networks.
#pragma once

#include <span>
#include <vector>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/report/charts/chart.hpp"

namespace smoothbound {

/// m, l and L along the depth: three panels, a line for each report and method.
std::vector<Chart> depth_charts(std::span<const Report> reports);
/// The paper's bounds over the sharp ones along the depth, as factors; nothing for a report without
/// both methods.
std::vector<Chart> method_charts(std::span<const Report> reports);
/// By which factor each layer makes m, l and L grow, and which of its components do: for each
/// number, bars whose logarithms add up to that of the layer's number over the largest one among
/// what it reads (over 1 where that is 0, as in front of the first layer). Chains of layers add up
/// to the network's number.
std::vector<Chart> growth_charts(const Report& report, const MethodReport& result);

}  // namespace smoothbound
