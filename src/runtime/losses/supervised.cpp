// Losses with labels: means of terms for each sample, position or scalar.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oracles.hpp"

namespace smoothbound::losses {
namespace {

// Where class `i` belongs, in words.
std::string place_of(std::size_t i, std::size_t positions) {
  return positions == 1 ? fmt::format("sample {}", i)
                        : fmt::format("sample {}, position {}", i / positions, i % positions);
}

// One class for each of `positions` positions of a sample, in range.
std::span<const std::int64_t> classes_of(const LossData& data, std::int64_t positions,
                                         std::string_view loss) {
  const auto& classes = data.labels->classes;
  const std::int64_t channels = data.outputs / positions;
  if (classes.size() != static_cast<std::size_t>(data.samples * positions)) {
    throw LossDataError(
        fmt::format("{}: {} labels for {} samples{}", loss, classes.size(), data.samples,
                    positions == 1 ? "" : fmt::format(" of {} positions", positions)));
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] >= 0 && classes[i] < channels) continue;
    throw LossDataError(fmt::format("{}: {}: label {} is no class; {} {} stand for classes 0 to {}",
                                    loss, place_of(i, static_cast<std::size_t>(positions)),
                                    classes[i], channels, positions == 1 ? "outputs" : "channels",
                                    channels - 1));
  }
  return classes;
}

// One for each prediction; classes stand for unit vectors.
struct Targets {
  std::span<const double> numbers;
  std::span<const std::int64_t> classes;  // if there are no numbers
  std::size_t outputs = 0;

  double operator[](std::size_t i) const {
    if (!numbers.empty()) return numbers[i];
    return static_cast<std::size_t>(classes[i / outputs]) == i % outputs ? 1 : 0;
  }
};

Targets targets_of(const LossData& data, std::string_view loss) {
  const bool has_classes = data.labels != nullptr && !data.labels->classes.empty();
  const bool has_targets = data.labels != nullptr && !data.labels->targets.empty();
  if (!has_classes && !has_targets) {
    throw LossDataError(fmt::format("{} needs labels: targets, or the class of each sample", loss));
  }
  if (has_classes && has_targets) {
    throw LossDataError(fmt::format("{} takes targets or classes as labels, not both", loss));
  }
  const auto q = static_cast<std::size_t>(data.outputs);
  if (has_classes) return {{}, classes_of(data, 1, loss), q};
  const auto& targets = data.labels->targets;
  if (targets.size() != data.predictions.size()) {
    throw LossDataError(fmt::format("{}: {} target numbers for {} samples of {} outputs", loss,
                                    targets.size(), data.samples, data.outputs));
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (std::isfinite(targets[i])) continue;
    throw LossDataError(
        fmt::format("{}: sample {}: target {} is {}", loss, i / q, i % q, targets[i]));
  }
  return {targets, {}, q};
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

// A term of logistic: p - t of the target t = (1-e) e_y + e/K into `gradient`.
double logistic_term(std::span<const double> z, std::span<const double> p, double excess,
                     std::size_t label, double smoothing, std::span<double> gradient) {
  const double top = *std::max_element(z.begin(), z.end());
  const double share = smoothing / static_cast<double>(z.size());
  double value = excess + (1 - smoothing) * (top - z[label]);
  // p_y - 1, without cancellation where the sample is classified with confidence.
  double others = 0;
  for (std::size_t j = 0; j < z.size(); ++j) others += j == label ? 0 : p[j];
  for (std::size_t j = 0; j < z.size(); ++j) {
    gradient[j] = (j == label ? smoothing - others : p[j]) - share;
  }
  if (smoothing == 0) return value;
  for (const double entry : z) value += share * (top - entry);
  return value;
}

// (1-t) log(1 + exp(z)) + t log(1 + exp(-z)) is accurate at both ends.
double log_one_plus_exp(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }
double sigmoid(double z) {
  const double e = std::exp(-std::abs(z));
  return (z < 0 ? e : 1) / (1 + e);
}

}  // namespace

