// The rule of enclosures of products, scalar by scalar.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "smoothbound/runtime/taylor.hpp"

namespace smoothbound::kernels {

/// What is multiplied, and possibly repeated.
struct Factor {
  std::int64_t elements = 0;         // of a sample
  std::vector<std::int64_t> places;  // in a sample of it, of each output; empty: the same
};

/// Of outputs with so many scalars for each sample.
std::unique_ptr<TaylorRule> multiply_rule(std::vector<Factor> factors, std::int64_t samples,
                                          std::int64_t elements);

}  // namespace smoothbound::kernels
