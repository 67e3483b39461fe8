// Kernels of normalizations and of the scale and shift behind them.
#pragma once

#include <memory>

#include "grouped.hpp"

namespace smoothbound {
struct FixedStatistics;
}

namespace smoothbound::kernels {

/// Of term(begin) .. term(end - 1), pair by pair: off by at most gamma(pairwise_roundings), for
/// fewer than 2^40 terms.
constexpr std::int64_t pairwise_roundings = 96;
template <class Term>
double pairwise_sum(std::int64_t begin, std::int64_t end, const Term& term) {
  constexpr std::int64_t block = 64;
  if (end - begin > block) {
    const std::int64_t middle = begin + (end - begin) / 2;
    return pairwise_sum(begin, middle, term) + pairwise_sum(middle, end, term);
  }
  double sum = 0;
  for (std::int64_t i = begin; i < end; ++i) sum += term(i);
  return sum;
}

/// Whether the mean is subtracted.
enum class Centring : bool { no, yes };

/// y = (x - mean) / sqrt(mean square of x - mean + epsilon) of each group.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> normalize_kernel(const BatchShape& shape, const Grouping& grouping,
                                                 Centring centring, double epsilon);

/// The rule of enclosures of `normalize_kernel`.
std::unique_ptr<TaylorRule> normalize_rule(const GroupPlaces& places, Centring centring,
                                           double epsilon);
/// Of `shift_kernel`.
std::unique_ptr<TaylorRule> shift_rule(const BatchShape& shape, std::int64_t features);

/// y = (z - mean) / sqrt(variance + epsilon), where the features are channels or all scalars of a
/// sample.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> fixed_normalize_kernel(const BatchShape& shape,
                                                       const FixedStatistics& statistics,
                                                       double epsilon);

/// The statistics of the groups, out of what `forward` of a centring normalize kernel noted.
template <class Scalar>
FixedStatistics kept_statistics(const std::byte* state, std::int64_t groups, double epsilon);

/// y = gamma z + beta with a pair (or, without shift, gamma alone) for each of `features`:
/// channels, or all scalars of a sample.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> scale_kernel(const BatchShape& shape, std::int64_t features,
                                             bool shift);

/// y = z + beta with a beta for each of `features`.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> shift_kernel(const BatchShape& shape, std::int64_t features);

}  // namespace smoothbound::kernels
