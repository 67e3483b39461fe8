// The program's exit codes, as README lists them.
#pragma once

#include <array>
#include <string_view>

namespace smoothbound::cli {

enum ExitCode : int {
  success = 0,
  regression = 1,     // a bound got worse, a value exceeds its bound, or a step increases F
  bad_input = 2,      // a mistake in a file or on the command line, a path that cannot be
  no_answer = 3,      // nothing finite or proved, training that fails, no execution, no memory
  internal = 70,      // a defect, or output that the machine or its reader does not take
  interrupted = 130,  // by the user, who has got what there was to save
};

struct ExitCodeRow {
  ExitCode code;
  std::string_view meaning;
};

/// For help and manual.
inline constexpr std::array<ExitCodeRow, 6> exit_codes{{
    {success, "ok"},
    {regression,
     "a regression, a violated bound, or a step that is certified to increase the objective was "
     "found"},
    {bad_input, "bad input or usage, paths of output included"},
    {no_answer,
     "no finite answer, a step of which nothing is proved, training that fails, a layer that "
     "cannot be executed, or no memory"},
    {internal, "internal error, or output that fails: a full disk, a closed pipe"},
    {interrupted, "training was interrupted; it has saved its checkpoint and output"},
}};

}  // namespace smoothbound::cli
