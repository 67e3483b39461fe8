// The options that say which numbers are computed, which every command with architecture files has.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "command_line.hpp"
#include "smoothbound/bounds/report.hpp"
#include "weights_options.hpp"

namespace smoothbound::cli {

/// "--initial-gap" for "initial_gap".
std::string option_name(std::string_view setting);

/// "64MiB", "1e9", "2GiB" in bytes. Throws SpecError.
std::size_t parse_size(const text::ScalarText& scalar);

/// The option's value as one of `names`; throws SpecError at its place.
std::size_t choose(const CommandLine& line, const std::string& option, const std::string& value,
                   std::span<const std::string_view> names);

class ModelOptions {
 public:
  /// `method`: what --method is if it is not given.
  explicit ModelOptions(std::string method = "sharp")
      : method_(std::move(method)),
        counts_(count_settings().size()),
        reals_(real_settings().size()) {}

  /// Declares --weights, of which statistics of batch norms are read, --method, --bn-epsilon,
  /// --smooth, --loss, --max-size and every setting of the tables, but for those named in
  /// `left_out` ("--radius"): a command gives them another meaning.
  void add_to(Command& command, const std::vector<std::string_view>& left_out = {});

  /// How the tensors of a file of weights are told.
  [[nodiscard]] const WeightsOptions& weights() const { return weights_; }
  /// What was typed, as values. Throws SpecError with a place on the command line.
  [[nodiscard]] ReportOptions interpret(const CommandLine& line) const;
  /// --max-size. Throws SpecError.
  [[nodiscard]] Limits limits(const CommandLine& line) const;

 private:
  std::string method_;
  WeightsOptions weights_;
  std::string bn_epsilon_;
  std::string smooth_;
  std::string loss_;
  std::string max_size_;
  std::vector<std::string> counts_;
  std::vector<std::string> reals_;
};

/// Loads a file and computes its report. A user's mistake is shown on stderr and gives nothing.
/// `source` is left with the file's text.
std::optional<Report> try_report(const std::string& file, const ReportOptions& options,
                                 const Limits& limits, Source& source);

/// Throws SpecError if layer-wise steps are asked for and method paper is, too.
void refuse_paper_by_block(bool layerwise, const ReportOptions& options, const CommandLine& line);

/// Throws SpecError if standard input is named more than once.
void refuse_repeated_stdin(const std::vector<std::string>& files, const CommandLine& line);

}  // namespace smoothbound::cli
