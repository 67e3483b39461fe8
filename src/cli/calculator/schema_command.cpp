// smoothbound schema: the JSON Schema of architecture files.

#include "shared/command.hpp"
#include "shared/exit_code.hpp"
#include "shared/output.hpp"
#include "smoothbound/report/catalogue/catalogue.hpp"

namespace smoothbound::cli {

void declare_schema(Command& command) {
  command.footer(
      "Example:\n"
      "  smoothbound schema > architecture.schema.json");
  command.action([](const CommandLine& /*line*/) -> int {
    Output output("");
    write_schema([&](std::string_view text) { output.write(text); });
    output.commit();
    return success;
  });
}

}  // namespace smoothbound::cli
