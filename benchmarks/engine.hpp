// What refinements of method sharp cost in the engine alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

struct EngineRow {
  std::string_view last;    // the last refinement that is on
  double milliseconds = 0;  // bounds of the layers and of the objective
};

/// The best of `repeats` evaluations of the network in `file`, with none of the refinements and one
/// more of them on in each row; all rows in turns. Reading the file and the graph is left out.
std::vector<EngineRow> measure_engine(const std::string& file, int repeats);
