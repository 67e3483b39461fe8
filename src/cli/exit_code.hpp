// The program's exit codes, as README lists them.
#pragma once

namespace smoothbound::cli {

enum ExitCode : int {
  success = 0,
  regression = 1,  // a bound got worse, or a measured value exceeds its bound
  bad_input = 2,   // a mistake in a file or on the command line
  no_answer = 3,   // no finite answer
  internal = 70,   // a defect, out of memory, or output that cannot be written
};

}  // namespace smoothbound::cli
