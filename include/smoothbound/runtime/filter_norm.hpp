// Certified upper bounds of the norms of convolutions z -> w * z by the numbers of their filters,
// section 6 of docs/theory.md. Numbers that are not finite have the bound inf.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// The weights of a group of filters: filter, channel, tap, the last one fastest; taps along the
/// axes of `kernel`, the last one fastest.
struct Filters {
  std::span<const double> weights;
  std::int64_t filters = 1;
  std::int64_t channels = 1;
  std::vector<std::int64_t> kernel{};
  /// How many patches an input position belongs to at most.
  std::int64_t overlap = 1;

  [[nodiscard]] std::int64_t taps() const;
  /// The matrices (filter, channel) of all taps, one below the other.
  [[nodiscard]] std::vector<double> tap_by_tap() const;
};

/// The smallest of all bounds there are.
Magnitude filter_norm(const Filters& w);

/// Of the Frobenius norms of the filters as a matrix and on a grid of frequencies: at the cost of a
/// pass over the weights.
Magnitude quick_filter_norm(const Filters& w);

/// sup ||W(theta)|| over all frequencies, W(theta) = sum_a W_a exp(i a theta) the filters x
/// channels matrix of a frequency: a bound for every stride, dilation and number of zeros around
/// the input. On a grid of M points along each axis, and divided by the product of cos(pi
/// (k-1)/(2M)). Spectral norms take filters x channels matrices for each point: where that is too
/// much work the bound is inf.
Magnitude frequency_norm(const Filters& w);
Magnitude frequency_frobenius_norm(const Filters& w);

}  // namespace smoothbound
