// What stands in the place of the commands that execute networks in a build without them.
#include "shared/commands.hpp"

#include <fmt/format.h>

#include <array>
#include <iostream>

#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::string_view summary = "Not in this build; calling it tells how to get it";

void declare_missing(Command& command) {
  command.set_missing();
  command.action([name = command.name()](const CommandLine& line) -> int {
    std::cerr << line.render(
        {line.locate(name), fmt::format("'{}' is not in this build, the calculator alone", name),
         "scripts/build makes the whole program; with CMake: -DSMOOTHBOUND_RUNTIME=ON"});
    return no_answer;
  });
}

}  // namespace

std::span<const CommandRow> runtime_commands() {
  static constexpr auto rows = std::to_array<CommandRow>({
      {"cost", summary, declare_missing},
      {"init", summary, declare_missing},
      {"run", summary, declare_missing},
      {"train", summary, declare_missing},
  });
  return rows;
}

}  // namespace smoothbound::cli
