// Completion scripts, each from the command tree alone.
#pragma once

#include <string>

#include "command_tree.hpp"

namespace smoothbound::cli {

std::string bash_completion(const Program& program);
std::string zsh_completion(const Program& program);
std::string fish_completion(const Program& program);

}  // namespace smoothbound::cli
