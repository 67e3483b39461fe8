// Standardisation and scaling of samples.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "smoothbound/data/dataset.hpp"

namespace smoothbound {

struct PreparationOptions {
  /// Subtract each channel's mean and divide by its standard deviation.
  bool standardise = false;
  /// Scale all samples together to this Euclidean norm (after standardisation).
  std::optional<double> norm{};
  /// The numbers are ids, 0 to *ids - 1: all are checked, and nothing else is done to them.
  std::optional<std::int64_t> ids{};
};

/// What is done to samples: x -> (x - mean[c]) / deviation[c] * factor in channel c.
struct Preparation {
  std::vector<double> mean;       // empty: not standardised
  std::vector<double> deviation;  // with divisor n, not n - 1
  double factor = 1;
};

/// The preparation that the `count` samples from `first` on ask for, measured on these and no
/// others, in double, reading them a few times piece by piece. The factor is smaller by 2^-22 than
/// the quotient of norms, so that rounded samples do not have more than the norm. Throws DataError
/// for a channel that is constant, if all samples are zero and `norm` is not, and for a number that
/// is no id where ids are asked for.
Preparation measure_preparation(const Dataset& dataset, std::int64_t first, std::int64_t count,
                                const PreparationOptions& options);

/// Prepares samples in place: [sample, channel, ...].
void apply_preparation(const Preparation& preparation, const Shape& sample_shape,
                       std::span<float> values);
void apply_preparation(const Preparation& preparation, const Shape& sample_shape,
                       std::span<double> values);

/// Reads the samples from `first` on into `values`, as many as fit, prepares them as measured on
/// themselves, and tells how. Throws as `measure_preparation` and `Dataset::read`.
Preparation load_samples(const Dataset& dataset, std::int64_t first,
                         const PreparationOptions& options, std::span<float> values);
Preparation load_samples(const Dataset& dataset, std::int64_t first,
                         const PreparationOptions& options, std::span<double> values);

}  // namespace smoothbound
