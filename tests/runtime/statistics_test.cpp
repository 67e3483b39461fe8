#include "smoothbound/runtime/statistics.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "networks.hpp"
#include "smoothbound/bounds/evaluate.hpp"
#include "smoothbound/runtime/measure.hpp"

namespace smoothbound {
namespace {

using Vector = std::vector<double>;

constexpr std::int64_t batch_samples = 6;
constexpr std::array scopes{"channel", "element"};

std::string text_of(std::string_view scope) {
  return fmt::format(R"(
input: {{shape: [2, 4, 3], norm: 1}}
layers:
  - conv: {{filters: 16, kernel: 2}}
    then: [{{batch_norm: {{epsilon: 0.1, per: {0}, affine: true}}}}, softplus]
  - conv: {{filters: 3, kernel: 1}}
    then: [{{batch_norm: {{epsilon: 0.01, per: {0}}}}}, tanh]
)",
                     scope);
}

template <class Scalar>
class Executed {
 public:
  Executed(const Graph& graph, std::int64_t samples, const Vector& w, const Vector& x)
      : network_(graph, samples), trajectory_(network_) {
    network_.set_parameters(std::vector<Scalar>(w.begin(), w.end()));
    forward<Scalar>(std::vector<Scalar>(x.begin(), x.end()), trajectory_);
  }
  [[nodiscard]] const Trajectory<Scalar>& trajectory() const { return trajectory_; }
  [[nodiscard]] Vector output() const {
    const auto y = trajectory_.output();
    return {y.begin(), y.end()};
  }

 private:
  Network<Scalar> network_;
  Trajectory<Scalar> trajectory_;
};

class Statistics : public ::testing::TestWithParam<const char*> {
 protected:
  Statistics() : graph_(testing::graph_of(text_of(GetParam()), batch_samples)) {
    const Network<double> network(graph_, batch_samples);
    w_ = testing::random_parameters(network, random_);
    x_ =
        testing::random_vector<double>(static_cast<std::size_t>(network.input_elements()), random_);
  }

  std::mt19937_64 random_{5};
  Graph graph_;
  Vector w_;
  Vector x_;
};

template <class Scalar>
void expect_the_output_of_the_batch(const Graph& graph, const Vector& w, const Vector& x,
                                    double tolerance) {
  const Executed<Scalar> by_batch(graph, batch_samples, w, x);
  const Graph fixed = with_fixed_statistics(graph, batch_statistics(graph, by_batch.trajectory()));
  const Executed<Scalar> by_fixed(fixed, batch_samples, w, x);
  const Vector expected = by_batch.output();
  const Vector found = by_fixed.output();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], tolerance) << "element " << i;
  }
  // Of a sample alone, too.
  const std::size_t sample = x.size() / batch_samples;
  const Executed<Scalar> alone(fixed, 1, w, {x.begin(), x.begin() + std::ssize(x) / batch_samples});
  ASSERT_EQ(alone.output().size(), expected.size() / batch_samples);
  for (std::size_t i = 0; i < alone.output().size(); ++i) {
    ASSERT_NEAR(alone.output()[i], expected[i], tolerance) << "element " << i << " of " << sample;
  }
}

TEST_P(Statistics, OfABatchGiveItsOutput) {
  expect_the_output_of_the_batch<double>(graph_, w_, x_, 1e-13);
  expect_the_output_of_the_batch<float>(graph_, w_, x_, 1e-5);
}

TEST_P(Statistics, AreMeanAndVariance) {
  const Graph first =
      testing::graph_of("input: {shape: [16, 3, 2], norm: 1}\nlayers: [then: [{batch_norm: {per: " +
                            std::string(GetParam()) + "}}]]",
                        batch_samples);
  const Vector x = testing::random_vector<double>(16UL * 3 * 2 * batch_samples, random_, 3);
  const Executed<double> executed(first, batch_samples, {}, x);
  const auto all = batch_statistics(first, executed.trajectory());
  ASSERT_EQ(all.size(), 1);
  const std::size_t features = all.front().values.mean.size();
  const std::size_t repeats = 96 / features;
  ASSERT_EQ(features, std::string_view(GetParam()) == "element" ? 96 : 16);
  for (std::size_t f = 0; f < features; ++f) {
    Vector values;
    for (std::size_t n = 0; n < batch_samples; ++n) {
      for (std::size_t i = 0; i < repeats; ++i) values.push_back(x[n * 96 + f * repeats + i]);
    }
    double mean = 0;
    double variance = 0;
    for (const double v : values) mean += v / static_cast<double>(values.size());
    for (const double v : values) {
      variance += (v - mean) * (v - mean) / static_cast<double>(values.size());
    }
    EXPECT_NEAR(all.front().values.mean[f], mean, 1e-13);
    EXPECT_NEAR(all.front().values.variance[f], variance, 1e-12);
  }
}

