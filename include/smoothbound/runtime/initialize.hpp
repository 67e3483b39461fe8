// Random parameters to begin with.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "smoothbound/runtime/network.hpp"

namespace smoothbound {

/// How parameters are drawn. The fan-in of a weight is the number of its entries for one output,
/// the fan-out that for one input channel. But for `ball`, biases and shifts are 0 and scales 1.
enum class Scheme : std::uint8_t {
  kaiming,  // weights normal with variance 2 / fan-in (He et al. 2015)
  xavier,   // weights uniform in +-sqrt(6 / (fan-in + fan-out)) (Glorot & Bengio 2010)
  normal,   // weights normal with variance 1 / fan-in
  ball,     // each block v, biases, scales and shifts included, uniform in ||v|| <= R
};

/// In the order of `Scheme`.
std::span<const std::string_view> scheme_names();
std::string_view name_of(Scheme scheme);

/// Draws all parameters: the same for a seed on every machine and with any number of threads. Those
/// of `ball` lie in their balls also after rounding to `Scalar`, where `default_radius` is that of
/// blocks which name none. Throws std::overflow_error if the radius of a ball is not a `Scalar`.
template <class Scalar>
void initialize(Network<Scalar>& network, Scheme scheme, std::uint64_t seed,
                const Real& default_radius);

}  // namespace smoothbound
