// How large derivatives of kernels are near a point, and how far off as computed: section 6 of
// docs/theory.md.
#pragma once

#include <optional>

#include "affine_taylor.hpp"
#include "linear_taylor.hpp"
#include "smoothbound/runtime/derivative_bounds.hpp"

namespace smoothbound {
struct Activation;
}

namespace smoothbound::kernels {

class GroupPlaces;
enum class Centring : bool;

/// Of beta(v, z) + beta^v(v).
DerivativeBounds near_point(const AffineBounds& bounds, const Vicinity& at);
/// Of M z + c.
DerivativeBounds near_point(Kernel<double>& kernel, const LinearSite& site, const Vicinity& at);
/// Of f at each of `count` scalars; nothing: f has kinks, or its row has no branches.
std::optional<DerivativeBounds> near_point(const Activation& f, std::int64_t count,
                                           const Vicinity& at);
/// Of `normalize_kernel`.
DerivativeBounds near_point(const GroupPlaces& places, Centring centring, double epsilon,
                            const Vicinity& at);
/// Of `shift_kernel`, whose shifts stand in so many scalars of the batch each, and in `count`
/// together.
DerivativeBounds near_point_of_shift(std::int64_t copies, std::int64_t count, const Vicinity& at,
                                     std::int64_t features);

}  // namespace smoothbound::kernels
