// What the rows of the loss table evaluate. `evaluate_loss` has checked sizes and that predictions
// are finite, and it divides by n where the loss is a mean: these are sums.
#pragma once

#include <cstdint>
#include <span>

#include "smoothbound/runtime/losses/evaluate.hpp"

namespace smoothbound::losses {

LossEvaluation logistic(const LossData& data);
LossEvaluation binary_logistic(const LossData& data);
LossEvaluation square(const LossData& data);
LossEvaluation huber(const LossData& data);
LossEvaluation convex_clustering(const LossData& data);
LossEvaluation k_means(const LossData& data);
LossEvaluation spectral_clustering(const LossData& data);

/// The sum of the squared singular values of the `rows` x `columns` matrix beyond the `rank`
/// largest.
double tail_energy(std::int64_t rows, std::int64_t columns, std::span<const double> matrix,
                   std::int64_t rank);

}  // namespace smoothbound::losses
