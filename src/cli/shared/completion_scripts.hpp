// Completion scripts, each from the command tree alone.
#pragma once

#include <string>

#include "command_tree.hpp"

namespace smoothbound::cli {

std::string bash_completion(const ProgramInfo& program);
std::string zsh_completion(const ProgramInfo& program);
std::string fish_completion(const ProgramInfo& program);

}  // namespace smoothbound::cli
