#include "smoothbound/layers/work.hpp"

namespace smoothbound {

Work patch_work(const PatchCounts& patches, std::int64_t batch) {
  const Magnitude outputs = Magnitude::from_count(patches.filters) *
                            Magnitude::from_count(patches.positions) * Magnitude::from_count(batch);
  Work work;
  work.forward = outputs * Magnitude::from_count(patches.fan_in);
  work.backward_input = work.forward;
  work.backward_parameters = work.forward;
  work.sparsity.bilinear = work.forward;
  if (patches.bias) work.sparsity.linear_parameters = outputs;
  work.patches = patches;
  return work;
}

}  // namespace smoothbound
