// What stands in the place of the commands that execute networks in a build without them.
#include "shared/commands.hpp"

#include <array>

#include "shared/command_line.hpp"
#include "shared/weights_options.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::string_view summary = "Not in this build; calling it tells how to get it";

void declare_missing(Command& command) {
  command.set_missing();
  command.action([name = command.name()](const CommandLine& line) -> int {
    throw MissingInBuild(line.locate(name), name);
  });
}

}  // namespace

std::span<const CommandRow> runtime_commands() {
  static constexpr auto rows = std::to_array<CommandRow>({
      {"certify", summary, declare_missing},
      {"cost", summary, declare_missing},
      {"init", summary, declare_missing},
      {"run", summary, declare_missing},
      {"train", summary, declare_missing},
  });
  return rows;
}

}  // namespace smoothbound::cli
