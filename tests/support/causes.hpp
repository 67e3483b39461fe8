// The causes of a layer's infinite entries as values; an empty reason for finite ones.
#pragma once

#include "smoothbound/bounds/evaluate.hpp"

namespace smoothbound::support {

struct Causes {
  Cause m;
  Cause lipschitz;
  Cause smoothness;
};

inline Causes causes_in(const CauseTable& table, std::uint32_t layer) {
  const auto cause = [&](TripleEntry entry) {
    const Cause* found = table.find(layer, entry);
    return found == nullptr ? Cause{} : *found;
  };
  return {cause(&Triple::m), cause(&Triple::lipschitz), cause(&Triple::smoothness)};
}

}  // namespace smoothbound::support
