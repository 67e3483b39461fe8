// Cor 4.5 against computations by hand, and its relations to Prop 4.4.

#include "smoothbound/bounds/local.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "support/ball.hpp"
#include "support/random_network.hpp"
#include "support/read_network.hpp"

namespace smoothbound {
namespace {

using support::Ball;
using support::check_upper;
using support::Network;
using support::read_network;

Magnitude magnitude(double value) { return Magnitude::from_double(value); }

// By default by the rules at one norm, which are worked out by hand.
constexpr Refinements at_one_norm{false, false, false, false};

BoundTable around(const Network& network, const PointBounds& point, double radius, Method method,
                  const Refinements& refinements = at_one_norm) {
  Inputs inputs = inputs_of(network.settings);
  inputs.refinements = refinements;
  return evaluate_bounds_around(network.graph, inputs, point, magnitude(radius), method);
}

// tanh: l = 1, L = T = 4/(3 sqrt 3), bound sqrt(12) over 4 samples of 3; biases have l = 2.
Network two_layers(const std::string& loss = "") {
  return read_network("batch: 4\ninput: {shape: [5], norm: 2}\nradius: 100\n" + loss +
                      "\nlayers: [{dense: 3, then: [tanh]}, {dense: 2}]\n");
}

PointBounds two_blocks() {
  return {
      {{magnitude(3), magnitude(2), magnitude(1)}, {magnitude(5), magnitude(4), magnitude(0.5)}},
      {},
      {}};
}

const Ball T = Ball(4) / (Ball(3) * square_root(Ball(3)));
const Ball root_12 = square_root(Ball(12));

// R' = 1/2. Layer 1: B = 2 + 2, m_0 = 2 + 3 2 + 6 = 14, m = sqrt 12, l = 4, L = 16 T.
// Layer 2: A = 1/2 + 5, B = sqrt 12 + 2, m = B/2 + 5 sqrt 12 + 10, l = 4 A + B, L = A 16 T + 2 4.
TEST(AroundAPoint, PaperByHand) {
  const BoundTable table = around(two_layers(), two_blocks(), 0.5, Method::paper);
  EXPECT_EQ(check_upper(table.layers[0].m, root_12), "");
  EXPECT_EQ(check_upper(table.layers[0].lipschitz, 4), "");
  EXPECT_EQ(check_upper(table.layers[0].smoothness, Ball(16) * T), "");
  const Ball B = root_12 + Ball(2);
  EXPECT_EQ(check_upper(table.network().m, B / Ball(2) + Ball(5) * root_12 + Ball(10)), "");
  EXPECT_EQ(check_upper(table.network().lipschitz, Ball(22) + B), "");
  EXPECT_EQ(check_upper(table.network().smoothness, Ball(88) * T + Ball(8)), "");
  // sqrt((3 + 1/2)^2 + (5 + 1/2)^2)
  EXPECT_EQ(check_upper(table.parameter_norm, square_root(Ball(85) / Ball(2))), "");
}

// Layer 1: B = sqrt 8, l = sqrt 8, L = 8 T. Layer 2: A = 1/2 + 4, B = sqrt(12 + 4),
// m = B/2 + 4 sqrt 12 + 2/2, H = [A 8 T, sqrt 8; sqrt 8, 0].
TEST(AroundAPoint, SharpByHand) {
  const BoundTable table = around(two_layers(), two_blocks(), 0.5, Method::sharp);
  EXPECT_EQ(check_upper(table.layers[0].m, root_12), "");
  EXPECT_EQ(check_upper(table.layers[0].lipschitz, square_root(Ball(8))), "");
  EXPECT_EQ(check_upper(table.network().m, Ball(3) + Ball(4) * root_12), "");
  EXPECT_EQ(check_upper(table.network().lipschitz, square_root(Ball(178))), "");  // 81/4 8 + 16
  const Ball a = Ball(36) * T;
  EXPECT_EQ(
      check_upper(table.network().smoothness, (a + square_root(square(a) + Ball(32))) / Ball(2)),
      "");
}

// ||z_1(w*)|| = 1: m_1 = 1 + sqrt 8 / 2, and layer 2 sees that. D of layer 2 is sqrt 2 / 2.
TEST(AroundAPoint, SharpUsesTheNormsOfLayers) {
  PointBounds point = two_blocks();
  point.batch.layer_norms = {magnitude(1), magnitude(2)};
  const BoundTable table = around(two_layers(), point, 0.5, Method::sharp);
  const Ball m = Ball(1) + square_root(Ball(2));
  EXPECT_EQ(check_upper(table.layers[0].m, m), "");
  const Ball l = square_root(Ball(162) + square(m) + Ball(4));
  EXPECT_EQ(check_upper(table.network().lipschitz, l), "");
  // Below the recursion's sqrt(m^2 + 4) / 2 + 4 m + 1.
  EXPECT_EQ(check_upper(table.network().m, Ball(2) + l * square_root(Ball(2)) / Ball(2)), "");
  EXPECT_EQ(check_upper(around(two_layers(), point, 0, Method::sharp).network().m, 2), "");
  const auto paper = [&](const PointBounds& p) {
    return around(two_layers(), p, 0.5, Method::paper).network().m;
  };
  EXPECT_EQ(paper(point), paper(two_blocks()));
}

// Logistic, mean of 4: l_f = L_f = 2 (paper). D = 2 sqrt 2 / 2. lf = min{2, 1/8 + 2 l D}, below 2
// only for small R'.
TEST(AroundAPoint, ObjectiveTakesTheGradientAtThePoint) {
  const Network network = two_layers("loss: logistic\nregularizer: 0.5");
  PointBounds point = two_blocks();
  const auto bounds = [&](double radius) {
    const BoundTable table = around(network, point, radius, Method::paper);
    return std::pair(table, bound_objective_around(network.graph, network.settings, point,
                                                   magnitude(radius), table));
  };
  const auto expected = [&](const BoundTable& table, const Ball& lf) {
    const Ball l = Ball::of(table.network().lipschitz);
    return Ball::of(table.network().smoothness) * lf + Ball(2) * square(l) + Ball(1) / Ball(2);
  };
  point.batch.loss_gradient = magnitude(0.125);
  const auto [wide_table, wide] = bounds(0.5);
  EXPECT_EQ(check_upper(wide.smoothness, expected(wide_table, 2)), "");
  constexpr double radius = 1.0 / 1024;
  const auto [table, objective] = bounds(radius);
  const Ball l = Ball::of(table.network().lipschitz);
  const Ball lf = Ball(1) / Ball(8) + Ball(4) * l * square_root(Ball(2)) / Ball(1024);
  EXPECT_EQ(check_upper(objective.smoothness, expected(table, lf)), "");
  EXPECT_EQ(check_upper(objective.lipschitz, l * lf + Ball::of(table.parameter_norm) / Ball(2)),
            "");
  point.batch.loss_gradient.reset();
  EXPECT_EQ(check_upper(bounds(radius).second.smoothness, expected(table, 2)), "");
}

// Sharp at w*, for R' = 0: lf = ||grad f(psi(w*))||, stacked and for the largest sample.
TEST(AroundAPoint, ObjectiveOfEachSample) {
  const Network network = read_network(
      "batch: 4\ninput: {shape: [5], norm: 2, sample_norm: 1}\nradius: 100\nloss: logistic\n"
      "layers: [{dense: 3, bias: false}]\n");
  PointBounds point{{{magnitude(3), magnitude(2), Magnitude()}}, {}, {}};
  point.batch.loss_gradient = magnitude(0.25);
  point.sample.loss_gradient = magnitude(0.125);
  const BoundTable table = around(network, point, 0, Method::sharp, {});
  const ObjectiveBounds objective =
      bound_objective_around(network.graph, network.settings, point, Magnitude(), table);
  // l = 2 and 1, L = 0; stacked L_f = 1/8, of one sample 1/2.
  EXPECT_EQ(check_upper(objective.smoothness, Ball(1) / Ball(2)), "");
  EXPECT_EQ(check_upper(objective.lipschitz, Ball(1) / Ball(8)), "");
}

// x -> g(x) - alpha g(-x) of 3 numbers, ||x|| = 2, beta = 1, ||alpha*|| = max |alpha*| = 5, R' =
// 1/2: A = 5 + 1/2, B = 2 + c, m = 2 A + c/2 + sqrt(3) c + 5 c, l = B; in an entry c in place of
// sqrt(3) c.
TEST(AroundAPoint, OfASmoothPrelu) {
  const Network network =
      read_network("input: {shape: [3], norm: 2}\nlayers: [then: [smooth_prelu]]\n");
  const PointBounds point{{{magnitude(5), magnitude(5), magnitude(5)}}, {}, {}};
  Inputs inputs = inputs_of(network.settings);
  inputs.all_levels = true;
  const Ball c = Ball::log_two();
  const Ball half = Ball(1) / Ball(2);
  for (const Method method : {Method::paper, Method::sharp}) {
    const BoundTable table =
        evaluate_bounds_around(network.graph, inputs, point, magnitude(0.5), method);
    EXPECT_EQ(
        check_upper(table.network().m, Ball(11) + (half + square_root(Ball(3)) + Ball(5)) * c), "");
    EXPECT_EQ(check_upper(table.network().lipschitz, Ball(2) + c), "");
    EXPECT_TRUE(table.network().smoothness.is_zero());
    if (method == Method::sharp) {
      EXPECT_EQ(check_upper(table.at(0, maximum).m, Ball(11) + (half + Ball(6)) * c), "");
    }
  }
}

TEST(AroundAPoint, RefusesWhatDoesNotFit) {
  const auto message = [](PointBounds point) -> std::string {
    try {
      around(two_layers(), point, 1, Method::sharp);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  PointBounds point = two_blocks();
  point.blocks.resize(3);
  EXPECT_EQ(message(point), "the point has 3 parameter blocks, the network 2");
  point.blocks.resize(1);
  EXPECT_EQ(message(point), "the point has 1 parameter blocks, the network 2");
  point = two_blocks();
  point.batch.layer_norms.resize(1);
  EXPECT_EQ(message(point), "1 layer norms for 2 layers");
}

std::size_t count_blocks(const Network& network) {
  std::size_t count = 0;
  for (const Layer& layer : network.graph.layers) {
    if (layer.share != Layer::none) continue;  // it has none of its own
    const Shape* input = &network.graph.shape_of(layer.inputs.front());
    for (const PlacedComponent& placed : layer.components) {
      std::visit(
          [&](const auto& c) {
            if constexpr (UnaryType<std::remove_cvref_t<decltype(c)>>) {
              for (const Part& part : c.parts({{input, 1}, placed.output, 1}, Method::sharp)) {
                if (std::holds_alternative<AffineConstants>(part)) ++count;
              }
            }
          },
          placed.component);
      input = &placed.output;
    }
  }
  EXPECT_EQ(network.graph.blocks.size(), count);
  return count;
}

// Rounding aside: the |a - d| in an eigenvalue of [a b; b d] is rounded by itself.
bool at_most(const Magnitude& a, const Magnitude& b) { return a <= b + scale(b, -60); }

bool at_most(const BoundTable& a, const BoundTable& b) {
  bool result = a.parameter_norm <= b.parameter_norm;
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    for (const auto entry : {&Triple::m, &Triple::lipschitz, &Triple::smoothness}) {
      result = result && at_most(a.layers[i].*entry, b.layers[i].*entry);
    }
  }
  return result;
}

// Norms that were measured say nothing of other values of a block.
TEST(AroundAPoint, NothingIsKnownOfSingleBlocks) {
  const Network network = read_network(
      "input: {shape: [5], norm: 2}\nlayers: [{dense: 3, then: [softplus]}, {dense: 2}]\n");
  const BoundTable everywhere = network.bounds(Method::sharp);
  const BoundTable near = around(network, two_blocks(), 1, Method::sharp, {});
  for (const std::uint32_t layer : {0U, 1U}) {
    EXPECT_TRUE(everywhere.value(layer).knows_blocks());
    EXPECT_FALSE(near.value(layer).knows_blocks());
  }
}

class RandomPoints : public ::testing::TestWithParam<int> {};

TEST_P(RandomPoints, KeepTheOrder) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    support::PlainNetwork plain =
        support::random_network(static_cast<std::uint64_t>(GetParam()) * 100 + seed);
    plain.radius = "0.75";
    for (support::PlainLayer& layer : plain.layers) {
      layer.radius.clear();
      for (support::PlainPart& part : layer.parts) part.affine_radius.clear();
    }
    const std::string text = support::to_text(plain);
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    const Network network = read_network(text);
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> uniform(0, 2);
    PointBounds point;
    point.blocks.resize(count_blocks(network));
    for (const Method method : {Method::paper, Method::sharp}) {
      // w* = 0 is Prop 4.4, but for what holds of balls around 0 alone.
      const BoundTable zero = around(network, point, 0.75, method, {});
      Inputs inputs = inputs_of(network.settings);
      inputs.refinements.cauchy = false;
      const BoundTable global = evaluate_bounds(network.graph, inputs, method);
      EXPECT_TRUE(at_most(zero, global) && at_most(global, zero));
      EXPECT_EQ(zero.parameter_norm, global.parameter_norm);
    }
    for (BlockAtPoint& block : point.blocks) {
      block = {magnitude(uniform(random)), magnitude(uniform(random)), magnitude(uniform(random))};
    }
    const BoundTable sharp = around(network, point, 0.5, Method::sharp, {});
    EXPECT_TRUE(at_most(sharp, around(network, point, 0.5, Method::paper, {})));
    for (std::size_t i = 0; i < network.graph.layers.size(); ++i) {
      point.batch.layer_norms.push_back(magnitude(uniform(random)));
    }
    const BoundTable with_norms = around(network, point, 0.5, Method::sharp, {});
    EXPECT_TRUE(at_most(with_norms, sharp));
    for (const Method method : {Method::paper, Method::sharp}) {
      EXPECT_TRUE(
          at_most(around(network, point, 0, method, {}), around(network, point, 0.1, method, {})));
      EXPECT_TRUE(at_most(around(network, point, 0.1, method, {}),
                          around(network, point, 0.5, method, {})));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RandomPoints, ::testing::Range(0, 4));

}  // namespace
}  // namespace smoothbound
