// Prop 4.2 and Theorem 4.1 on networks whose bounds are known in closed form.

#include "smoothbound/bounds/objective.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "smoothbound/rules/unsaturated.hpp"
#include "support/ball.hpp"
#include "support/read_network.hpp"

namespace smoothbound {
namespace {

using support::Ball;
using support::check_upper;
using support::Network;
using support::read_network;
using ::testing::HasSubstr;

// By the rules that are worked out by hand: at all levels, without what is known on balls.
constexpr Refinements by_hand{true, false, false, false};

BoundTable table_of(const Network& network, Method method) {
  Inputs inputs = inputs_of(network.settings);
  inputs.refinements = by_hand;
  return evaluate_bounds(network.graph, inputs, method);
}

ObjectiveBounds objective_of(const Network& network, Method method) {
  return bound_objective(network.graph, network.settings, table_of(network, method), by_hand);
}

// z = W x without bias, ||W|| <= R: m = R ||x||, l = ||x||, L = 0.
Network linear_network(const std::string& settings) {
  return read_network(settings + "\nlayers: [{dense: 2, bias: false}]\n");
}

// ||x|| = 3, R = 2: l_F = 3 l_f + lambda R, L_F = 9 L_f + lambda; n = 1.
TEST(BoundObjective, LogisticWithRegularizer) {
  const Network network =
      linear_network("input: {shape: [4], norm: 3}\nradius: 2\nregularizer: 0.5\nloss: logistic");
  const ObjectiveBounds paper = objective_of(network, Method::paper);
  EXPECT_EQ(check_upper(paper.lipschitz, 7), "");
  EXPECT_EQ(check_upper(paper.smoothness, Ball(37) / Ball(2)), "");
  const ObjectiveBounds sharp = objective_of(network, Method::sharp);
  EXPECT_EQ(check_upper(sharp.lipschitz, Ball(3) * square_root(Ball(2)) + Ball(1)), "");
  EXPECT_EQ(check_upper(sharp.smoothness, 5), "");
  EXPECT_EQ(sharp.infinite_reason, "");
}

// <z', f'' z'> of the mean of N terms is at most (L_f/N) E(s), s^2 = N <z, f'' z> / L_f: where that
// is less than L_f l^2/N, what L_F falls by is the difference, and nothing without the blocks.
TEST(BoundObjective, TakesGradientsOfSmallPredictions) {
  struct Case {
    const char* loss;
    std::size_t level;
    bool levels;
    Ball curvature;  // of a term
    Ball radial;     // <z, f'' z>, of a term
    int terms;       // that the level sums over
    int all_terms;
  };
  const Ball variance = Ball(8) * square(falling_exponential(Ball(1)));  // 4 K/e^2
  const Ball half = Ball(1) / Ball(2);
  const Ball quarter = Ball(1) / Ball(4);
  const Ball binary = Ball::decimal("0.439228839890645150775979636655");
  for (const Case& c : {Case{"logistic", per_sample, true, half, variance, 1, 3},
                        Case{"logistic", euclidean, false, half, variance, 3, 3},
                        Case{"binary_logistic", per_sample, true, quarter, binary, 2, 6},
                        Case{"binary_logistic", euclidean, false, quarter, binary, 6, 6}}) {
    SCOPED_TRACE(testing::Message() << c.loss << " " << c.terms);
    std::string text = fmt::format(
        "batch: 3\nradius: 5\ninput: {{shape: [2], norm: 1000, sample_norm: 500}}\nregularizer: "
        "0.25\nloss: {}\n"
        "layers:\n",
        c.loss);
    for (int i = 0; i < 4; ++i) text += "  - {dense: 2, bias: false, then: [softplus]}\n";
    const Network network = read_network(text + "  - {dense: 2, bias: false}\n");
    Inputs inputs = inputs_of(network.settings);
    inputs.refinements.levels = c.levels;
    inputs.refinements.loss = false;
    BoundTable table = evaluate_bounds(network.graph, inputs, Method::sharp);
    const auto smoothness = [&] {
      return Ball::of(
          bound_objective(network.graph, network.settings, table, inputs.refinements).smoothness);
    };
    const Ball with_blocks = smoothness();
    const rules::Value psi = table.value(network.graph.output());
    rules::Value without = psi;
    without.forget_blocks();
    table.values.back() = rules::PackedValue(without);
    Ball slope = Ball::infinity();  // least l_A^2 over the terms that A sums over
    for (std::size_t level = 0; level <= c.level; ++level) {
      const int terms = level == euclidean ? c.all_terms : c.terms;
      slope = smaller(slope, square(Ball::of(psi.lipschitz(level))) / Ball(terms));
    }
    const Ball mean = c.curvature / Ball(c.terms);
    const Ball E = Ball::of(rules::squared_gradient(psi.blocks(), c.level, psi.m[c.level],
                                                    square_root(c.radial / mean).not_above()));
    ASSERT_TRUE(certainly_less(mean * E, c.curvature * slope));
    const Ball fallen = difference(smoothness(), with_blocks);
    const Ball error = difference(fallen, difference(c.curvature * slope, mean * E));
    EXPECT_TRUE(certainly_less(error, smoothness() * Ball::decimal("1e-16"))) << error.to_text();
  }
}

// The outputs [2, 3, 4] are classified at each of 12 positions. psi = 2 x, so l = ||x|| = 3:
// sharp l_f = sqrt 2 / sqrt 12, L_f = 1/24; the paper has the maximum over the terms, 2, and
// L_beta = sqrt 12.
TEST(BoundObjective, LogisticIsTheMeanOverPositions) {
  const auto of = [](const std::string& loss, Method method) {
    return objective_of(
        read_network("input: {shape: [2, 3, 4], norm: 3}\nradius: 2\nloss: " + loss +
                     "\nlayers: [{conv: {filters: 2, kernel: 1}, bias: false}]\n"),
        method);
  };
  const ObjectiveBounds sharp = of("logistic", Method::sharp);
  EXPECT_EQ(check_upper(sharp.lipschitz, Ball(3) * square_root(Ball(1) / Ball(6))), "");
  EXPECT_EQ(check_upper(sharp.smoothness, Ball(9) / Ball(24)), "");
  EXPECT_EQ(check_upper(of("logistic", Method::paper).lipschitz, Ball(6) * square_root(Ball(12))),
            "");
  EXPECT_EQ(check_upper(of("binary_logistic", Method::sharp).smoothness, Ball(9) / Ball(96)), "");
  EXPECT_EQ(check_upper(of("{huber: {threshold: 0.25}}", Method::sharp).lipschitz,
                        Ball(3) / (Ball(4) * square_root(Ball(24)))),
            "");
  EXPECT_EQ(check_upper(of("{huber: {threshold: 100, label_radius: 2}}", Method::sharp).lipschitz,
                        Ball(3) * Ball(8) / Ball(24)),
            "");
  // 1 + (1 - e)^2 - e^2/2 at e = 1/2
  EXPECT_EQ(check_upper(of("{logistic: {label_smoothing: 0.5}}", Method::sharp).lipschitz,
                        Ball(3) * square_root(Ball(9) / Ball(8) / Ball(12))),
            "");
}

// l_f = m + label_radius = 6 + 4, L_f = 1: l_F = 30, L_F = 9.
TEST(BoundObjective, Square) {
  const Network network =
      linear_network("input: {shape: [4], norm: 3}\nradius: 2\nloss: {square: {label_radius: 4}}");
  for (const Method method : {Method::paper, Method::sharp}) {
    const ObjectiveBounds objective = objective_of(network, method);
    EXPECT_EQ(check_upper(objective.lipschitz, 30), "");
    EXPECT_EQ(check_upper(objective.smoothness, 9), "");
  }
}

// Dense without bias, softplus, R = 1, four samples of norm 1, stacked norm 2, sharp.
// Stacked: B = 2, m_0 = 2, l_1 = min{1, 1/2 + 2/4} = 1, S = 1/4: l = 2, L = S B^2 = 1;
// l_f = sqrt(2)/2, L_f = 1/8: L_F = sqrt(2)/2 + 4/8, l_F = sqrt 2.
// One sample: B = 1, m_0 = 1, l_1 = 3/4, l = 3/4, L = 1/4; l_f = sqrt 2, L_f = 1/2:
// L_F = sqrt(2)/4 + 9/32, l_F = (3/4) sqrt 2. The smaller one.
TEST(BoundObjective, PerSampleRouteWhereItIsBetter) {
  const Network network = read_network(
      "batch: 4\ninput: {shape: [4], norm: 2, sample_norm: 1}\nradius: 1\nloss: logistic\n"
      "layers: [{dense: 2, bias: false, then: [softplus]}]\n");
  const ObjectiveBounds sharp = objective_of(network, Method::sharp);
  EXPECT_EQ(sharp.route, Route::sample);
  EXPECT_EQ(check_upper(sharp.smoothness, square_root(Ball(2)) / Ball(4) + Ball(9) / Ball(32)), "");
  EXPECT_EQ(check_upper(sharp.lipschitz, Ball(3) * square_root(Ball(2)) / Ball(4)), "");
  // The paper knows no such route: l = 2, L = 1, l_f = L_f = 2.
  const ObjectiveBounds paper = objective_of(network, Method::paper);
  EXPECT_EQ(paper.route, Route::stacked);
  EXPECT_EQ(check_upper(paper.smoothness, 10), "");
}

// Of four samples only one is not 0: stacked L_F = 1/8, for that sample alone 1/2.
TEST(BoundObjective, StackedRouteWhereItIsBetter) {
  const Network network = linear_network(
      "batch: 4\ninput: {shape: [4], norm: 1, sample_norm: 1}\nradius: 1\nloss: logistic");
  const ObjectiveBounds sharp = objective_of(network, Method::sharp);
  EXPECT_EQ(sharp.route, Route::stacked);
  EXPECT_EQ(check_upper(sharp.smoothness, Ball(1) / Ball(8)), "");
  EXPECT_EQ(check_upper(sharp.lipschitz, square_root(Ball(2)) / Ball(2)), "");
}

// Batch norm makes each sample's output depend on the others: f is no mean of functions of one.
// It and the dense layer before have the same network with layer norm, which does not.
TEST(BoundObjective, BatchNormCouplesTheSamples) {
  const auto text = [](const std::string& norm) {
    return "batch: 100\ninput: {shape: [4], norm: 10, sample_norm: 1}\nradius: 1\nloss: logistic\n"
           "layers: [{dense: 4, bias: false, then: [softplus, {" +
           norm + ": {epsilon: 1}}]}]\n";
  };
  const Network coupled = read_network(text("batch_norm"));
  EXPECT_EQ(objective_of(coupled, Method::sharp).route, Route::stacked);
  // Exactly Prop 4.2 for the stacked batch: l_f = sqrt 2 / 10, L_f = 1/200.
  const Triple psi = table_of(coupled, Method::sharp).network();
  const Ball l = Ball::of(psi.lipschitz);
  EXPECT_EQ(check_upper(
                objective_of(coupled, Method::sharp).smoothness,
                Ball::of(psi.smoothness) * square_root(Ball(2)) / Ball(10) + square(l) / Ball(200)),
            "");
  EXPECT_EQ(objective_of(read_network(text("layer_norm")), Method::sharp).route, Route::sample);
}

// l = 1, L = 0, so l_F = l_f. n = 2: the true l is sqrt 2, above the paper's n(n-1)/2 = 1, so both
// methods take it; n = 4: 6 and 4 sqrt(3/2); n = 1: no pairs.
TEST(BoundObjective, ConvexClusteringCorrectsTwoPoints) {
  const auto lipschitz = [](int n, Method method) {
    return objective_of(linear_network("batch: " + std::to_string(n) +
                                       "\ninput: {shape: [4], norm: 1}\nradius: 1\n"
                                       "loss: convex_clustering"),
                        method);
  };
  for (const Method method : {Method::paper, Method::sharp}) {
    EXPECT_EQ(check_upper(lipschitz(1, method).lipschitz, 0), "");
    EXPECT_EQ(check_upper(lipschitz(2, method).lipschitz, square_root(Ball(2))), "");
    EXPECT_EQ(check_upper(lipschitz(3, method).lipschitz, 3), "");
    EXPECT_EQ(check_upper(lipschitz(4, method).smoothness, 1), "");
  }
  EXPECT_EQ(check_upper(lipschitz(4, Method::paper).lipschitz, 6), "");
  EXPECT_EQ(
      check_upper(lipschitz(4, Method::sharp).lipschitz, Ball(4) * square_root(Ball(3) / Ball(2))),
      "");
}

TEST(BoundObjective, TellsWhyItIsInfinite) {
  const std::string settings = "input: {shape: [4], norm: 1}\nradius: 1\n";
  for (const Method method : {Method::paper, Method::sharp}) {
    const ObjectiveBounds k_means =
        objective_of(linear_network(settings + "loss: k_means"), method);
    EXPECT_TRUE(k_means.smoothness.is_infinite() && k_means.lipschitz.is_infinite());
    EXPECT_THAT(k_means.infinite_reason, HasSubstr("k_means is a minimum over assignments"));
    const ObjectiveBounds spectral =
        objective_of(linear_network(settings + "loss: spectral_clustering"), method);
    EXPECT_THAT(spectral.infinite_reason, HasSubstr("spectral_clustering"));
    const ObjectiveBounds kink = objective_of(
        read_network(settings + "loss: logistic\nlayers: [{dense: 2}, {name: bent, dense: 2, "
                                "then: [relu]}, {dense: 2}]\n"),
        method);
    EXPECT_TRUE(kink.smoothness.is_infinite() && kink.lipschitz.is_finite());
    EXPECT_THAT(kink.infinite_reason, HasSubstr("layer 'bent', relu: relu has a kink"));
    const ObjectiveBounds unbounded = objective_of(
        read_network(settings + "loss: square\nlayers: [{name: box, opaque: {lipschitz: 1, "
                                "smoothness: 0}}]\n"),
        method);
    // l_f = m + label_radius is infinite, L_F = L l_f + l^2 L_f is not: 0 * inf = 0.
    EXPECT_TRUE(unbounded.lipschitz.is_infinite() && unbounded.smoothness.is_finite());
    EXPECT_THAT(unbounded.infinite_reason, HasSubstr("layer 'box', opaque"));
  }
}

// L_F = 2 (paper), gap 3, accuracy 1/2: order 2 * 3 * 4 = 24.
TEST(Convergence, CountsTheStepsOfTheorem41) {
  const Network network = linear_network(
      "input: {shape: [4], norm: 1}\nradius: 1\nloss: logistic\ninitial_gap: 3\naccuracy: 0.5");
  const ObjectiveBounds objective = objective_of(network, Method::paper);
  const Estimate descent = gradient_descent(objective, network.settings);
  EXPECT_EQ(descent.step_size, LowerBound::from_double(0.5));
  EXPECT_EQ(descent.order, Magnitude::from_count(24));
  EXPECT_EQ(descent.iterations.to_integer(), 48);
  const Estimate stochastic = stochastic_gradient_descent(objective, network.settings);
  EXPECT_EQ(stochastic.step_size, LowerBound::from_double(0.25));
  EXPECT_EQ(stochastic.order, Magnitude::from_count(24));
  EXPECT_EQ(stochastic.iterations.to_integer(), 96);
}

// gap 1/3 rounded: 2 * 2 / 3 steps are two of them; the step 1/L_F is rounded down.
TEST(Convergence, RoundsCountsUpAndStepsDown) {
  Network network = linear_network(
      "input: {shape: [4], norm: 1}\nradius: 1\nloss: logistic\ninitial_gap: 0.333\naccuracy: 1\n"
      "regularizer: 1");
  const ObjectiveBounds objective = objective_of(network, Method::paper);  // L_F = 3
  const Estimate descent = gradient_descent(objective, network.settings);
  EXPECT_EQ(descent.iterations.to_integer(), 2);  // 1.998
  EXPECT_EQ(check_lower(descent.step_size, Ball(1) / Ball(3)), "");
  EXPECT_EQ(check_upper(descent.order, Ball::decimal("0.999")), "");
}

TEST(Convergence, WithoutSmoothnessNoStepIsSafe) {
  const Network network =
      linear_network("input: {shape: [4], norm: 1}\nradius: 1\nloss: k_means\ninitial_gap: 3");
  const Estimate descent = gradient_descent(objective_of(network, Method::sharp), network.settings);
  EXPECT_TRUE(descent.step_size.is_zero());
  EXPECT_TRUE(descent.order.is_infinite());
  EXPECT_TRUE(descent.iterations.is_infinite());
}

}  // namespace
}  // namespace smoothbound
