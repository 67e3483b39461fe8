// What is wrong with a command line, in words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "command.hpp"
#include "command_line.hpp"

namespace smoothbound::cli {

/// What the parser found wrong.
struct ParseFailure {
  enum class Kind : std::uint8_t {
    count,  // of an option's values, as in "--output: 1 required FILE missing"
    required,
    unexpected,  // "The following argument was not expected: x"
    config,      // a file of --config that cannot be read
    other,
  };

  Kind kind;
  std::string message;     // the parser's
  const Command* command;  // null: none is called
  std::vector<const Option*> missing;
};

/// As an error in the command line, with a suggestion.
SpecError describe(const ParseFailure& failure, const Program& program, const CommandLine& line);

/// `word` stands where a command belongs: a slip, or a file.
SpecError unknown_command(const std::string& word, const Program& program, const CommandLine& line);

}  // namespace smoothbound::cli
