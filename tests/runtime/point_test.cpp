// What networks do near a point never exceeds what is certified around it.

#include "smoothbound/runtime/point.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "networks.hpp"
#include "smoothbound/runtime/measure.hpp"
#include "smoothbound/runtime/objective.hpp"
#include "support/random_network.hpp"
#include "support/read_network.hpp"
#include "support/search_seeds.hpp"

namespace smoothbound {
namespace {

using Vector = std::vector<double>;

// For the rounding of the measurement.
constexpr double point_rounding = 1e-9;
constexpr double point_noise = 1e-10;  // of what is 0, as a batch norm divides it

::testing::AssertionResult at_most(double measured, const Magnitude& certified) {
  if (certified.is_infinite()) return ::testing::AssertionSuccess();
  const double noise = certified.is_zero() ? point_noise : 0;
  if (measured <= certified.to_double() * (1 + point_rounding) + noise) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure()
         << fmt::format("measured {:.17g} above the bound {}", measured, certified.to_text(17));
}

double norm_of(std::span<const double> v) {
  double sum = 0;
  for (const double x : v) sum += x * x;
  return std::sqrt(sum);
}

void set_norm(std::span<double> v, double norm) {
  const double found = norm_of(v);
  for (double& x : v) x *= found > 0 ? norm / found : 0;
}

// On the border of C' in most blocks, inside in others.
Vector near(const Vector& w, const ParameterLayout& layout, double radius,
            std::mt19937_64& random) {
  Vector shift = testing::random_vector<double>(w.size(), random);
  for (const ParameterBlock& block : layout.blocks) {
    const double share = random() % 3 == 0 ? 0.5 : 1;
    set_norm(std::span(shift).subspan(static_cast<std::size_t>(block.offset),
                                      static_cast<std::size_t>(block.elements)),
             share * radius);
  }
  for (std::size_t i = 0; i < w.size(); ++i) shift[i] += w[i];
  return shift;
}

PointBounds point_of(const Graph& graph, Network<double>& network, const Vector& w,
                     const Vector& x) {
  PointBounds point = point_bounds(graph, network.parameter_layout(), w);
  LayerNormRecorder<double> recorder(graph);
  Trajectory<double> trajectory(network);
  trajectory.set_observer(&recorder);
  network.set_parameters(w);
  forward<double>(x, trajectory);
  point.batch.layer_norms = recorder.batch_norms();
  point.sample.layer_norms = recorder.sample_norms();
  return point;
}

// Both methods, with and without the norms of layers. Returns the number of points.
int expect_bounded(const support::Network& net, std::mt19937_64& random) {
  Network<double> network(net.graph, net.settings.batch);
  const Inputs inputs = inputs_of(net.settings);
  const Vector x = testing::random_input(net.graph, net.settings.batch, random,
                                         net.settings.input_norm.lower.to_double());
  const Vector w = testing::random_parameters(network, random);
  PointBounds point = point_of(net.graph, network, w, x);
  int points = 0;
  for (const double radius : {0.0, 1e-3, 0.1, 1.0}) {
    SCOPED_TRACE(fmt::format("radius {}", radius));
    const Magnitude certified_radius = Magnitude::from_double(radius);
    std::vector<BoundTable> tables;
    PointBounds without = point;
    without.batch = without.sample = {};
    for (const PointBounds* p : {&point, &without}) {
      for (const Method method : {Method::paper, Method::sharp}) {
        tables.push_back(evaluate_bounds_around(net.graph, inputs, *p, certified_radius, method));
      }
    }
    for (int i = 0; i < (radius == 0 ? 1 : 3); ++i, ++points) {
      network.set_parameters(near(w, network.parameter_layout(), radius, random));
      LayerNormRecorder<double> recorder(net.graph);
      Trajectory<double> trajectory(network);
      trajectory.set_observer(&recorder);
      forward<double>(x, trajectory);
      trajectory.set_observer(nullptr);
      Vector direction = testing::random_vector<double>(w.size(), random);
      Vector image(static_cast<std::size_t>(network.output_elements()));
      const double slope = w.empty() ? 0 : largest_slope(trajectory, 6, direction, image);
      const double curvature = w.empty() ? 0 : largest_curvature(trajectory, 6, direction, image);
      const std::vector<Magnitude> norms = recorder.batch_norms();
      for (const BoundTable& table : tables) {
        for (std::size_t l = 0; l < norms.size(); ++l) {
          if (norms[l].is_infinite()) continue;  // computes nothing, so nothing was seen of it
          EXPECT_TRUE(at_most(norms[l].to_double(), table.layers[l].m)) << "m of layer " << l;
        }
        EXPECT_TRUE(at_most(slope, table.network().lipschitz)) << name_of(table.method);
        EXPECT_TRUE(at_most(curvature, table.network().smoothness)) << name_of(table.method);
      }
    }
  }
  return points;
}

TEST(AroundAPoint, HoldsForEveryComponent) {
  for (const auto& named : testing::smooth_networks) {
    for (const char* const settings : {"batch: 1", "batch: 3"}) {
      const std::string text = fmt::format("{}\n{}", settings, named.text);
      SCOPED_TRACE(text);
      std::mt19937_64 random(5);
      const int times = support::search_seeds(3).is_wish ? 1 : 3;
      for (int i = 0; i < times; ++i) expect_bounded(support::read_network(text), random);
    }
  }
}

// The norm of z -> w * z depends on where w is used: (1/2, 1/2, 1/2, 1/2) on patches side by side
// has the norm 1, on patches at each place 2.
TEST(AroundAPoint, SharedBlocksHaveTheLargestNormOfTheirUses) {
  const support::Network network = support::read_network(R"(
input: {shape: [1, 8], norm: 1}
layers:
  - {name: c, conv: {filters: 1, kernel: 1}, bias: false}
  - {name: a, conv: {filters: 1, kernel: 4, stride: 4}, bias: false}
  - {name: b, from: c, conv: {filters: 1, kernel: 4, padding: 2}, bias: false, share: a}
)");
  const Network<double> run(network.graph, 1);
  const std::vector<double> w{1, 0.5, 0.5, 0.5, 0.5};
  const PointBounds point = point_bounds(network.graph, run.parameter_layout(), w);
  EXPECT_NEAR(point.blocks[1].norm.to_double(), 1, 1e-11);
  EXPECT_NEAR(point.blocks[1].linear_input.to_double(), 2, 1e-9);
  EXPECT_GE(point.blocks[1].linear_input.to_double(), 2);
}

TEST(AroundAPoint, HoldsForRandomNetworks) {
  int points = 0;
  const support::SearchSeeds seeds = support::search_seeds(400);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    support::PlainNetwork plain = support::random_network(seed);
    plain.batch = 1 + static_cast<std::int64_t>(seed % 4);
    plain.norm = seed % 3 == 0 ? "5" : "0.7";
    plain.sample_norm.clear();
    plain.loss.clear();
    bool runnable = true;
    for (support::PlainLayer& layer : plain.layers) {
      for (support::PlainPart& part : layer.parts) {
        runnable = runnable && part.kind != "opaque";
        if (part.epsilon == "0") part.epsilon = "1e-3";
      }
    }
    if (!runnable) continue;
    const std::string text = support::to_text(plain);
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    std::mt19937_64 random(seed);
    points += expect_bounded(support::read_network(text), random);
  }
  EXPECT_GE(points, seeds.is_wish ? 1 : 2000);
}

// z + delta: nothing of the block multiplies z, and all of it is the bias.
TEST(PointBounds, OfAShiftAlone) {
  const Graph graph = testing::graph_of(
      "input: {shape: [2, 3], norm: 1}\nlayers: [{then: [{layer_norm: {per: position, affine: "
      "true, "
      "scale: false}}]}]",
      1);
  const Network<double> network(graph, 1);
  ASSERT_EQ(network.parameter_layout().arrays.size(), 1);
  EXPECT_EQ(network.parameter_layout().arrays[0].name, "layer1.layer_norm.shift");
  const PointBounds point = point_bounds(graph, network.parameter_layout(), Vector{3, 4});
  EXPECT_NEAR(point.blocks.at(0).norm.to_double(), 5, 1e-10);
  EXPECT_TRUE(point.blocks.at(0).linear_input.is_zero());
  EXPECT_NEAR(point.blocks.at(0).bias.to_double(), 5, 1e-10);
}

// The operator is that of the largest slope; of the smooth form all of them stand in -c alpha.
TEST(PointBounds, OfLearnedSlopes) {
  for (const auto& [name, bias] : {std::pair("prelu", 0.0), {"smooth_prelu", 5.0}}) {
    SCOPED_TRACE(name);
    const Graph graph = testing::graph_of(
        fmt::format("input: {{shape: [2, 3], norm: 1}}\nlayers: [{{then: [{}]}}]", name), 1);
    const Network<double> network(graph, 1);
    EXPECT_EQ(network.parameter_layout().arrays.at(0).name, "layer1.prelu.slope");
    const BlockAtPoint block =
        point_bounds(graph, network.parameter_layout(), Vector{3, -4}).blocks.at(0);
    EXPECT_NEAR(block.norm.to_double(), 5, 1e-10);
    EXPECT_EQ(block.linear_input.to_double(), 4);
    EXPECT_NEAR(block.bias.to_double(), bias, 1e-10);
    EXPECT_GE(block.bias.to_double(), bias);
  }
}

// Seen block by block: dense 2 x 2 with bias, then scale and shift.
TEST(PointBounds, StatesEachBlock) {
  const Graph graph = testing::graph_of(
      "input: {shape: [2], norm: 1}\nlayers: [{dense: 2, then: [{layer_norm: {affine: true}}]}]",
      1);
  const Network<double> network(graph, 1);
  const Vector w{3, 0, 0, 4, 5, 12, -7, 1, 3, 4};
  const PointBounds point = point_bounds(graph, network.parameter_layout(), w);
  ASSERT_EQ(point.blocks.size(), 2);
  const auto expect_near = [](const BlockAtPoint& block, double norm, double linear, double bias) {
    EXPECT_NEAR(block.norm.to_double(), norm, 1e-10);
    EXPECT_NEAR(block.linear_input.to_double(), linear, 0.011 * linear);
    EXPECT_GE(block.linear_input, Magnitude::from_double(linear));
    EXPECT_NEAR(block.bias.to_double(), bias, 1e-10);
  };
  expect_near(point.blocks[0], std::sqrt(9.0 + 16 + 25 + 144), 4, 13);
  expect_near(point.blocks[1], std::sqrt(49.0 + 1 + 9 + 16), 7, 5);
  EXPECT_TRUE(point.batch.layer_norms.empty());
  EXPECT_THROW(point_bounds(graph, network.parameter_layout(), Vector(9)), std::invalid_argument);
  Vector bad = w;
  bad[1] = std::nan("");
  EXPECT_TRUE(point_bounds(graph, network.parameter_layout(), bad).blocks[0].norm.is_infinite());
}

// Behind W stands diag(4, 1): as a part of W it is diag(1, 1/4), with 4 behind that.
TEST(PointBounds, TakesAFixedDiagonalBehindAsAPart) {
  const Vector w{1, 0, 0, 3, 2, 8};
  for (const char* const behind :
       {"scale: [4, -1]",
        "batch_norm: {statistics: fixed, mean: [7, 1], variance: [0.0625, 1], "
        "epsilon: 0}"}) {
    SCOPED_TRACE(behind);
    for (const char* const layer : {"dense: 2", "conv: {filters: 2, kernel: 1}"}) {
      SCOPED_TRACE(layer);
      const Graph graph = testing::graph_of(
          fmt::format("input: {{shape: [2], norm: 1}}\nlayers: [{{{}, then: [{{{}}}]}}]", layer,
                      behind),
          1);
      const Network<double> network(graph, 1);
      const BlockAtPoint block = point_bounds(graph, network.parameter_layout(), w).blocks.at(0);
      EXPECT_NEAR(block.norm.to_double(), std::sqrt(1.0 + 9 + 4 + 64), 1e-10);
      // diag(1, 3/4), and (2, 8/4).
      EXPECT_GE(block.linear_input.to_double(), 1);
      EXPECT_NEAR(block.linear_input.to_double(), 1, 0.011);
      EXPECT_GE(block.bias.to_double(), std::sqrt(8.0));
      EXPECT_NEAR(block.bias.to_double(), std::sqrt(8.0), 1e-10);
      // So the layer is 4-Lipschitz in its input, not 12.
      PointBounds point;
      point.blocks = {block};
      ResolvedSettings settings = resolve(Settings{});
      const BoundTable table =
          evaluate_bounds_around(graph, inputs_of(settings), point, Magnitude(), Method::sharp);
      EXPECT_LE(table.network().m.to_double(), 4 * 1.011 + 4 * std::sqrt(8.0) + 28.1);
    }
  }
}

// Adversarial: what stands in front of a batch norm with fixed statistics, for inputs along the
// largest singular vector.
TEST(AroundAPoint, HoldsInFrontOfFixedDiagonals) {
  std::mt19937_64 random(8);
  std::lognormal_distribution<double> spread(0, 2);
  for (int trial = 0; trial < 40; ++trial) {
    const auto number = [&] { return fmt::format("{:.17g}", spread(random)); };
    const std::string three = fmt::format("{}, {}, {}", number(), number(), number());
    const std::string text = fmt::format(
        "input: {{shape: [2, 4, 4], norm: 3}}\nbatch: 2\nlayers:\n"
        "  - {{conv: {{filters: 3, kernel: 3, padding: 1}}, then: [{{batch_norm: {{statistics: "
        "fixed, "
        "mean: [0, 1, -1], variance: [{}], epsilon: 1e-3, affine: true}}}}, tanh]}}\n"
        "  - {{dense: 3, then: [{{scale: [{}]}}, softplus]}}\n",
        three, three);
    SCOPED_TRACE(text);
    EXPECT_GT(expect_bounded(support::read_network(text), random), 0);
  }
}

// Rows of norm 5 and 13, looked up; and the same table as weights, whose operator norm counts
// there.
TEST(PointBounds, OfAnEmbeddingAreThoseOfItsLongestRow) {
  for (const bool tied : {false, true}) {
    const Graph graph = testing::graph_of(
        std::string("input: {shape: [3]}\nlayers:\n"
                    "  - {name: t, embedding: {entries: 2, features: 2}}\n") +
            (tied ? "  - {share: t, dense: {units: 2, per: position}, bias: false}\n" : ""),
        1);
    const Network<double> network(graph, 1);
    const PointBounds point = point_bounds(graph, network.parameter_layout(), Vector{3, 4, 5, 12});
    ASSERT_EQ(point.blocks.size(), 1U);
    const BlockAtPoint& block = point.blocks.front();
    EXPECT_NEAR(block.norm.to_double(), std::sqrt(194), 1e-10);
    EXPECT_NEAR(block.bias.to_double(), 13, 1e-10);
    // W W^T = [25 63; 63 169]
    const double largest = std::sqrt(97 + std::sqrt(72.0 * 72 + 63 * 63));
    EXPECT_NEAR(block.linear_input.to_double(), tied ? largest : 0, 0.011 * largest);
    EXPECT_GE(block.linear_input, Magnitude::from_double(tied ? largest * (1 - 1e-12) : 0));
  }
}

TEST(LayerNormRecorder, AddsPartsOfABatch) {
  const support::Network net = support::read_network(
      "batch: 5\ninput: {shape: [6], norm: 1}\nlayers: [{dense: 4, then: [tanh]}, {dense: 3}]");
  std::mt19937_64 random(1);
  const Vector x = testing::random_vector<double>(30, random);
  std::vector<std::vector<Magnitude>> found;
  for (const std::int64_t micro_batch : {0, 1}) {
    LayerNormRecorder<double> recorder(net.graph);
    EXPECT_TRUE(recorder.batch_norms().front().is_infinite());
    Labels labels;
    labels.classes = {0, 1, 2, 0, 1};
    Objective<double> objective(net.graph, *find_loss("logistic"), x, 5, labels,
                                {.micro_batch = micro_batch});
    objective.set_observer(&recorder);
    std::mt19937_64 parameters(2);
    Network<double> network(net.graph, 1);
    const Vector w = testing::random_parameters(network, parameters);
    objective.set_point(w);
    Vector gradient(w.size());
    objective.gradient(gradient);
    found.push_back(recorder.batch_norms());
    found.push_back(recorder.sample_norms());
    const std::vector<double>& y = objective.predictions();
    EXPECT_NEAR(recorder.batch_norms()[1].to_double(), norm_of(y), 1e-8);
    double largest = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      largest = std::max(largest, norm_of(std::span(y).subspan(3 * i, 3)));
    }
    EXPECT_NEAR(recorder.sample_norms()[1].to_double(), largest, 1e-8);
    recorder.reset();
    EXPECT_TRUE(recorder.sample_norms()[1].is_infinite());
  }
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(found[0][i].to_double(), found[2][i].to_double(), 1e-8);
    EXPECT_NEAR(found[1][i].to_double(), found[3][i].to_double(), 1e-8);
  }
}

