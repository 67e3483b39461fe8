// The command line as a text that errors can point into, and the commands' way to add themselves.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "smoothbound/spec/fields.hpp"
#include "smoothbound/spec/source.hpp"

namespace smoothbound::cli {

class CommandLine {
 public:
  CommandLine(int argc, const char* const* argv);

  /// The arguments, each option with an optional value joined to it by '='.
  [[nodiscard]] const std::vector<std::string>& arguments() const { return arguments_; }
  /// The command line as a source of error messages.
  [[nodiscard]] const Source& source() const { return source_; }
  /// Where an argument that begins with `text` stands, else the beginning.
  [[nodiscard]] Location locate(std::string_view text) const;
  /// Throws SpecError for an empty argument or value: often a variable that is not set.
  void refuse_empty() const;
  /// Where the last use of an option stands that is spelt in one of these ways.
  [[nodiscard]] Location locate_last(const std::vector<std::string>& spellings) const;
  /// Behind the last argument.
  [[nodiscard]] Location end() const;
  /// The value given to `option`, placed for the scalar parsers.
  [[nodiscard]] ScalarText scalar(const std::string& option, const std::string& value) const;

 private:
  std::vector<std::string> arguments_;
  std::vector<std::size_t> columns_;
  Source source_;
};

/// What the parsed command line asks for; returns the exit code.
using Action = std::function<int()>;

void add_bound_command(CLI::App& app, const CommandLine& line, Action& action);
void add_check_command(CLI::App& app, const CommandLine& line, Action& action);
void add_compare_command(CLI::App& app, const CommandLine& line, Action& action);
void add_layers_command(CLI::App& app, const CommandLine& line, Action& action);
void add_schema_command(CLI::App& app, const CommandLine& line, Action& action);

/// What CLI11 found wrong, as an error in the command line with a suggestion.
SpecError describe(const CLI::ParseError& error, const CLI::App& app, const CommandLine& line);

}  // namespace smoothbound::cli
