// Steps that are proved, as a chart.

#include <fmt/format.h>

#include "shared/directed.hpp"
#include "smoothbound/report/certify/certify.hpp"
#include "smoothbound/report/charts/line_charts.hpp"

namespace smoothbound {

std::vector<Chart> certify_charts(const CertifyReport& report) {
  LineCurve curve;
  curve.title =
      fmt::format("{}: F along w + t d, d: {}", report.bounds.graph.name, report.direction);
  for (const CurvePoint& point : report.curve) {
    curve.points.push_back({point.t, point.value, point.bounds.lower, point.bounds.upper});
  }
  if (const auto& asked = report.asked) {
    curve.marks.push_back({asked->t, asked->value, fmt::format("t = {:.4g}", asked->t)});
  } else if (const auto& best = report.best) {
    curve.marks.push_back({best->t, best->upper,
                           fmt::format("t = {:.4g}: F at most {}", best->t, at_most(best->upper))});
  }
  if (report.line_search) {
    curve.marks.push_back({*report.line_search, report.line_search_value, "line search"});
  }
  if (report.length > 0) {
    curve.length = report.length;
    curve.note =
        fmt::format("u and l bound F for all t in [0, T], T = {}; F is computed in floating point",
                    not_beyond(report.length));
  } else {
    curve.note = "F is computed in floating point: it has no finite bounds";
  }
  return line_charts(curve);
}

}  // namespace smoothbound