LossEvaluation logistic(const LossData& data) {
  if (data.labels == nullptr || data.labels->classes.empty()) {
    throw LossDataError("logistic needs labels: the class of each sample");
  }
  const auto classes = classes_of(data, data.positions, "logistic");
  const auto q = static_cast<std::size_t>(data.outputs);
  const auto positions = static_cast<std::size_t>(data.positions);
  const std::size_t channels = q / positions;
  LossEvaluation result;
  result.gradient.resize(data.predictions.size());
  std::vector<double> probabilities(data.predictions.size());
  std::vector<double> z(channels);  // of a position
  std::vector<double> p(channels);
  std::vector<double> slope(channels);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::size_t first = i / positions * q + i % positions;
    for (std::size_t j = 0; j < channels; ++j) z[j] = data.predictions[first + j * positions];
    const double excess = softmax(z, p);
    result.value += logistic_term(z, p, excess, static_cast<std::size_t>(classes[i]),
                                  data.label_smoothing, slope);
    for (std::size_t j = 0; j < channels; ++j) {
      probabilities[first + j * positions] = p[j];
      result.gradient[first + j * positions] = slope[j];
    }
  }
  result.hessian_product = [p = std::move(probabilities), q, positions](
                               std::span<const double> direction, std::span<double> product) {
    for (std::size_t sample = 0; sample < p.size(); sample += q) {
      for (std::size_t begin = sample; begin < sample + positions; ++begin) {
        double mean = 0;
        for (std::size_t j = begin; j < sample + q; j += positions) mean += p[j] * direction[j];
        for (std::size_t j = begin; j < sample + q; j += positions) {
          product[j] = p[j] * (direction[j] - mean);
        }
      }
    }
  };
  return result;
}

LossEvaluation binary_logistic(const LossData& data) {
  const Targets targets = targets_of(data, "binary_logistic");
  LossEvaluation result;
  std::vector<double> curvature;
  for (std::size_t i = 0; i < data.predictions.size(); ++i) {
    const double z = data.predictions[i];
    const double t = targets[i];
    if (t < 0 || t > 1) {
      throw LossDataError(
          fmt::format("binary_logistic: sample {}: target {} is {}; targets lie between 0 and 1",
                      i / targets.outputs, i % targets.outputs, t));
    }
    const double s = sigmoid(z);
    const double rest = sigmoid(-z);
    // A factor of 0 may meet a z whose logarithm is infinite.
    if (t < 1) result.value += (1 - t) * log_one_plus_exp(z);
    if (t > 0) result.value += t * log_one_plus_exp(-z);
    result.gradient.push_back((1 - t) * s - t * rest);
    curvature.push_back(s * rest);
  }
  result.hessian_product = [diagonal = std::move(curvature)](std::span<const double> direction,
                                                             std::span<double> product) {
    for (std::size_t i = 0; i < diagonal.size(); ++i) product[i] = diagonal[i] * direction[i];
  };
  return result;
}

LossEvaluation square(const LossData& data) {
  const Targets targets = targets_of(data, "square");
  LossEvaluation result;
  result.gradient.assign(data.predictions.begin(), data.predictions.end());
  for (std::size_t i = 0; i < result.gradient.size(); ++i) result.gradient[i] -= targets[i];
  for (const double entry : result.gradient) result.value += entry * entry / 2;
  result.hessian_product = [](std::span<const double> direction, std::span<double> product) {
    std::copy(direction.begin(), direction.end(), product.begin());
  };
  return result;
}

LossEvaluation huber(const LossData& data) {
  const Targets targets = targets_of(data, "huber");
  const double threshold = data.threshold;
  LossEvaluation result;
  std::vector<bool> is_near;
  for (std::size_t i = 0; i < data.predictions.size(); ++i) {
    const double r = data.predictions[i] - targets[i];
    const double size = std::min(std::abs(r), threshold);
    result.value += size * (std::abs(r) - size / 2);
    result.gradient.push_back(std::copysign(size, r));
    is_near.push_back(std::abs(r) <= threshold);
  }
  result.hessian_product = [is_near = std::move(is_near)](std::span<const double> direction,
                                                          std::span<double> product) {
    for (std::size_t i = 0; i < is_near.size(); ++i) product[i] = is_near[i] ? direction[i] : 0;
  };
  return result;
}

}  // namespace smoothbound::losses
