// What networks do never exceeds what is certified of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "networks.hpp"
#include "smoothbound/bounds/evaluate.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/measure.hpp"
#include "support/read_network.hpp"

namespace smoothbound {
namespace {

using Vector = std::vector<double>;

// For the rounding of the measurement.
constexpr double allowance = 1e-9;

::testing::AssertionResult at_most(double measured, const Magnitude& certified) {
  if (certified.is_infinite()) return ::testing::AssertionSuccess();
  if (measured <= certified.to_double() * (1 + allowance)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << fmt::format("measured {:.17g} above the bound {}", measured, certified.to_text(17));
}

// Both methods against one search.
Measurement expect_bounded(const support::Network& network, MeasureSettings settings) {
  settings.norm = network.settings.input_norm.lower.to_double();
  settings.default_radius = network.settings.radius.lower.to_double();
  const Measurement found = measure(network.graph, network.settings.batch, settings);
  for (const Method method : {Method::paper, Method::sharp}) {
    const BoundTable bounds = network.bounds(method);
    SCOPED_TRACE(name_of(method));
    for (std::size_t l = 0; l < bounds.layers.size(); ++l) {
      EXPECT_TRUE(at_most(found.layer_norms[l], bounds.layers[l].m))
          << "m of layer " << network.graph.layers[l].name;
    }
    EXPECT_TRUE(at_most(found.norm.value, bounds.network().m));
    EXPECT_TRUE(at_most(found.slope.value, bounds.network().lipschitz));
    EXPECT_TRUE(at_most(found.curvature.value, bounds.network().smoothness));
  }
  return found;
}

TEST(MeasuredBounds, HoldForEveryComponent) {
  for (const auto& network : testing::smooth_networks) {
    for (const char* const settings : {"batch: 1", "batch: 3\nradius: 3"}) {
      const std::string text = fmt::format("{}\n{}", settings, network.text);
      SCOPED_TRACE(text);
      MeasureSettings search;
      search.seed = 7;
      search.ascents = 8;
      const Measurement found = expect_bounded(support::read_network(text), search);
      EXPECT_GT(found.curvature.value, 0);
    }
  }
}

Vector draw(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  return testing::random_vector<double>(size, random);
}

// The Jacobian of Z W^T + 1 w0^T by (W, w0) has the singular values of [Z, 1].
TEST(LargestSlope, OfADenseLayerIsASingularValue) {
  constexpr std::int64_t batch = 4;
  constexpr std::int64_t inputs = 6;
  Network<double> network(
      testing::graph_of("input: {shape: [6], norm: 1}\nlayers: [dense: 3]", batch), batch);
  for (const unsigned seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    const Vector x = draw(batch * inputs, seed);
    Trajectory<double> trajectory(network);
    forward<double>(x, trajectory);
    Vector w_dot = draw(network.parameters().size(), seed + 10);
    Vector y_dot(static_cast<std::size_t>(network.output_elements()));
    const double found = largest_slope(trajectory, 300, w_dot, y_dot);

    linalg::DenseMatrix z(batch, inputs + 1);
    for (std::int64_t i = 0; i < batch; ++i) {
      std::copy_n(x.begin() + i * inputs, inputs, z.row(i).begin());
      z(i, inputs) = 1;
    }
    const double exact = linalg::singular_values(z).front();
    EXPECT_NEAR(found, exact, 1e-6 * exact);
    EXPECT_NEAR(std::sqrt(testing::dot(w_dot, w_dot)), 1, 1e-14);
    EXPECT_NEAR(std::sqrt(testing::dot(y_dot, y_dot)), found, 1e-14 * found);
  }
}

// The Hessian of v tanh(w) by (w, v) has an eigenvalue k > 0 and another one near -3 k. From the
// direction of the first one the iteration turns to the second one, and the value falls first.
TEST(LargestCurvature, IsTheBestValueMet) {
  Network<double> network(
      testing::graph_of("input: {shape: [1], norm: 1}\nlayers: [{dense: 1, bias: false, then: "
                        "[tanh]}, {dense: 1, bias: false}]",
                        1),
      1);
  network.set_parameters(std::array{1.0, 0.758});
  Trajectory<double> trajectory(network);
  forward<double>(std::array{1.0}, trajectory);
  const auto after = [&](int steps) {
    Vector w_dot{0.42, 0.91};
    Vector y_ddot(1);
    const double found = largest_curvature(trajectory, steps, w_dot, y_ddot);
    EXPECT_EQ(std::abs(y_ddot[0]), found);
    Vector again(1);
    second_directional<double>(trajectory, w_dot, again);
    EXPECT_EQ(again, y_ddot);
    return found;
  };
  const double first = after(0);
  EXPECT_EQ(after(1), first);
  double best = first;
  for (int steps = 2; steps < 20; ++steps) {
    const double found = after(steps);
    EXPECT_GE(found, best);
    best = found;
  }
  EXPECT_GT(best, 2 * first);
}

// Against differences of the derivatives themselves, entry by entry.
TEST(DerivativeGradient, IsThatOfEachOrder) {
  constexpr std::int64_t batch = 2;
  Network<double> network(
      testing::graph_of("input: {shape: [2], norm: 1}\nlayers: [{dense: 3, then: [tanh]}, "
                        "{dense: 2, then: [sigmoid]}]",
                        batch),
      batch);
  Trajectory<double> trajectory(network);
  const SearchPoint at{draw(network.parameters().size(), 1), draw(2 * batch, 2)};
  const Vector w_dot = draw(at.w.size(), 3);
  const Vector mu = draw(2 * batch, 4);
  const auto value = [&](int order, const SearchPoint& point) {
    network.set_parameters(point.w);
    forward<double>(point.x, trajectory);
    Vector image(mu.size());
    if (order == 0) std::ranges::copy(trajectory.output(), image.begin());
    if (order == 1) jvp<double>(trajectory, w_dot, {}, image);
    if (order == 2) second_directional<double>(trajectory, w_dot, image);
    return testing::dot(mu, image);
  };
  for (const int order : {0, 1, 2}) {
    SCOPED_TRACE(order);
    const auto difference = [&](Vector SearchPoint::*part, std::size_t i) {
      constexpr double h = 1e-5;
      SearchPoint before = at;
      SearchPoint behind = at;
      (before.*part)[i] -= h;
      (behind.*part)[i] += h;
      return (value(order, behind) - value(order, before)) / (2 * h);
    };
    Vector expected;
    for (std::size_t i = 0; i < at.w.size(); ++i)
      expected.push_back(difference(&SearchPoint::w, i));
    for (std::size_t i = 0; i < at.x.size(); ++i)
      expected.push_back(difference(&SearchPoint::x, i));
    SearchPoint found = derivative_gradient(network, trajectory, order, at, w_dot, mu);
    found.w.insert(found.w.end(), found.x.begin(), found.x.end());
    const double factor = testing::dot(found.w, expected) / testing::dot(expected, expected);
    EXPECT_GT(factor, 0);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(found.w[i] / factor, expected[i], 1e-5);
    }
  }
}

MeasureSettings thorough() {
  MeasureSettings settings;
  settings.starts = 5;
  settings.ascents = 100;
  settings.power_steps = 20;
  settings.seed = 3;
  return settings;
}

// m = R sqrt(||x||^2 + batch) and l = sqrt(||x||^2 + batch), where all samples are equal.
TEST(Measure, ReachesTheSupremaOfADenseLayer) {
  MeasureSettings settings = thorough();
  settings.norm = 2;
  settings.default_radius = 5;
  const Measurement found = measure(
      testing::graph_of("input: {shape: [6], norm: 2}\nlayers: [dense: 3]", 4), 4, settings);
  const double slope = std::sqrt(2.0 * 2 + 4);
  EXPECT_NEAR(found.slope.value, slope, 1e-6 * slope);
  EXPECT_NEAR(found.norm.value, 5 * slope, 1e-6 * 5 * slope);
  EXPECT_EQ(found.layer_norms, Vector{found.norm.value});
  EXPECT_EQ(found.curvature.value, 0);
}

// Of V W x for two samples with ||x|| = 3, where ||V|| and ||W|| are at most `radius`.
Measurement measure_product(double radius) {
  MeasureSettings settings = thorough();
  settings.norm = 3;
  settings.default_radius = radius;
  return measure(
      testing::graph_of("input: {shape: [4], norm: 3}\nlayers: [{dense: 5, bias: false}, "
                        "{dense: 2, bias: false}]",
                        2),
      2, settings);
}

// hess psi[d, d] = 2 V_d W_d x for V W x, at most 2 ||V_d|| ||W_d|| ||x|| = ||x|| for unit d. Its
// Hessians have eigenvalues of both signs.
TEST(Measure, ReachesTheCurvatureOfAProductOfMatrices) {
  const Measurement found = measure_product(1);
  EXPECT_NEAR(found.curvature.value, 3, 3e-6);
}

// V W x with ||V||, ||W|| <= R: R^2 ||x||, and the slopes ||V_d W x + V W_d x|| of unit (V_d, W_d)
// up to sqrt(2) R ||x||, where all samples are equal and V and W of rank one.
TEST(Measure, ReachesTheSlopeOfAProductOfMatrices) {
  const Measurement found = measure_product(2);
  EXPECT_NEAR(found.norm.value, 12, 1e-3);
  EXPECT_NEAR(found.slope.value, 6 * std::sqrt(2.0), 1e-3);
}

TEST(Measure, SaysWhereItFoundTheLargestValues) {
  for (const auto& named : testing::smooth_networks) {
    SCOPED_TRACE(named.name);
    constexpr std::int64_t batch = 2;
    const Graph graph = testing::graph_of(named.text, batch);
    MeasureSettings settings;
    settings.norm = 3;
    settings.default_radius = 2;
    const Measurement found = measure(graph, batch, settings);
    Network<double> network(graph, batch);
    Trajectory<double> trajectory(network);
    Vector image(static_cast<std::size_t>(network.output_elements()));
    const auto go_to = [&](const Measured& point) {
      network.set_parameters(point.w);
      forward<double>(point.x, trajectory);
      if (!graph.input_ids) {
        EXPECT_NEAR(std::sqrt(testing::dot(point.x, point.x)), 3, 1e-13);
      }
      for (const ParameterBlock& block : network.parameter_layout().blocks) {
        const Vector v(point.w.begin() + block.offset,
                       point.w.begin() + block.offset + block.elements);
        EXPECT_LE(std::sqrt(testing::dot(v, v)), 2 * (1 + 1e-13));
      }
    };
    go_to(found.norm);
    const auto y = trajectory.output();
    image.assign(y.begin(), y.end());
    EXPECT_EQ(std::sqrt(testing::dot(image, image)), found.norm.value);
    EXPECT_TRUE(found.norm.w_dot.empty());
    go_to(found.slope);
    jvp<double>(trajectory, found.slope.w_dot, {}, image);
    EXPECT_DOUBLE_EQ(std::sqrt(testing::dot(image, image)), found.slope.value);
    EXPECT_NEAR(testing::dot(found.slope.w_dot, found.slope.w_dot), 1, 1e-13);
    go_to(found.curvature);
    second_directional<double>(trajectory, found.curvature.w_dot, image);
    EXPECT_DOUBLE_EQ(std::sqrt(testing::dot(image, image)), found.curvature.value);
    EXPECT_NEAR(testing::dot(found.curvature.w_dot, found.curvature.w_dot), 1, 1e-13);
  }
}

}  // namespace
}  // namespace smoothbound
