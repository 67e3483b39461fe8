// What files of weights call the arrays of a component, where the architecture says it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace smoothbound {

struct WeightNames {
  /// Another name of the same arrays: these letters and the word for one of them. The array may be
  /// the `part`-th of `parts` equal ones along the first axis of what has the name.
  struct Other {
    std::string beginning;  // "encoder.attention.in_proj_"
    std::uint32_t part = 0;
    std::uint32_t parts = 1;
  };

  std::string prefix;  // of all names, before a dot and a word; empty: the names are the usual ones
  std::vector<std::pair<std::string, std::string>> exact;  // word and name: {"weight", "fc.w"}
  std::vector<Other> others;
};

}  // namespace smoothbound
