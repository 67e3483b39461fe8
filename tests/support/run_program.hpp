// Runs the program as a user does and captures all that it says: that of this build, or the one
// that the environment's SMOOTHBOUND_PROGRAM names.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace smoothbound::testing {

enum class StandardOutput : std::uint8_t {
  captured,
  to_file,      // Invocation::output_file, opened for writing
  closed_pipe,  // a pipe whose reader has gone away
};

struct Invocation {
  std::vector<std::string> arguments;
  std::string input = {};                                             // standard input
  std::vector<std::pair<std::string, std::string>> environment = {};  // besides the inherited
  std::string directory = {};                                         // working directory
  StandardOutput output = StandardOutput::captured;
  std::string output_file = {};
  bool on_terminal = false;  // standard error is a terminal
  /// Of the terminal that standard output is; 0: it does not say.
  std::optional<unsigned short> columns = std::nullopt;
  std::vector<int> closed = {};  // descriptors that are closed when the program begins
  std::chrono::seconds timeout{60};
};

struct Outcome {
  int exit_code = -1;  // 128 + the signal's number if one ended it, as shells have it
  bool timed_out = false;
  std::string out;
  std::string err;
};

/// Runs the program to its end, or kills it after `timeout`. Unless `environment` is set, other
/// threads run, or the program is another one or sanitized, a forked child calls what the program's
/// `main` calls, which must be linked (smoothbound_commands), and nothing is loaded.
Outcome run_program(const Invocation& invocation);
inline Outcome run_program(std::vector<std::string> arguments, std::string input = {}) {
  return run_program(Invocation{std::move(arguments), std::move(input)});
}

/// Starts the program without waiting for it; its output is thrown away. For tests of signals.
pid_t start_program(const std::vector<std::string>& arguments);
/// Waits for it; as Outcome::exit_code.
int wait_for(pid_t process);

}  // namespace smoothbound::testing
