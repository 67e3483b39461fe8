// What is known of a parameter block at a point beyond the norm of its entries, for the bounds
// around it; section 6 of docs/theory.md.
#pragma once

#include <span>

#include "smoothbound/bounds/local.hpp"

namespace smoothbound {

/// Of the parameters `v` that `component` reads at `site`: what its overload in
/// block_at_point.cpp states, or else what the norm says. The batch of the site has no influence.
/// Numbers that are not finite have the bounds inf.
BlockAtPoint block_at_point(const Component& component, const Site& site,
                            std::span<const double> v);

/// The same where `behind` reads what the component gives, and no one else does: a fixed diagonal
/// matrix s D behind it, s the largest of its factors, is taken as D, a part of the component, with
/// s behind that. The network is the same, and the norms are none larger: section 6 of
/// docs/theory.md.
BlockAtPoint block_at_point(const Component& component, const Site& site, std::span<const double> v,
                            const Component& behind);

}  // namespace smoothbound
