// A seeded generator of valid random architectures.
#pragma once

#include <cstdint>

#include "plain_network.hpp"

namespace smoothbound::support {

/// Every component and loss of the catalogue, chains and graphs, layers that stand before those
/// they read, radii and norms of 0 and of 1e40, and in every third network constants that are
/// infinite.
PlainNetwork random_network(std::uint64_t seed);

/// Whether that network consists of affine parts, linear maps and what bends as softplus does, most
/// of them in deep chains and some in chains of more than 32 blocks: that is where gradients by all
/// blocks together are bounded.
bool bends(std::uint64_t seed);

}  // namespace smoothbound::support
