// What a whole run of a program costs, from its start to its end.
#pragma once

#include <string>
#include <vector>

struct ProcessCost {
  double program = 0;  // median milliseconds of the command
  double start = 0;    // of a program that does nothing: what no command goes below
};

/// The medians of `runs` runs, which alternate between the command and the idle program. Output is
/// discarded; throws if a run fails.
ProcessCost measure_process(const std::vector<std::string>& command, int runs);
