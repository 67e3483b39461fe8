// Charts of an objective along a line, between its bounds.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "smoothbound/report/charts/chart.hpp"

namespace smoothbound {

/// F at a step t, and what is certified of it; NaN: nothing.
struct LinePoint {
  double t = 0;
  double value = 0;
  double lower = 0;
  double upper = 0;
};

/// A step that is marked, at its place on one of the lines.
struct LineMark {
  double t = 0;
  double value = 0;
  std::string label;
};

struct LineCurve {
  std::string title;
  std::string note;
  std::vector<LinePoint> points;  // by t
  std::vector<LineMark> marks;
  std::optional<double> length;  // T
};

/// F, u and l over t. Bounds are drawn as long as they are of use: their ends may be so far away
/// that F would look level.
std::vector<Chart> line_charts(const LineCurve& curve);

}  // namespace smoothbound
