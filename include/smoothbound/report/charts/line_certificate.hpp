// What 'smoothbound certify' proves along a line, as far as it is drawn: of a run, or read back
// from its JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "smoothbound/report/charts/line_charts.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {

/// The schema of its JSON.
constexpr std::string_view certify_schema = "smoothbound/certify/1";

/// F along w + t d between its bounds, and the steps that stand out.
struct LineCertificate {
  struct Step {
    double t = 0;
    double value = 0;
  };

  std::string architecture;
  std::string direction;
  std::vector<LinePoint> points;    // by t
  std::optional<Step> asked;        // with F, computed
  std::optional<Step> best;         // with its bound from above
  std::optional<Step> line_search;  // with F, computed
  double length = 0;                // T; 0: there are no bounds
};

/// F, u and l over t, with T, the step that is chosen and that of an exact line search.
std::vector<Chart> certificate_charts(const LineCertificate& of);

/// Whether `path` is a regular file with JSON of that schema.
bool is_certificate_file(const std::string& path);
/// From JSON of that schema. Throws SpecError.
LineCertificate read_certificate(const Source& source);

}  // namespace smoothbound
