// Parsing of the command line, by CLI11, of which only parser.cpp knows.
#pragma once

#include <string>

#include "command.hpp"
#include "command_line.hpp"

namespace smoothbound::cli {

struct Parsed {
  const Command* command = nullptr;  // null: `text` is what was asked for
  std::string text;                  // of --help or --version
};

/// Puts what was typed, or stands in the file of --config, into the targets of the options. `line`
/// learns what the file says, so that messages can point into it. Throws SpecError.
Parsed parse(const Program& program, CommandLine& line);

}  // namespace smoothbound::cli
