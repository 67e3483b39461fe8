// What `check` tells people and machines.
#pragma once

#include "smoothbound/bounds/check.hpp"
#include "smoothbound/report/shared/format.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// What became of each architecture, and old, new and ratio of what changed. JSON: schema
/// "smoothbound/check/1".
void write(const CheckResult& result, Format format, const Sink& sink);
/// JUnit XML: one suite with a test case for each architecture.
void write_junit(const CheckResult& result, const Sink& sink);
/// GitHub's workflow commands: an annotation for each architecture that changed.
void write_annotations(const CheckResult& result, const Sink& sink);

}  // namespace smoothbound
