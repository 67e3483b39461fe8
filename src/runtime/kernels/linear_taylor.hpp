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

/// What is known of M and c.
struct LinearNorms {
  std::vector<double> of_input;  // ||M|| on each input alone
  double joint = 0;              // and on all of them
  std::vector<double> offset;    // ||c|| of each sample
};
LinearNorms linear_norms(Kernel<double>& kernel, const LinearSite& site, double* scratch);

/// Of a kernel whose `jvp` is M, at every point and without state.
std::unique_ptr<TaylorRule> linear_rule(Kernel<double>& kernel, LinearSite site);

}  // namespace smoothbound::kernels
