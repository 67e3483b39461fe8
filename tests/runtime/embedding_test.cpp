// Embeddings executed: what they look up, gradients of tables that are used twice, and searches.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "networks.hpp"
#include "smoothbound/bounds/evaluate.hpp"
#include "smoothbound/runtime/measure.hpp"
#include "support/read_network.hpp"

namespace smoothbound {
namespace {

using Vector = std::vector<double>;

constexpr std::string_view tied = R"(
radius: 2
input: {shape: [1]}
layers:
  - {name: table, embedding: {entries: 3, features: 2}}
  - {name: logits, share: table, dense: {units: 3, per: position}, bias: false}
)";

template <class Scalar>
void expect_rows() {
  Network<Scalar> network(
      testing::graph_of("input: {shape: [4]}\nlayers:\n  - embedding: {entries: 3, features: 2}\n",
                        2),
      2);
  network.set_parameters(std::vector<Scalar>{0, 1, 10, 11, 20, 21});
  Trajectory<Scalar> trajectory(network);
  forward<Scalar>(std::vector<Scalar>{2, 0, 0, 1, 1, 1, 2, 0}, trajectory);
  const auto y = trajectory.output();
  EXPECT_EQ(std::vector<Scalar>(y.begin(), y.end()),
            (std::vector<Scalar>{20, 0, 0, 10, 21, 1, 1, 11, 10, 10, 20, 0, 11, 11, 21, 1}));
}

TEST(EmbeddingKernel, LooksUpRows) {
  expect_rows<float>();
  expect_rows<double>();
}

// What is no id, which only those who bypass the checks of data can come by, reads no other memory.
template <class Scalar>
void expect_inside() {
  using Limits = std::numeric_limits<Scalar>;
  Network<Scalar> network(
      testing::graph_of("input: {shape: [8]}\nlayers:\n  - embedding: {entries: 3, features: 1}\n",
                        1),
      1);
  network.set_parameters(std::vector<Scalar>{5, 6, 7});
  Trajectory<Scalar> trajectory(network);
  forward<Scalar>(
      std::vector<Scalar>{Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), -1, 3,
                          Limits::max(), static_cast<Scalar>(0.75), static_cast<Scalar>(1.25)},
      trajectory);
  const auto y = trajectory.output();
  EXPECT_EQ(std::vector<Scalar>(y.begin(), y.end()), (std::vector<Scalar>{5, 7, 5, 5, 7, 7, 6, 6}));
}

TEST(EmbeddingKernel, StaysInsideOfItsTable) {
  expect_inside<float>();
  expect_inside<double>();
}

// y = E e_i for the rows e_1, e_2, e_3 of E: the gradient of <mu, y> is mu e_i^T, and E^T mu more
// in row i.
TEST(TiedEmbedding, GradientsOfBothUsesAddUp) {
  const Graph graph = testing::graph_of(tied, 1);
  EXPECT_EQ(graph.parameters, 6);
  Network<double> network(graph, 1);
  const Vector table{0.5, -1, 2, 0.25, -0.75, 3};
  const Vector mu{1, -2, 0.5};
  network.set_parameters(table);
  Trajectory<double> trajectory(network);
  for (std::size_t id = 0; id < 3; ++id) {
    forward<double>(Vector{static_cast<double>(id)}, trajectory);
    Vector gradient(6);
    vjp<double>(trajectory, mu, gradient);
    for (std::size_t j = 0; j < 3; ++j) {
      double y = 0;
      for (std::size_t f = 0; f < 2; ++f) {
        y += table[2 * j + f] * table[2 * id + f];
        double expected = mu[j] * table[2 * id + f];
        for (std::size_t k = 0; j == id && k < 3; ++k) expected += mu[k] * table[2 * k + f];
        EXPECT_NEAR(gradient[2 * j + f], expected, 1e-14) << id << " " << j << " " << f;
      }
      EXPECT_NEAR(trajectory.output()[j], y, 1e-14);
    }
  }
}

// ||E e_i|| <= ||E||^2, ||D e_i + E d_i|| <= 2 ||E|| and ||2 D d_i|| <= 2 for ||D|| = 1, all with
// equality where row i is all there is: R^2, 2 R and 2.
TEST(TiedEmbedding, BoundsAreExactAndASearchReachesThem) {
  const support::Network network = support::read_network(std::string(tied));
  const Triple sharp = network.bounds(Method::sharp).network();
  EXPECT_EQ(sharp.m, Magnitude::from_count(4));
  EXPECT_EQ(sharp.lipschitz, Magnitude::from_count(4));
  EXPECT_EQ(sharp.smoothness, Magnitude::from_count(2));
  const Triple paper = network.bounds(Method::paper).network();
  EXPECT_GE(paper.lipschitz, sharp.lipschitz);
  EXPECT_GE(paper.smoothness, sharp.smoothness);
  MeasureSettings settings;
  settings.default_radius = 2;
  settings.starts = 10;
  settings.ascents = 40;
  const Measurement found = measure(network.graph, 1, settings);
  EXPECT_LE(found.norm.value, 4 * (1 + 1e-12));
  EXPECT_LE(found.slope.value, 4 * (1 + 1e-12));
  EXPECT_LE(found.curvature.value, 2 * (1 + 1e-12));
  EXPECT_GE(found.norm.value, 3.9);
  EXPECT_GE(found.slope.value, 3.9);
  EXPECT_GE(found.curvature.value, 1.9);
}

// A search over ids moves parameters only: sqrt(tokens batch) R is reached where all ids are equal.
TEST(Measure, TakesIdsAsTheyAre) {
  const support::Network network = support::read_network(
      "batch: 2\nradius: 3\ninput: {shape: [4]}\nlayers:\n"
      "  - embedding: {entries: 5, features: 2}\n");
  MeasureSettings settings;
  settings.default_radius = 3;
  settings.starts = 20;
  settings.norm = 0.125;  // of numbers; ids have none
  const Measurement found = measure(network.graph, 2, settings);
  for (const double id : found.norm.x) {
    EXPECT_GE(id, 0);
    EXPECT_LE(id, 4);
    EXPECT_EQ(id, std::floor(id));
  }
  const Triple bounds = network.bounds(Method::sharp).network();
  EXPECT_NEAR(bounds.m.to_double(), 3 * std::sqrt(8), 1e-12);
  EXPECT_LE(found.norm.value, bounds.m.to_double() * (1 + 1e-12));
  EXPECT_GE(found.norm.value, 0.99 * bounds.m.to_double());
  EXPECT_GE(found.slope.value, 0.99 * bounds.lipschitz.to_double());
}

}  // namespace
}  // namespace smoothbound
