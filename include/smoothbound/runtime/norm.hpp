// Euclidean norms of what was computed.
#pragma once

#include <span>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// ||values||, summed in double: relative error below `norm_error`, the same for every number of
/// threads. Not finite if a value is not.
double euclidean_norm(std::span<const float> values);
double euclidean_norm(std::span<const double> values);

constexpr double norm_error = 1e-12;

/// The enclosure of a number that was measured with this error. Throws std::invalid_argument if it
/// is not finite.
Real measured(double norm);

}  // namespace smoothbound
