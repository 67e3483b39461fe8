// What `main` calls, and the forked children of tests, which load no program.
#pragma once

namespace smoothbound::cli {

/// Parses the command line, runs one command and turns what goes wrong into messages and exit
/// codes. Writes to the standard streams; changes what the process does at signals. Returns the
/// exit code.
int execute_command_line(int argc, const char* const* argv);

}  // namespace smoothbound::cli
