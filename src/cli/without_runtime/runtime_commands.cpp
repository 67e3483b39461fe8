// What stands in the place of the commands that execute networks in a build without them.
#include <array>
#include <string>

#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"

namespace smoothbound::cli {

void add_runtime_commands(CLI::App& app, const CommandLine& line, Action& action) {
  for (const char* name : {"cost", "init", "run", "train"}) {
    CLI::App* command = app.add_subcommand(name, "Not in this build: executes networks");
    command->allow_extras();
    command->callback([name = std::string(name), &line, &action] {
      action = [name, &line]() -> int {
        throw SpecError(
            line.locate(name), "'" + name + "' is not in this build, the calculator alone",
            "scripts/build makes the whole program; with CMake: -DSMOOTHBOUND_RUNTIME=ON");
      };
    });
  }
}

}  // namespace smoothbound::cli
