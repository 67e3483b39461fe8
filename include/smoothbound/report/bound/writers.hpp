// From a Report to text.
#pragma once

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/report/shared/format.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// Bounds of the layers and the network, objective and convergence. Numbers of tables have 6
/// significant digits, rounded up (step sizes: down). JSON: schema "smoothbound/bound/1". `first`:
/// of several reports in one text, this one comes first: a CSV has one row of column names.
void write(const Report& report, Format format, const Sink& sink, bool first = true);

}  // namespace smoothbound
