// Whether what was measured is what was certified.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "smoothbound/bounds/evaluate.hpp"

namespace smoothbound {

/// By how much of m_l a measured ||z_l|| may exceed it and still be put down to the rounding of the
/// arithmetic in which z_l was computed. A convention, not a proof: at worst, rounding errors grow
/// with the length of sums and with the depth.
template <class Scalar>
constexpr double rounding_tolerance = sizeof(Scalar) == sizeof(float) ? 1e-4 : 1e-10;

/// The layers whose measured norm is beyond the table's m_l and the tolerance. Norms that are not
/// finite are none of them: they tell that numbers overflowed, nothing of the layer's values.
/// `uncentred`: bounds without the refinement "centred". Rounding errors are as large as the
/// tolerance says beside numbers that a batch norm has not yet taken the common part of.
std::vector<std::uint32_t> exceeded_layers(std::span<const double> norms, const BoundTable& table,
                                           const BoundTable& uncentred, double tolerance);

/// The layers whose norm is not finite.
std::vector<std::uint32_t> overflown_layers(std::span<const double> norms);

}  // namespace smoothbound
