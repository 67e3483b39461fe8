// The commands that execute networks.
#pragma once

#include "shared/command_line.hpp"

namespace smoothbound::cli {

void add_cost_command(CLI::App& app, const CommandLine& line, Action& action);
void add_init_command(CLI::App& app, const CommandLine& line, Action& action);
void add_run_command(CLI::App& app, const CommandLine& line, Action& action);
void add_train_command(CLI::App& app, const CommandLine& line, Action& action);

}  // namespace smoothbound::cli
