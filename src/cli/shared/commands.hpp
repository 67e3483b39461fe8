// The tables of commands.
#pragma once

#include <span>

#include "command.hpp"

namespace smoothbound::cli {

/// Those that compute bounds, and what goes with them.
std::span<const CommandRow> calculator_commands();

/// Those that execute networks, or what says how to get them.
std::span<const CommandRow> runtime_commands();

}  // namespace smoothbound::cli
