// What an execution comes to: measured values beside the certified ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/runtime/parameters.hpp"
#include "smoothbound/runtime/precision.hpp"
#include "smoothbound/runtime/samples.hpp"

namespace smoothbound {

struct RunLoss {
  std::string name;
  std::optional<double> value;
  double gap = 0;          // the loss is in [value - gap, value]
  std::string reason;      // why there is no value
  bool overflows = false;  // it is beyond the largest number
};

struct RunAccuracy {
  std::int64_t correct = 0;
  std::int64_t samples = 0;
};

struct RunReport {
  Report bounds;  // for the batch and the norm of the input as measured
  Precision precision = Precision::float32;
  SampleOrigin data;
  ParameterSource parameters;
  std::string statistics;  // the file of batch norm's; empty: those of the batch
  double input_norm = 0;
  std::vector<double> norms;  // ||z_l|| of each layer
  std::vector<BlockNorm> blocks;
  double tolerance = 0;  // relative, for the rounding of the execution
  std::optional<RunLoss> loss;
  std::optional<RunAccuracy> accuracy;
  std::int64_t samples_at_once = 0;
  std::vector<LayerProfile> profile;  // of each layer; may be empty
  LayerProfile reorders;
  /// Of the network, one sample after the other, in the arithmetic of the execution.
  std::variant<std::vector<float>, std::vector<double>> outputs;

  /// Whether all parameters are where the bounds hold.
  [[nodiscard]] bool is_inside() const;
  /// The layers that exceed their m_l by one of the methods, by the result's index. Meaningful if
  /// the parameters are inside.
  [[nodiscard]] std::vector<std::uint32_t> exceeded(std::size_t result) const;
  [[nodiscard]] std::vector<std::uint32_t> overflown() const;

  enum class Verdict : std::uint8_t { holds, outside, exceeded, overflow };
  [[nodiscard]] Verdict verdict() const;
};

/// "holds", "outside", "exceeded", "overflow"
std::string_view name_of(RunReport::Verdict verdict);

}  // namespace smoothbound
