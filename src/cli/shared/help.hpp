// What --help prints.
#pragma once

#include <cstddef>
#include <string>

#include "command_tree.hpp"

namespace smoothbound::cli {

/// The help of a command, or of the program itself, which lists the commands; lines have `columns`
/// characters at most as far as their words allow.
std::string help_text(const ProgramInfo& program, const CommandInfo& command, std::size_t columns);

}  // namespace smoothbound::cli