struct Problem {
  const char* loss;
  const char* norm;  // behind the first layer
};

class LocalObjective : public ::testing::TestWithParam<Problem> {};

// Quotients ||grad F(w1) - grad F(w2)|| / ||w1 - w2|| and products of the Hessian against L_F,
// gradients against l_F.
TEST_P(LocalObjective, BoundsGradientsAndTheirQuotients) {
  const auto& [loss, norm] = GetParam();
  const support::Network net = support::read_network(fmt::format(
      "batch: 4\nradius: 9\ninput: {{shape: [6], norm: 2}}\nregularizer: 0.25\nloss: {}\n"
      "layers: [{{dense: 5, then: [tanh{}]}}, {{dense: 4, then: [softplus]}}, {{dense: 3}}]",
      loss, norm));
  std::mt19937_64 random(11);
  Labels labels;
  labels.classes = {0, 1, 2, 1};
  for (int run = 0; run < 20; ++run) {
    Vector x = testing::random_vector<double>(24, random);
    set_norm(x, 2);
    Objective<double> objective(net.graph, *net.settings.loss, x, 4, labels, {.regularizer = 0.25});
    Network<double> network(net.graph, 4);
    Vector w = testing::random_parameters(network, random);
    PointBounds point = point_of(net.graph, network, w, x);
    objective.set_point(w);
    set_loss_gradient(point, *net.settings.loss, objective.loss(), 4);
    EXPECT_TRUE(point.batch.loss_gradient->is_finite());
    for (const double radius : {1e-4, 1e-2, 0.3}) {
      for (const Method method : {Method::paper, Method::sharp}) {
        SCOPED_TRACE(fmt::format("run {} radius {} {}", run, radius, name_of(method)));
        const Magnitude R = Magnitude::from_double(radius);
        const BoundTable table =
            evaluate_bounds_around(net.graph, inputs_of(net.settings), point, R, method);
        const ObjectiveBounds bounds =
            bound_objective_around(net.graph, net.settings, point, R, table);
        ASSERT_TRUE(bounds.smoothness.is_finite());
        const auto gradient_at = [&](const Vector& at) {
          Vector gradient(at.size());
          objective.set_point(at);
          objective.gradient(gradient);
          EXPECT_TRUE(at_most(norm_of(gradient), bounds.lipschitz));
          EXPECT_TRUE(at_most(norm_of(at), table.parameter_norm));
          return gradient;
        };
        const Vector one = near(w, network.parameter_layout(), radius, random);
        const Vector two = near(w, network.parameter_layout(), radius, random);
        Vector change = gradient_at(one);
        Vector step = one;
        const Vector other = gradient_at(two);
        for (std::size_t i = 0; i < w.size(); ++i) {
          change[i] -= other[i];
          step[i] -= two[i];
        }
        EXPECT_TRUE(at_most(norm_of(change) / norm_of(step) * (1 - 1e-7), bounds.smoothness));
        for (int i = 0; i < 8; ++i) {  // of the Hessian at `two`
          set_norm(step, 1);
          objective.hessian_product(step, change);
          EXPECT_TRUE(at_most(norm_of(change), bounds.smoothness));
          step = change;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, LocalObjective,
    ::testing::Values(Problem{"logistic", ""}, Problem{"{square: {label_radius: 1}}", ""},
                      Problem{"logistic", ", {batch_norm: {epsilon: 0.5, affine: true}}"},
                      Problem{"logistic", ", {layer_norm: {epsilon: 0.5, affine: true}}"}));

// The gradient of a mean, (softmax - corner) / n for each sample.
TEST(SetLossGradient, StackedAndOfOneSample) {
  Labels labels;
  labels.classes = {0, 0};
  const Vector predictions{0, 0, std::log(3.0), 0};
  const LossRow& loss = *find_loss("logistic");
  const LossEvaluation evaluation = evaluate_loss(loss, {.samples = 2,
                                                         .outputs = 2,
                                                         .predictions = predictions,
                                                         .labels = &labels,
                                                         .warm_start = {},
                                                         .solver = {}});
  PointBounds point;
  set_loss_gradient(point, loss, evaluation, 2);
  EXPECT_NEAR(point.batch.loss_gradient->to_double(), std::sqrt((0.5 + 0.125) / 4), 1e-8);
  EXPECT_NEAR(point.sample.loss_gradient->to_double(), std::sqrt(0.5), 1e-8);
  EXPECT_THROW(set_loss_gradient(point, loss, evaluation, 3), std::invalid_argument);
}

}  // namespace
}  // namespace smoothbound
