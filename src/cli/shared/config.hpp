// --config FILE: options from a file, in the INI or TOML form that CLI11 reads.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "command.hpp"
#include "command_line.hpp"

namespace smoothbound::cli {

/// A long option without dashes, and what the file says.
struct ConfigValue {
  std::string key;
  std::string value;
};

/// For whom a file of --config is read.
struct ConfigReader {
  const Program& program;
  const Command* command;  // that runs; null: none
  // The values in `key = value`, without quotes and comments.
  std::vector<std::string> (*values_of)(const std::string& statement);
};

/// What the file says for the command that runs. `line` learns of it, so that messages can point
/// into the file. Throws SpecError.
std::vector<ConfigValue> read_config(const std::string& file, std::istream& input,
                                     const ConfigReader& reader, CommandLine& line);

}  // namespace smoothbound::cli
