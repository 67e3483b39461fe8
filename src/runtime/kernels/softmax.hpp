// The rule of enclosures of softmax.
#pragma once

#include <memory>

#include "grouped.hpp"

namespace smoothbound::kernels {

/// Of rows that are the groups of `places`, in a batch of so many samples.
std::unique_ptr<TaylorRule> softmax_rule(const GroupPlaces& places, std::int64_t samples);

}  // namespace smoothbound::kernels
