// smoothbound schema: the JSON Schema of architecture files.

#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/output.hpp"
#include "smoothbound/report/catalogue/catalogue.hpp"

namespace smoothbound::cli {

void add_schema_command(CLI::App& app, const CommandLine& /*line*/, Action& action) {
  CLI::App* command = app.add_subcommand("schema", "JSON Schema of the architecture file");
  command->footer(
      "Example:\n"
      "  smoothbound schema > architecture.schema.json");
  command->callback([&action] {
    action = [] {
      Output output("");
      write_schema([&](std::string_view text) { output.write(text); });
      output.commit();
      return static_cast<int>(success);
    };
  });
}

}  // namespace smoothbound::cli
