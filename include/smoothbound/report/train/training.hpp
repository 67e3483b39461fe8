// What is shown of a training run.
#pragma once

#include "smoothbound/report/bound/writers.hpp"
#include "smoothbound/train/report.hpp"

namespace smoothbound {

void write_training_table(const TrainingReport& training, const Sink& sink);
void write_training_markdown(const TrainingReport& training, const Sink& sink);
/// The contract of docs/json.md, schema "smoothbound/train/1"; 17 digits.
void write_training_json(const TrainingReport& training, const Sink& sink);

}  // namespace smoothbound
