// Charts of the bounds of one or several networks.
#pragma once

#include <span>
#include <vector>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/report/charts/chart.hpp"

namespace smoothbound {

/// m, l and L along the depth: three panels, a line for each report and method. More than 8
/// networks cannot be told apart as lines: for them the same as `network_charts`.
std::vector<Chart> depth_charts(std::span<const Report> reports);
/// The networks' own m, l and L: three columns of dots, a row for each network.
std::vector<Chart> network_charts(std::span<const Report> reports);
/// The paper's bounds over the sharp ones along the depth, as factors; nothing for a report without
/// both methods.
std::vector<Chart> method_charts(std::span<const Report> reports);

/// What one method says of a network.
struct NetworkBounds {
  const Report* report;
  const MethodReport* result;
};
/// By which factor each layer makes m, l and L grow, and which of its components do: for each
/// network three panels of bars whose logarithms add up to that of the layer's number over the
/// largest one among what it reads (over 1 where that is 0, as in front of the first layer). Chains
/// of layers add up to the network's number. A kind of component has one colour, and a number one
/// scale, in all networks.
std::vector<Chart> growth_charts(std::span<const NetworkBounds> networks);

}  // namespace smoothbound
