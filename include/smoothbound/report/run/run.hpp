// What is shown of an execution: measured values beside the certified ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/data/prepare.hpp"
#include "smoothbound/report/shared/format.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/runtime/parameters.hpp"
#include "smoothbound/text/sink.hpp"

namespace smoothbound {

/// Where samples came from, and what was done to them.
struct RunData {
  std::string name;
  std::optional<std::string> split;
  std::optional<std::uint64_t> seed;  // of random samples
  Shape stored;                       // as they come
  Shape used;                         // as the network reads them
  Preparation preparation;
  std::optional<double> norm;  // to which all of them together were scaled
};

/// Where parameters came from: a file, or else a scheme and a seed.
struct RunParameters {
  std::string file;
  std::string statistics;  // the file of batch norm's; empty: those of the batch
  std::string scheme;
  std::uint64_t seed = 0;
};

struct RunLoss {
  std::string name;
  std::optional<double> value;
  double gap = 0;      // the loss is in [value - gap, value]
  std::string reason;  // why there is no value
};

struct RunAccuracy {
  std::int64_t correct = 0;
  std::int64_t samples = 0;
};

struct RunReport {
  Report bounds;  // for the batch and the norm of the input as measured
  std::string precision;
  RunData data;
  RunParameters parameters;
  double input_norm = 0;
  std::vector<double> norms;  // ||z_l|| of each layer
  std::vector<BlockNorm> blocks;
  double tolerance = 0;  // relative, for the rounding of the execution
  std::optional<RunLoss> loss;
  std::optional<RunAccuracy> accuracy;
  std::int64_t samples_at_once = 0;
  std::vector<LayerProfile> profile;  // of each layer; may be empty
  LayerProfile reorders;

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

/// Layers with their norms and bounds, and the verdict. JSON: schema "smoothbound/run/1".
void write(const RunReport& run, Format format, const Sink& sink);

}  // namespace smoothbound
