#include "smoothbound/report/charts/line_charts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace smoothbound {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// What is shown of the bounds: F, and as much again on both sides.
struct ShownRange {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  explicit ShownRange(std::span<const LinePoint> points) {
    for (const LinePoint& point : points) {
      if (!std::isfinite(point.value)) continue;
      low = std::min(low, point.value);
      high = std::max(high, point.value);
    }
    const double height = high - low;
    low -= height;
    high += height;
  }
  [[nodiscard]] bool holds(double y) const { return low <= y && y <= high; }
};

// One of the bounds, up to where it leaves the window.
ChartSeries bound_of(std::span<const LinePoint> points, double LinePoint::*bound,
                     const ShownRange& window) {
  ChartSeries line;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double y = points[i].*bound;
    if (window.holds(y)) {
      line.x.push_back(points[i].t);
      line.y.push_back(y);
      continue;
    }
    if (i > 0 && std::isfinite(y) && window.holds(points[i - 1].*bound)) {
      const double before = points[i - 1].*bound;
      const double edge = y > window.high ? window.high : window.low;
      const double part = (edge - before) / (y - before);
      line.x.push_back(points[i - 1].t + part * (points[i].t - points[i - 1].t));
      line.y.push_back(edge);
    }
    line.x.push_back(points[i].t);
    line.y.push_back(unknown);
  }
  return line;
}

// F at t, between its points.
double value_at(std::span<const LinePoint> points, double t) {
  const auto next =
      std::ranges::find_if(points, [&](const LinePoint& point) { return point.t >= t; });
  if (next == points.end()) return unknown;
  if (next == points.begin() || next->t == t) return next->value;
  const LinePoint& before = *(next - 1);
  return before.value + (t - before.t) / (next->t - before.t) * (next->value - before.value);
}

}  // namespace

std::vector<Chart> line_charts(const LineCurve& curve) {
  Chart chart;
  chart.title = curve.title;
  chart.note = curve.note;
  chart.x = {"t", false, {}};
  chart.y = {"F(w + t d)", false, {}};
  ChartSeries measured;
  measured.name = "F, computed";
  for (const LinePoint& point : curve.points) {
    measured.x.push_back(point.t);
    measured.y.push_back(std::isfinite(point.value) ? point.value : unknown);
  }
  chart.series.push_back(std::move(measured));
  const bool bounded = std::ranges::any_of(
      curve.points, [](const LinePoint& point) { return !std::isnan(point.upper); });
  if (bounded) {
    const ShownRange window(curve.points);
    ChartSeries upper = bound_of(curve.points, &LinePoint::upper, window);
    upper.name = "u, certified";
    upper.colour = 1;
    ChartSeries lower = bound_of(curve.points, &LinePoint::lower, window);
    lower.name = "l, certified";
    lower.colour = 1;
    lower.dash = 1;
    chart.series.push_back(std::move(upper));
    chart.series.push_back(std::move(lower));
  }
  for (const LineMark& mark : curve.marks) {
    if (std::isfinite(mark.value)) chart.markers.push_back({mark.t, mark.value, mark.label, false});
  }
  if (curve.length) {
    const double value = value_at(curve.points, *curve.length);
    if (std::isfinite(value)) chart.markers.push_back({*curve.length, value, "T", false});
  }
  return {chart};
}

}  // namespace smoothbound
