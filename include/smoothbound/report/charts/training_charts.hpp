// Charts of logs of training.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "smoothbound/bounds/training_log.hpp"
#include "smoothbound/report/charts/chart.hpp"

namespace smoothbound {

/// A log to draw.
struct NamedLog {
  std::string name;
  std::vector<IterationRecord> records;
};

/// The objective; and the smallest gradient mapping so far beside what the certified steps
/// guarantee of it: min_{k < K} ||g_k|| <= sqrt(2 F(w_0) / (gamma_0 + ... + gamma_{K-1})).
std::vector<Chart> training_charts(std::span<const NamedLog> logs);

}  // namespace smoothbound
