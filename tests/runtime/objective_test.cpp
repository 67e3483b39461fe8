#include "smoothbound/runtime/objective.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "networks.hpp"

namespace smoothbound {
namespace {

using testing::dot;
using testing::random_vector;
using Vector = std::vector<double>;

constexpr std::string_view chain = R"(
input: {shape: [2, 6, 6], norm: 1}
layers:
  - conv: {filters: 3, kernel: 3}
    then: [softplus, average_pool: 2]
  - dense: 5
    then: [tanh]
  - dense: 3
)";

// Of three channels at 16 positions.
constexpr std::string_view map_of_classes = R"(
input: {shape: [2, 6, 6], norm: 1}
layers:
  - conv: {filters: 4, kernel: 3, padding: same}
    then: [{smooth_leaky_relu: {slope: 0.3, beta: 2}}]
  - conv: {filters: 3, kernel: 3}
    then: [smooth_relu6, smooth_selu, {celu: 0.5}]
)";

struct Case {
  std::string_view loss;
  std::int64_t samples;
  std::int64_t micro_batch;
  std::string_view network = chain;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.loss << ", " << c.samples << " samples by " << c.micro_batch;
}

class Objectives : public ::testing::TestWithParam<Case> {
 protected:
  Objectives()
      : graph_(testing::graph_of(GetParam().network, 1)),
        x_(random_vector<double>(
            static_cast<std::size_t>(GetParam().samples * graph_.input.elements()), random_)),
        objective_(make(GetParam().micro_batch)),
        w_(random_vector<double>(static_cast<std::size_t>(objective_.parameter_layout().elements),
                                 random_, 0.5)) {
    objective_.set_point(w_);
  }

  Objective<double> make(std::int64_t micro_batch) {
    Labels labels;
    const auto n = static_cast<std::size_t>(GetParam().samples);
    if (GetParam().loss == "logistic") {
      const auto each = static_cast<std::size_t>(graph_.output_shape().positions());
      for (std::size_t i = 0; i < n * each; ++i) labels.classes.push_back(static_cast<int>(i) % 3);
    }
    if (find_loss(GetParam().loss)->labels == LabelKind::classes_or_targets) {
      std::mt19937_64 random(3);
      const auto outputs = static_cast<std::size_t>(graph_.output_shape().elements());
      labels.targets = random_vector<double>(outputs * n, random);
      if (GetParam().loss == "binary_logistic") {
        for (double& target : labels.targets) target = std::fabs(std::tanh(target));
      }
    }
    return {graph_,
            *find_loss(GetParam().loss),
            x_,
            GetParam().samples,
            std::move(labels),
            {.micro_batch = micro_batch,
             .regularizer = 0.1,
             .clusters = 2,
             .label_smoothing = 0.1,
             .threshold = 0.3}};
  }
  Vector gradient_at(const Vector& w) {
    Vector gradient(w.size());
    objective_.set_point(w);
    objective_.gradient(gradient);
    return gradient;
  }
  Vector moved(double step, const Vector& direction) const {
    Vector to = w_;
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += step * direction[i];
    return to;
  }

  std::mt19937_64 random_{11};
  Graph graph_;
  Vector x_;
  Objective<double> objective_;
  Vector w_;
};

TEST_P(Objectives, GradientMatchesDifferencesOfTheValue) {
  const Vector gradient = gradient_at(w_);
  const Vector w_dot = random_vector<double>(w_.size(), random_);
  constexpr double h = 1e-5;
  objective_.set_point(moved(h, w_dot));
  const double up = objective_.value();
  objective_.set_point(moved(-h, w_dot));
  const double down = objective_.value();
  const double expected = (up - down) / (2 * h);
  EXPECT_NEAR(dot(gradient, w_dot), expected, 1e-6 * (1 + std::fabs(expected)));
}

TEST_P(Objectives, HessianProductMatchesDifferencesOfTheGradient) {
  const Vector w_dot = random_vector<double>(w_.size(), random_);
  Vector product(w_.size());
  objective_.hessian_product(w_dot, product);
  constexpr double h = 1e-5;
  const Vector up = gradient_at(moved(h, w_dot));
  const Vector down = gradient_at(moved(-h, w_dot));
  double largest = 0;
  for (const double p : product) largest = std::max(largest, std::fabs(p));
  for (std::size_t i = 0; i < w_.size(); ++i) {
    ASSERT_NEAR(product[i], (up[i] - down[i]) / (2 * h), 1e-5 * (1 + largest)) << i;
  }
}