TEST_P(Statistics, OnceFixedDoNotCoupleSamples) {
  EXPECT_TRUE(graph_.couples_samples);
  const Graph fixed = testing::with_statistics_of_a_batch(graph_, 3);
  EXPECT_FALSE(fixed.couples_samples);
  const Executed<double> executed(fixed, batch_samples, w_, x_);
  EXPECT_TRUE(batch_statistics(fixed, executed.trajectory()).empty());
}

TEST_P(Statistics, OnceFixedHaveBoundsThatHold) {
  for (const std::uint64_t seed : {3UL, 4UL}) {
    const Graph fixed = testing::with_statistics_of_a_batch(graph_, seed);
    MeasureSettings settings;
    settings.norm = 2;
    settings.default_radius = 3;
    settings.ascents = 8;
    settings.seed = seed;
    const Measurement found = measure(fixed, 2, settings);
    for (const Method method : {Method::paper, Method::sharp}) {
      const Inputs inputs{2, Magnitude::from_count(2), Magnitude::from_count(3)};
      const BoundTable bounds = evaluate_bounds(fixed, inputs, method);
      constexpr double allowance = 1 + 1e-9;
      for (std::size_t l = 0; l < bounds.layers.size(); ++l) {
        EXPECT_LE(found.layer_norms[l], bounds.layers[l].m.to_double() * allowance);
      }
      EXPECT_LE(found.slope.value, bounds.network().lipschitz.to_double() * allowance);
      EXPECT_LE(found.curvature.value, bounds.network().smoothness.to_double() * allowance);
      EXPECT_TRUE(bounds.network().smoothness.is_finite());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Statistics, ::testing::ValuesIn(scopes),
                         [](const auto& scope) { return std::string(scope.param); });

// y = (z - 3) / 2 and (z + 1) / 4: at 0 the norm is ||(3/2, 1/4)|| for each of 5 samples.
TEST(FixedStatistics, HaveTheBoundsOfALinearMap) {
  const Graph graph = testing::graph_of(
      "input: {shape: [2], norm: 1}\nlayers: [then: [{batch_norm: {epsilon: 1}}]]", 5);
  const Graph fixed = with_fixed_statistics(graph, {{0, 0, {{3, -1}, {3, 15}}}});
  const Inputs inputs{5, Magnitude::from_count(4), Magnitude::from_count(1)};
  const BoundTable bounds = evaluate_bounds(fixed, inputs, Method::sharp);
  const double expected = std::sqrt(5 * (2.25 + 1.0 / 16)) + 4.0 / 2;
  EXPECT_NEAR(bounds.network().m.to_double(), expected, 1e-12);
  EXPECT_GE(bounds.network().m.to_double(), expected * (1 - 1e-15));
  EXPECT_TRUE(bounds.network().smoothness.is_zero());
}

TEST(FixedStatistics, AreRefusedWhereTheyDoNotFit) {
  const Graph graph =
      testing::graph_of("input: {shape: [2], norm: 1}\nlayers: [then: [tanh, batch_norm]]", 5);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NO_THROW(with_fixed_statistics(graph, {{0, 1, {{0, 0}, {1, 1}}}}));
  EXPECT_THROW(with_fixed_statistics(graph, {{0, 0, {{0, 0}, {1, 1}}}}), std::invalid_argument);
  EXPECT_THROW(with_fixed_statistics(graph, {{1, 0, {{0, 0}, {1, 1}}}}), std::invalid_argument);
  EXPECT_THROW(with_fixed_statistics(graph, {{0, 1, {{0}, {1, 1}}}}), std::invalid_argument);
  EXPECT_THROW(with_fixed_statistics(graph, {{0, 1, {{0, 0}, {1, -1}}}}), std::invalid_argument);
  EXPECT_THROW(with_fixed_statistics(graph, {{0, 1, {{0, nan}, {1, 1}}}}), std::invalid_argument);
}

}  // namespace
}  // namespace smoothbound
