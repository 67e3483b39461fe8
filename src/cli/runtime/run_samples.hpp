// The options that say which samples a network is executed on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "smoothbound/runtime/samples.hpp"

namespace smoothbound::cli {

class SampleOptions {
 public:
  /// `trains`: unless the command line says otherwise, samples are those for training; else those
  /// for tests.
  explicit SampleOptions(bool trains = false) : trains_(trains) {}

  /// Declares --data, --input, --labels, --targets, --split, --samples, --scale-input,
  /// --standardise and --scale-norm.
  void add_to(Command& command);
  /// Whether samples are named, random ones among them.
  [[nodiscard]] bool are_named() const { return !data_.empty() || !input_.empty(); }
  /// The first of the options that was given; empty: none.
  [[nodiscard]] std::string first_given() const;
  /// Files that are read.
  [[nodiscard]] std::vector<std::string> files() const { return named().files(); }

  /// Opens the samples, if they are not random (then `seed` is theirs), and says in `settings` how
  /// many there will be, if that does not follow from the architecture. Throws SpecError and
  /// DataError.
  Samples open(const CommandLine& line, std::uint64_t seed, Settings& settings);
  /// The error in the words of the command line: throws SpecError or DataError.
  [[noreturn]] void refuse(const CommandLine& line, const TooFewSamples& error) const;
  [[noreturn]] static void refuse(const CommandLine& line, const TargetsNotTaken& error);
  [[noreturn]] static void refuse(const CommandLine& line, const IdsAsNumbers& error);

 private:
  // As typed, without what can be wrong with it.
  [[nodiscard]] SampleRequest named() const;
  [[nodiscard]] std::optional<double> divisor(const CommandLine& line) const;
  void refuse_contradictions(const CommandLine& line, const Settings& settings) const;
  void refuse_for_random(const CommandLine& line) const;

  bool trains_;
  std::string data_;
  std::string input_;
  std::string labels_;
  std::string targets_;
  std::string split_;
  std::string samples_;
  std::string scale_input_;
  bool standardise_ = false;
  bool scale_norm_ = false;

  std::string count_option_;  // that says how many; empty: none
};

}  // namespace smoothbound::cli
