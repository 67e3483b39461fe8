#include "runtime_commands.hpp"

namespace smoothbound::cli {

void add_runtime_commands(CLI::App& app, const CommandLine& line, Action& action) {
  add_cost_command(app, line, action);
  add_init_command(app, line, action);
  add_run_command(app, line, action);
  add_train_command(app, line, action);
}

}  // namespace smoothbound::cli
