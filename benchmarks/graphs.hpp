// What large networks of other forms than chains cost, at one size and at twice that size.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

/// Of a network: how long its file is, and what it takes.
struct GraphCost {
  double text_bytes = 0;
  double seconds = 0;
  double bytes = 0;  // peak of resident memory
};

struct GraphRow {
  std::string_view form;
  std::int64_t size = 0;
  GraphCost cost;
};

/// Each form at a size and at another whose file is about twice as long: of what is linear, the
/// time and the memory double, too. `quick`: a hundredth of the size.
std::vector<GraphRow> measure_graphs(bool quick);
