// Losses with labels: a term for each sample.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <utility>

#include "oracles.hpp"

namespace smoothbound::losses {
namespace {

// One class for each sample, in range.
std::span<const std::int64_t> classes_of(const LossData& data, std::string_view loss) {
  const auto& classes = data.labels->classes;
  if (classes.size() != static_cast<std::size_t>(data.samples)) {
    throw LossDataError(
        fmt::format("{}: {} labels for {} samples", loss, classes.size(), data.samples));
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] >= 0 && classes[i] < data.outputs) continue;
    throw LossDataError(
        fmt::format("{}: sample {}: label {} is no class; {} outputs stand for classes 0 to {}",
                    loss, i, classes[i], data.outputs, data.outputs - 1));
  }
  return classes;
}

// Targets, one for each prediction.
std::span<const double> targets_of(const LossData& data) {
  const auto& targets = data.labels->targets;
  if (targets.size() != data.predictions.size()) {
    throw LossDataError(fmt::format("square: {} target numbers for {} samples of {} outputs",
                                    targets.size(), data.samples, data.outputs));
  }
  const auto q = static_cast<std::size_t>(data.outputs);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (std::isfinite(targets[i])) continue;
    throw LossDataError(
        fmt::format("square: sample {}: target {} is {}", i / q, i % q, targets[i]));
  }
  return targets;
}

// Softmax of `z` into `p`; returns log(sum_j exp(z_j)) - max_j z_j, which does not overflow, and is
// accurate where one output is far above the others.
double softmax(std::span<const double> z, std::span<double> p) {
  const auto top = static_cast<std::size_t>(std::max_element(z.begin(), z.end()) - z.begin());
  double others = 0;
  for (std::size_t j = 0; j < z.size(); ++j) {
    p[j] = std::exp(z[j] - z[top]);
    if (j != top) others += p[j];
  }
  for (double& entry : p) entry /= 1 + others;
  return std::log1p(others);
}

}  // namespace

LossEvaluation logistic(const LossData& data) {
  if (data.labels == nullptr || data.labels->classes.empty()) {
    throw LossDataError("logistic needs labels: the class of each sample");
  }
  const auto classes = classes_of(data, "logistic");
  const auto q = static_cast<std::size_t>(data.outputs);
  LossEvaluation result;
  std::vector<double> probabilities(data.predictions.size());
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto z = data.predictions.subspan(i * q, q);
    const auto p = std::span(probabilities).subspan(i * q, q);
    const auto label = static_cast<std::size_t>(classes[i]);
    const double excess = softmax(z, p);
    result.value += excess + (*std::max_element(z.begin(), z.end()) - z[label]);
    result.gradient.insert(result.gradient.end(), p.begin(), p.end());
    // p_y - 1, without cancellation where the sample is classified with confidence.
    double others = 0;
    for (std::size_t j = 0; j < q; ++j) others += j == label ? 0 : p[j];
    result.gradient[i * q + label] = -others;
  }
  result.hessian_product = [p = std::move(probabilities), q](std::span<const double> direction,
                                                             std::span<double> product) {
    for (std::size_t begin = 0; begin < p.size(); begin += q) {
      double mean = 0;
      for (std::size_t j = begin; j < begin + q; ++j) mean += p[j] * direction[j];
      for (std::size_t j = begin; j < begin + q; ++j) product[j] = p[j] * (direction[j] - mean);
    }
  };
  return result;
}

LossEvaluation square(const LossData& data) {
  const bool has_classes = data.labels != nullptr && !data.labels->classes.empty();
  const bool has_targets = data.labels != nullptr && !data.labels->targets.empty();
  if (!has_classes && !has_targets) {
    throw LossDataError("square needs labels: targets, or the class of each sample");
  }
  if (has_classes && has_targets) {
    throw LossDataError("square takes targets or classes as labels, not both");
  }
  LossEvaluation result;
  result.gradient.assign(data.predictions.begin(), data.predictions.end());
  if (has_targets) {
    const auto targets = targets_of(data);
    for (std::size_t i = 0; i < targets.size(); ++i) result.gradient[i] -= targets[i];
  } else {
    const auto q = static_cast<std::size_t>(data.outputs);
    const auto classes = classes_of(data, "square");
    for (std::size_t i = 0; i < classes.size(); ++i) {
      result.gradient[i * q + static_cast<std::size_t>(classes[i])] -= 1;
    }
  }
  for (const double entry : result.gradient) result.value += entry * entry / 2;
  result.hessian_product = [](std::span<const double> direction, std::span<double> product) {
    std::copy(direction.begin(), direction.end(), product.begin());
  };
  return result;
}

}  // namespace smoothbound::losses
