// What is shown of a training run.
#pragma once

#include "smoothbound/report/shared/format.hpp"
#include "smoothbound/text/sink.hpp"
#include "smoothbound/train/report.hpp"

namespace smoothbound {

/// The run beside the guarantee; of data, each record. JSON: schema "smoothbound/train/1".
void write(const TrainingReport& training, Format format, const Sink& sink);

}  // namespace smoothbound
