// What the stage of a layer costs in the sweep of `newton_direction`.
#pragma once

#include "smoothbound/layers/work.hpp"

namespace smoothbound::steps {

/// All that the cost of a stage depends on.
struct StageSizes {
  PatchCounts patches;
  std::int64_t batch = 1;
  std::int64_t rest_parameters = 0;  // u, of a
  Magnitude inputs;                  // of a sample
  Magnitude outputs;                 // of the layer, over the batch
  bool identity = false;             // a is the identity
  bool first = false;
};

struct StageCost {
  Magnitude unknowns;
  Magnitude multiplications;
  Magnitude kept_scalars;     // stage and policy
  Magnitude working_scalars;  // besides, while the stage is solved
};

StageCost stage_cost(const StageSizes& sizes);

inline Magnitude count(std::int64_t value) { return Magnitude::from_count(value); }

}  // namespace smoothbound::steps
