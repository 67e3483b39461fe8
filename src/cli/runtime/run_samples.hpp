// The options that say which samples a network is executed on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "smoothbound/bounds/report.hpp"
#include "smoothbound/data/dataset.hpp"
#include "smoothbound/data/prepare.hpp"
#include "smoothbound/runtime/losses/evaluate.hpp"

namespace smoothbound::cli {

class SampleOptions {
 public:
  /// `trains`: unless the command line says otherwise, samples are those for training, and all of
  /// them; else those for tests, as many as the architecture's batch.
  explicit SampleOptions(bool trains = false) : trains_(trains) {}

  /// Declares --data, --input, --labels, --targets, --split, --samples, --standardise and
  /// --scale-norm.
  void add_to(Command& command);
  /// Files that are read.
  [[nodiscard]] std::vector<std::string> files() const;

  /// Opens the samples, if they are not random, and says in `settings` how many there will be, if
  /// that does not follow from the architecture. Throws SpecError and DataError.
  void open(const CommandLine& line, Settings& settings);
  /// Throws if there are fewer samples than the batch, or they or their targets do not fit:
  /// SpecError, DataError.
  void fit(const CommandLine& line, const Report& report);
  /// Makes the samples if they are random; `report` as in `fit`.
  void generate(const Report& report, std::uint64_t seed);

  [[nodiscard]] bool have_targets() const { return !targets_.empty(); }
  [[nodiscard]] bool are_random() const { return random_; }
  [[nodiscard]] const Dataset& dataset() const { return *dataset_; }
  /// The shape of samples as they come.
  [[nodiscard]] const Shape& stored() const { return stored_; }
  /// What was asked for with --split, or is meant without, for samples that have one.
  [[nodiscard]] std::optional<std::string> split() const;
  [[nodiscard]] PreparationOptions preparation(const Report& report) const;
  /// What the samples of the batch should be; both lists are empty if that is not known. Throws
  /// DataError for classes that the outputs do not have, if the loss compares them, and for targets
  /// that are not finite.
  [[nodiscard]] Labels labels(const Report& report) const;

 private:
  void fit_targets(const CommandLine& line, const Report& report);

  bool trains_;
  std::string data_;
  std::string input_;
  std::string labels_;
  std::string targets_;
  std::string split_;
  std::string samples_;
  bool standardise_ = false;
  bool scale_norm_ = false;

  bool random_ = false;
  std::string count_option_;  // that says how many; empty: none
  std::optional<Dataset> dataset_;
  std::optional<ArrayFile> opened_targets_;
  Shape stored_;
};

}  // namespace smoothbound::cli
