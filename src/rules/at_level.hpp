// What a part does at a level, out of what it states of samples, positions and entries.
#pragma once

#include <optional>

#include "smoothbound/rules/constants.hpp"

namespace smoothbound::rules {

/// Nothing where the part states nothing: coarser levels bound it. Of maps, at levels that are not
/// centred.
std::optional<AffineAtLevel> at_level(const AffineConstants& b, std::size_t level,
                                      const Extents& extents);
std::optional<MapAtLevel> at_level(const MapConstants& a, std::size_t level,
                                   const Extents& extents);

}  // namespace smoothbound::rules
