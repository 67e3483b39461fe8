// Losses at random predictions, for tests of what evaluate_loss returns.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "smoothbound/runtime/losses/evaluate.hpp"

namespace smoothbound::test {

using Doubles = std::vector<double>;

/// `LossData` with what it refers to.
struct Problem {
  const LossRow* loss = nullptr;
  std::int64_t samples = 1;
  std::int64_t outputs = 1;
  Doubles z;
  Labels labels;
  std::int64_t clusters = 2;
  std::int64_t positions = 1;
  double label_smoothing = 0;
  double threshold = 1;

  [[nodiscard]] LossData data() const {
    LossData result;
    result.samples = samples;
    result.outputs = outputs;
    result.predictions = z;
    result.labels = &labels;
    result.clusters = clusters;
    result.positions = positions;
    result.label_smoothing = label_smoothing;
    result.threshold = threshold;
    return result;
  }
  [[nodiscard]] LossEvaluation at(const Doubles& predictions) const {
    LossData shifted = data();
    shifted.predictions = predictions;
    return evaluate_loss(*loss, shifted);
  }
  [[nodiscard]] LossEvaluation evaluate() const { return at(z); }
};

class Numbers {
 public:
  explicit Numbers(std::uint32_t seed) : engine_(seed) {}
  double normal() { return std::normal_distribution<double>()(engine_); }
  std::int64_t below(std::int64_t end) {
    return std::uniform_int_distribution<std::int64_t>(0, end - 1)(engine_);
  }
  Doubles vector(std::size_t size, double scale = 1) {
    Doubles result(size);
    for (double& entry : result) entry = scale * normal();
    return result;
  }

 private:
  std::mt19937 engine_;
};

inline Problem random_problem(const LossRow& loss, std::int64_t samples, std::int64_t outputs,
                              Numbers& random, double scale = 1, std::int64_t positions = 1) {
  Problem problem{&loss, samples, outputs, {}, {}, 2, positions};
  problem.z = random.vector(static_cast<std::size_t>(samples * outputs), scale);
  // A mean of terms has labels: targets, if it takes them, of any size where their radius is a
  // setting; or else classes.
  if (loss.takes(label_radius_setting)) {
    problem.labels.targets = random.vector(problem.z.size());
  } else if (loss.labels == LabelKind::classes_or_targets) {
    for (std::size_t i = 0; i < problem.z.size(); ++i) {
      problem.labels.targets.push_back(std::abs(std::tanh(random.normal())));
    }
  } else if (loss.is_mean()) {
    const std::int64_t each = loss.classifies_positions() ? positions : 1;
    for (std::int64_t i = 0; i < samples * each; ++i) {
      problem.labels.classes.push_back(random.below(outputs / each));
    }
  }
  return problem;
}

inline double dot(const Doubles& a, const Doubles& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
inline double norm(const Doubles& a) { return std::sqrt(dot(a, a)); }
/// a + t b
inline Doubles along(Doubles a, double t, const Doubles& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += t * b[i];
  return a;
}

inline Doubles product_of(const LossEvaluation& f, const Doubles& direction) {
  Doubles result(direction.size());
  f.hessian_product(direction, result);
  return result;
}

/// What `call` throws, as "ExceptionType" is checked by the caller's template argument.
template <class Exception, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing thrown";
}

}  // namespace smoothbound::test
