// The rule of enclosures of local response normalization.
#pragma once

#include <cstdint>
#include <memory>

#include "smoothbound/runtime/taylor.hpp"

namespace smoothbound::kernels {

/// y_c = z_c D_c^-beta, D_c = k + a sum z_j^2 over the channels from c - `before` to c + `behind`.
struct LocalResponse {
  std::int64_t samples = 1;
  std::int64_t channels = 1;
  std::int64_t positions = 1;
  std::int64_t before = 0;
  std::int64_t behind = 0;
  double a = 0;
  double beta = 0;
  double k = 0;
};

std::unique_ptr<TaylorRule> local_response_rule(const LocalResponse& norm);

}  // namespace smoothbound::kernels
