// From bounds around a point to text.
#pragma once

#include "smoothbound/enclosure/around.hpp"
#include "smoothbound/report/shared/format.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// Layers, objective, blocks, and what was measured beside it. Numbers of tables have 6 significant
/// digits, rounded up, measured ones 4. JSON: schema "smoothbound/around/1".
void write(const AroundReport& report, Format format, const Sink& sink);

}  // namespace smoothbound
