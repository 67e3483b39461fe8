// Executes a network on samples of which not all fit in memory at once.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "smoothbound/runtime/network.hpp"

namespace smoothbound {

/// An execution would take more memory than it may. `what()` is a sentence for the user.
class MemoryShortage : public std::runtime_error {
 public:
  MemoryShortage(std::int64_t needed_bytes, std::int64_t allowed_bytes,
                 std::int64_t all_samples = 1, bool together = false);
  std::int64_t needed;
  std::int64_t allowed;
  std::int64_t samples;  // that were to be executed
  bool all_at_once;      // since a component couples them
};

/// "1.5 GiB"
std::string memory_to_text(std::int64_t bytes);

struct RunnerOptions {
  /// Bytes for everything: parameters, working memory, outputs.
  std::int64_t memory = std::numeric_limits<std::int64_t>::max();
  /// Bytes of these that the caller will need for each sample.
  std::int64_t reserved_per_sample = 0;
  /// Also goes backward, and measures times.
  bool profile = false;
  /// Largest number of samples that are executed at once.
  std::int64_t most_samples = std::numeric_limits<std::int64_t>::max();
};

/// Of all samples together.
struct LayerProfile {
  double forward_seconds = 0;
  double backward_seconds = 0;
  double multiplications = 0;  // forward
  std::int64_t output_bytes = 0;
};

template <class Scalar>
struct RunResult {
  std::vector<Scalar> outputs;  // one sample after the other
  double input_norm = 0;        // of all samples, stacked
  std::vector<double> layer_norms;
  std::vector<LayerProfile> profile;  // of each layer; empty if not asked for
  LayerProfile reorders;              // between layers, from one layout to another
};

/// Executes a graph on any number of samples. Where no component couples the samples, they go
/// through a network for fewer of them, part by part: outputs are those of the whole batch, and
/// norms are added as squares.
template <class Scalar>
class BatchRunner {
 public:
  /// Reads samples from `first` on, as many as fit.
  using Reader = std::function<void(std::int64_t first, std::span<Scalar> samples)>;
  /// Called now and then with the part of the work that is done, from 0 to 1.
  using Progress = std::function<void(double done)>;

  /// Throws MemoryShortage before anything of the size of the shortage is allocated, and
  /// NotExecutable.
  BatchRunner(const Graph& graph, std::int64_t samples, const RunnerOptions& options = {});

  /// Of which the parameters are to be set.
  [[nodiscard]] Network<Scalar>& network() { return *network_; }
  /// How many samples are executed at once.
  [[nodiscard]] std::int64_t batch() const { return network_->batch(); }
  /// What the execution takes.
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

  RunResult<Scalar> run(const Reader& read, const Progress& progress = {});

 private:
  [[nodiscard]] std::int64_t bytes_of(const Network<Scalar>& network) const;

  const Graph& graph_;
  std::int64_t samples_;
  RunnerOptions options_;
  std::unique_ptr<Network<Scalar>> network_;
  std::int64_t bytes_ = 0;
};

extern template class BatchRunner<float>;
extern template class BatchRunner<double>;

}  // namespace smoothbound
