// The rule of maps z -> M z + c without parameters, whose numbers are all of one sign, or that are
// diagonal.
#pragma once

#include <memory>
#include <vector>

#include "smoothbound/runtime/kernel.hpp"
#include "taylor_parts.hpp"

namespace smoothbound::kernels {

enum class Entries : bool { not_negative, diagonal };

struct LinearSite {
  std::vector<SampleShape> inputs;
  SampleShape output;
  /// Of an output, in sums and in the numbers of M and c; 0: outputs are inputs, unchanged.
  std::int64_t roundings = 0;
  Entries entries = Entries::not_negative;
};

/// Of a kernel whose `jvp` is M, at every point and without state.
std::unique_ptr<TaylorRule> linear_rule(Kernel<double>& kernel, LinearSite site);

}  // namespace smoothbound::kernels
