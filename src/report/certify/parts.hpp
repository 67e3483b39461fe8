// The sections of a report of steps that are proved, by format.
#pragma once

#include <string>

#include "run/origin.hpp"
#include "smoothbound/report/certify/certify.hpp"

namespace smoothbound {

/// A report, and how much of it is shown.
struct CertifyView {
  const CertifyReport& report;
  bool explains = false;
};

void write_certify_page(const CertifyView& view, Page& page);
void write_certify_csv(const CertifyView& view, const Sink& sink);
void write_certify_json(const CertifyView& view, JsonWriter& json);

/// The part of the step of an exact line search that is proved, and of its decrease; NaN where
/// there is nothing to compare.
struct ProvedShares {
  double step = 0;
  double decrease = 0;
};
ProvedShares proved_shares(const CertifyReport& report);

}  // namespace smoothbound
