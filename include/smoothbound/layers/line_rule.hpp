// By what values of components along a line of parameters are enclosed.
#pragma once

#include "smoothbound/rules/line_rule.hpp"

namespace smoothbound {

/// Rules of several components; the others state theirs themselves.
namespace line_rules {
inline constexpr LineRule affine_map{"affine map: norms of rows, or absolute values of weights",
                                     "docs/theory.md 8.2"};
inline constexpr LineRule linear_map{"linear map without parameters", "docs/theory.md 8.6"};
inline constexpr LineRule product{"product of enclosures", "docs/theory.md 8.6"};
inline constexpr LineRule maximum{"maximum: distances to the largest entry", "docs/theory.md 8.5"};
inline constexpr LineRule normalization{"normalization: recursion in intervals over pieces",
                                        "docs/theory.md 8.7"};
inline constexpr LineRule parameters{"parameters: nothing is left out", "docs/theory.md 8.7"};
}  // namespace line_rules

}  // namespace smoothbound
