// --precision, --memory and --threads, which commands that execute networks have.
#pragma once

#include <cstdint>
#include <string>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "smoothbound/runtime/precision.hpp"

namespace smoothbound::cli {

class MachineOptions {
 public:
  /// `usual`: the precision where nothing is said.
  explicit MachineOptions(Precision usual) : usual_(usual), precision_(name_of(usual)) {}

  void add_precision(Command& command);
  /// Declares --memory and --threads.
  void add_to(Command& command);

  /// Throws SpecError.
  [[nodiscard]] Precision precision(const CommandLine& line) const;
  /// The first of --memory and --threads that is on the command line; or empty.
  [[nodiscard]] std::string first_given() const {
    return !memory_.empty() ? "--memory" : !threads_.empty() ? "--threads" : "";
  }
  [[nodiscard]] bool limits_memory() const { return !memory_.empty(); }
  /// What --memory says, and where.
  [[nodiscard]] text::ScalarText memory_text(const CommandLine& line) const {
    return line.scalar("--memory", memory_);
  }
  /// Bytes that may be used: the value of --memory, or most of what is available without it.
  /// Throws SpecError.
  [[nodiscard]] std::int64_t memory_limit(const CommandLine& line) const;
  /// Starts as many threads as --threads says, or as there are cores. Throws SpecError, and
  /// ResourceError.
  void apply_threads(const CommandLine& line) const;

 private:
  Precision usual_;
  std::string precision_;
  std::string memory_;
  std::string threads_;
};

}  // namespace smoothbound::cli
