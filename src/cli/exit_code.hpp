// The program's exit codes, as README lists them.
#pragma once

#include <array>
#include <string_view>

namespace smoothbound::cli {

enum ExitCode : int {
  success = 0,
  regression = 1,  // a bound got worse, or a measured value exceeds its bound
  bad_input = 2,   // a mistake in a file or on the command line
  no_answer = 3,   // no finite answer, or a network that cannot be executed
  internal = 70,   // a defect, out of memory, or output that cannot be written
};

struct ExitCodeRow {
  ExitCode code;
  std::string_view meaning;
};

/// For help and manual.
inline constexpr std::array<ExitCodeRow, 5> exit_codes{{
    {success, "ok"},
    {regression, "a regression or a violated bound was found"},
    {bad_input, "bad input or usage"},
    {no_answer, "no finite answer, or a layer that cannot be executed"},
    {internal, "internal error, out of memory, or output that cannot be written"},
}};

}  // namespace smoothbound::cli