TEST_P(Objectives, GaussNewtonProductIsTheLossesHessianBetweenJacobians) {
  const Vector a = random_vector<double>(w_.size(), random_);
  const Vector b = random_vector<double>(w_.size(), random_);
  Vector product_a(w_.size());
  objective_.gauss_newton_product(a, product_a);
  // <b, J^T H J a> with J by differences of the predictions.
  constexpr double h = 1e-5;
  const auto push = [&](const Vector& direction) {
    objective_.set_point(moved(h, direction));
    Vector y_dot = objective_.predictions();
    objective_.set_point(moved(-h, direction));
    const Vector& down = objective_.predictions();
    for (std::size_t i = 0; i < y_dot.size(); ++i) y_dot[i] = (y_dot[i] - down[i]) / (2 * h);
    return y_dot;
  };
  const Vector pushed_a = push(a);
  const Vector pushed_b = push(b);
  objective_.set_point(w_);
  Vector curved(pushed_a.size());
  objective_.loss().hessian_product(pushed_a, curved);
  const double expected = dot(pushed_b, curved) + 0.1 * dot(a, b);
  EXPECT_NEAR(dot(product_a, b), expected, 1e-6 * (1 + std::fabs(expected)));
}

TEST_P(Objectives, MicroBatchesChangeNothing) {
  Objective<double> whole = make(0);
  whole.set_point(w_);
  const Vector w_dot = random_vector<double>(w_.size(), random_);
  const auto expect_equal = [](const Vector& a, const Vector& b) {
    double largest = 0;
    for (const double v : b) largest = std::max(largest, std::fabs(v));
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-12 * (1 + largest));
  };
  Vector a(w_.size());
  Vector b(w_.size());
  EXPECT_NEAR(objective_.gradient(a), whole.gradient(b), 1e-12 * (1 + std::fabs(whole.value())));
  expect_equal(a, b);
  objective_.hessian_product(w_dot, a);
  whole.hessian_product(w_dot, b);
  expect_equal(a, b);
  objective_.gauss_newton_product(w_dot, a);
  whole.gauss_newton_product(w_dot, b);
  expect_equal(a, b);
}

INSTANTIATE_TEST_SUITE_P(
    All, Objectives,
    ::testing::Values(Case{"logistic", 6, 0}, Case{"logistic", 6, 2}, Case{"logistic", 7, 3},
                      Case{"square", 5, 0}, Case{"square", 5, 2}, Case{"convex_clustering", 6, 4},
                      Case{"convex_clustering", 5, 0}, Case{"spectral_clustering", 6, 3},
                      Case{"k_means", 6, 2}, Case{"huber", 5, 2}, Case{"binary_logistic", 5, 2},
                      Case{"logistic", 3, 2, map_of_classes}, Case{"huber", 2, 0, map_of_classes},
                      Case{"binary_logistic", 3, 2, map_of_classes}));

TEST(Objective, SizesAreChecked) {
  const Graph graph = testing::graph_of(chain, 1);
  const Vector x(72);
  EXPECT_THAT(([&] { Objective<double>(graph, *find_loss("k_means"), x, 2, {}); }),
              ::testing::ThrowsMessage<std::invalid_argument>(
                  "2 samples of [2, 6, 6] have 144 entries, not 72"));
  EXPECT_THAT(([&] { Objective<double>(graph, *find_loss("k_means"), {}, 0, {}); }),
              ::testing::ThrowsMessage<std::invalid_argument>("an objective needs a sample"));
}

TEST(Objective, WhatCouplesSamplesHasNoMicroBatches) {
  const Graph graph = testing::graph_of(R"(
input: {shape: [2], norm: 1}
layers:
  - dense: 3
    then: [batch_norm]
)",
                                        1);
  const Vector x(8);
  EXPECT_THAT(
      ([&] { Objective<double>(graph, *find_loss("k_means"), x, 4, {}, {.micro_batch = 2}); }),
      ::testing::ThrowsMessage<std::invalid_argument>(
          "the network couples the samples of a batch: no micro-batches"));
}

}  // namespace
}  // namespace smoothbound
