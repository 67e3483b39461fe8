// Steps that are proved, as a chart.

#include "smoothbound/report/certify/certify.hpp"
#include "smoothbound/report/charts/line_certificate.hpp"

namespace smoothbound {

std::vector<Chart> certify_charts(const CertifyReport& report) {
  LineCertificate certificate;
  certificate.architecture = report.bounds.graph.name;
  certificate.direction = report.direction;
  for (const CurvePoint& point : report.curve) {
    certificate.points.push_back({point.t, point.value, point.bounds.lower, point.bounds.upper});
  }
  if (report.asked) certificate.asked = {report.asked->t, report.asked->value};
  if (report.best) certificate.best = {report.best->t, report.best->upper};
  if (report.line_search) {
    certificate.line_search = {*report.line_search, report.line_search_value};
  }
  certificate.length = report.length;
  return certificate_charts(certificate);
}

}  // namespace smoothbound
