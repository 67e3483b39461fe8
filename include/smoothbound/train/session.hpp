// A run of training from what is asked for to its report, with its log and checkpoints.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/train/report.hpp"

namespace smoothbound {

/// An architecture, the samples on which its loss is minimized, and how.
struct TrainingRequest {
  Source source;          // of the architecture
  ReportOptions options;  // with one method, by which steps are certified
  Limits limits;
  Samples samples{SampleRequest{}};
  ParameterSource parameters;  // to begin with
  std::string statistics;      // a file of those of batch norm, as of `RunRequest`
  Precision precision = Precision::float64;
  TrainingOptions training;  // the session finds its `micro_batch`
  std::string step;          // as it was asked for; empty: as `training` says
  std::int64_t memory = std::numeric_limits<std::int64_t>::max();  // bytes, for everything
  std::int64_t iterations = 100;  // at most, those before `resume` included
  double accuracy = 0;            // the norm of the gradient mapping at which the run ends
  /// Files; empty: none.
  std::string log;
  std::string checkpoint;
  std::int64_t checkpoint_every = 10;  // iterations
  std::string resume;                  // the checkpoint of a run that is taken up
  /// Told what is to be known of a file: its name, and a sentence.
  std::function<void(const std::string& file, const std::string& what)> notice = {};
};

/// The architecture names no loss.
class NothingToMinimize : public std::runtime_error {
 public:
  NothingToMinimize();
};

/// `TrainingOptions::mini_batch` is more than all samples.
class MiniBatchTooLarge : public std::runtime_error {
 public:
  MiniBatchTooLarge(std::int64_t asked, std::int64_t available);
};

/// All samples are in memory at once, and they do not fit.
class TooManySamples : public MemoryShortage {
 public:
  using MemoryShortage::MemoryShortage;
};

/// What a caller sees of a run while it lasts, and says to it.
struct TrainingWatch {
  /// After an iteration.
  std::function<void(std::int64_t done, std::int64_t all, const IterationRecord& last)> progress =
      {};
  std::function<bool()> is_stopped = {};  // asked before an iteration: the run ends there
};

class TrainingSession {
 public:
  /// Makes all ready for the first iteration, and begins the log. Throws SpecError in
  /// `request.source`; TooFewSamples, TargetsNotTaken, DataError in the samples, the files of
  /// parameters, the checkpoint or the log, also if the checkpoint is of another run; OutputError,
  /// NothingToMinimize, MiniBatchTooLarge, MemoryShortage, TooManySamples, LabelsMissing,
  /// TrainingUnsupported, ContradictoryOptions, LossError, NotExecutable; std::overflow_error for a
  /// radius beyond the precision.
  explicit TrainingSession(TrainingRequest request);
  TrainingSession(const TrainingSession&) = delete;
  TrainingSession& operator=(const TrainingSession&) = delete;
  ~TrainingSession();

  /// Iterates until the accuracy is reached, there were enough iterations, or the watch stops it,
  /// and saves. Throws OutputError, and TrainingFailed after it has saved the last parameters. The
  /// result is the session's. Call it once.
  const TrainingReport& run(const TrainingWatch& watch = {});
  /// Those where the run stands, as safetensors. Throws OutputError.
  void save_parameters(const std::string& path) const;

 private:
  class Run;
  template <class Scalar>
  class RunIn;
  std::unique_ptr<Run> run_;
};

}  // namespace smoothbound
