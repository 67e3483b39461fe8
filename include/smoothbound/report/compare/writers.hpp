// A comparison as text.
#pragma once

#include "smoothbound/bounds/compare.hpp"
#include "smoothbound/report/shared/format.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// For people a verdict for each number, and tables; for machines each layer and network of each
/// column. JSON: schema "smoothbound/compare/1".
void write(const Comparison& comparison, Format format, const Sink& sink);

}  // namespace smoothbound
