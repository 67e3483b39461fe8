#include "smoothbound/runtime/losses/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "oracles.hpp"

namespace smoothbound {
namespace {

void check(const LossRow& loss, const LossData& data) {
  if (data.samples < 1 || data.outputs < 1) {
    throw LossDataError(fmt::format("{}: {} samples of {} outputs; at least one of each is needed",
                                    loss.name, data.samples, data.outputs));
  }
  if (data.positions < 1 || data.outputs % data.positions != 0) {
    throw LossDataError(fmt::format("{}: {} outputs are no channels of {} positions", loss.name,
                                    data.outputs, data.positions));
  }
  const std::size_t size = data.predictions.size();
  const auto outputs = static_cast<std::size_t>(data.outputs);
  if (size % outputs != 0 || size / outputs != static_cast<std::size_t>(data.samples)) {
    throw LossDataError(fmt::format("{}: {} predictions are not {} samples of {} outputs",
                                    loss.name, size, data.samples, data.outputs));
  }
  for (std::size_t i = 0; i < size; ++i) {
    const double value = data.predictions[i];
    if (std::isfinite(value)) continue;
    // What is no number has no sign.
    throw LossDataError(fmt::format("{}: sample {}: output {} is {}", loss.name, i / outputs,
                                    i % outputs,
                                    std::isnan(value) ? "nan" : fmt::to_string(value)));
  }
  if (!(data.label_smoothing >= 0 && data.label_smoothing <= 1)) {
    throw LossDataError(fmt::format("{}: a label smoothing of {}; it is a share, from 0 to 1",
                                    loss.name, data.label_smoothing));
  }
  if (!(data.threshold > 0)) {
    throw LossDataError(
        fmt::format("{}: a threshold of {}; it is positive", loss.name, data.threshold));
  }
  if (data.clusters < 1) {
    throw LossDataError(
        fmt::format("{}: {} clusters; at least one is needed", loss.name, data.clusters));
  }
}

// Of a mean.
std::int64_t terms_of(const LossRow& loss, const LossData& data) {
  if (loss.term == TermOf::position) return data.samples * data.positions;
  return loss.term == TermOf::scalar ? data.samples * data.outputs : data.samples;
}

struct EvaluationRow {
  std::string_view name;
  LossEvaluation (*evaluate)(const LossData& data);
  /// Arrays with the size of the predictions that it needs for each of the other samples.
  std::int64_t arrays_of_pairs = 0;
};

// A new loss is evaluated by one more row.
const EvaluationRow& evaluation_of(const LossRow& loss) {
  static constexpr std::array table{
      EvaluationRow{"logistic", losses::logistic},
      EvaluationRow{"binary_logistic", losses::binary_logistic},
      EvaluationRow{"square", losses::square},
      EvaluationRow{"huber", losses::huber},
      EvaluationRow{"convex_clustering", losses::convex_clustering, 2},
      EvaluationRow{"k_means", losses::k_means},
      EvaluationRow{"spectral_clustering", losses::spectral_clustering},
  };
  const auto* row = std::ranges::find(table, loss.name, &EvaluationRow::name);
  if (row == table.end()) {
    throw std::logic_error(fmt::format("nobody evaluates the loss {}", loss.name));
  }
  return *row;
}

}  // namespace

LossEvaluation evaluate_loss(const LossRow& loss, const LossData& data) {
  check(loss, data);
  LossEvaluation result = evaluation_of(loss).evaluate(data);
  const double factor = loss.is_mean() ? 1 / static_cast<double>(terms_of(loss, data)) : 1;
  result.value *= factor;
  for (double& entry : result.gradient) entry *= factor;
  result.hessian_product = [product = std::move(result.hessian_product), factor, name = loss.name,
                            size = data.predictions.size()](std::span<const double> direction,
                                                            std::span<double> out) {
    if (direction.size() != size || out.size() != size) {
      throw LossDataError(fmt::format("{}: direction of {} and product of {} numbers; both are {}",
                                      name, direction.size(), out.size(), size));
    }
    product(direction, out);
    if (factor == 1) return;
    for (double& entry : out) entry *= factor;
  };
  return result;
}

std::int64_t numbers_of_evaluation(const LossRow& loss, std::int64_t samples) {
  // Predictions, gradient, and what the Hessian keeps.
  constexpr std::int64_t of_every_loss = 3;
  return of_every_loss + evaluation_of(loss).arrays_of_pairs * (samples - 1);
}

}  // namespace smoothbound
