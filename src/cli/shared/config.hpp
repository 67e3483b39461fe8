// --config FILE: options from a file, in the INI or TOML form that CLI11 reads.
#pragma once

#include <CLI/CLI.hpp>

#include "command_line.hpp"

namespace smoothbound::cli {

/// Declares --config for the program and all its commands. `line` learns what the file says, so
/// that messages can point into it.
void add_config(CLI::App& app, CommandLine& line);

/// The help of a command lists the options that every command has.
class Formatter : public CLI::Formatter {
 public:
  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const override;
};

}  // namespace smoothbound::cli
