// The command line as a text that errors can point into, and the commands' way to add themselves.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/text/fields.hpp"
#include "smoothbound/text/source.hpp"

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
  /// The value given to `option`, placed for the scalar parsers. The result refers to both.
  [[nodiscard]] ScalarText scalar(std::string_view option, std::string_view value) const;

  /// The file of --config. Locations in it are told from those in the command line, which is one
  /// line, by their line: the file's first line is line 2.
  void set_config(Source source) { config_ = std::move(source); }
  /// An option whose value comes from there, at a location in the file.
  void add_config_place(std::string option, std::string value, Location place);
  /// An error in the file as one that `render` knows.
  [[nodiscard]] static SpecError in_config(SpecError error);
  /// The message for an error in the command line or in the file of --config.
  [[nodiscard]] std::string render(SpecError error) const;

 private:
  struct ConfigPlace {
    std::string option;
    std::string value;
    Location place;
  };
  // The last, if any, of an option that begins so.
  [[nodiscard]] const ConfigPlace* find_config(std::string_view option) const;

  std::vector<std::string> arguments_;
  std::vector<std::size_t> columns_;
  Source source_;
  Source config_;
  std::vector<ConfigPlace> config_places_;
};

/// What the parsed command line asks for; returns the exit code.
using Action = std::function<int()>;

void add_bound_command(CLI::App& app, const CommandLine& line, Action& action);
void add_completion_command(CLI::App& app, const CommandLine& line, Action& action);
void add_check_command(CLI::App& app, const CommandLine& line, Action& action);
void add_compare_command(CLI::App& app, const CommandLine& line, Action& action);
void add_layers_command(CLI::App& app, const CommandLine& line, Action& action);
void add_man_command(CLI::App& app, const CommandLine& line, Action& action);
void add_plot_command(CLI::App& app, const CommandLine& line, Action& action);
void add_report_command(CLI::App& app, const CommandLine& line, Action& action);
void add_schema_command(CLI::App& app, const CommandLine& line, Action& action);
void add_sweep_command(CLI::App& app, const CommandLine& line, Action& action);

/// Those that execute networks, or what says how to get them.
void add_runtime_commands(CLI::App& app, const CommandLine& line, Action& action);

/// What CLI11 found wrong, as an error in the command line with a suggestion.
SpecError describe(const CLI::ParseError& error, const CLI::App& app, const CommandLine& line);

}  // namespace smoothbound::cli
