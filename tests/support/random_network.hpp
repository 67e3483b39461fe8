// A seeded generator of valid random architectures.
#pragma once

#include <cstdint>

#include "plain_network.hpp"

namespace smoothbound::support {

/// Every component and loss of the catalogue, chains and graphs, layers that stand before those
/// they read, radii and norms of 0 and of 1e40, and in every third network constants that are
/// infinite.
PlainNetwork random_network(std::uint64_t seed);

}  // namespace smoothbound::support
