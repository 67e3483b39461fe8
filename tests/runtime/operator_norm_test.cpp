#include "smoothbound/runtime/operator_norm.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "networks.hpp"
#include "smoothbound/runtime/block_at_point.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/norm.hpp"

namespace smoothbound {
namespace {

double largest_singular_value(const linalg::DenseMatrix& m) {
  return linalg::singular_values(m).front();
}

Magnitude bound_of(const linalg::DenseMatrix& m, std::int64_t most_gram = most_gram_rows) {
  return operator_norm_bound(m.entries, m.rows, m.columns, most_gram);
}

linalg::DenseMatrix random_matrix(std::int64_t rows, std::int64_t columns,
                                  std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  linalg::DenseMatrix m(rows, columns);
  for (double& entry : m.entries) entry = normal(random);
  return m;
}

// m = first column times first row, over the norm
void make_rank_one(linalg::DenseMatrix& m) {
  const linalg::DenseMatrix old = m;
  const double norm = euclidean_norm(m.entries);
  for (std::int64_t i = 0; i < m.rows; ++i) {
    for (std::int64_t j = 0; j < m.columns; ++j) m(i, j) = old(i, 0) / norm * old(0, j);
  }
}

// For the rounding of the singular values.
constexpr double norm_rounding = 1e-13;

TEST(OperatorNorm, IsJustAboveTheLargestSingularValue) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i) {
    SCOPED_TRACE(i);
    const auto size = [&] { return static_cast<std::int64_t>(1 + random() % 40); };
    linalg::DenseMatrix m = random_matrix(size(), size(), random);
    if (i % 3 == 0)
      linalg::scale(std::ldexp(1.0, static_cast<int>(random() % 1200) - 600), m.entries);
    if (i % 5 == 0) make_rank_one(m);
    if (i % 7 == 0) {
      for (double& entry : m.entries) entry = std::abs(entry);
    }
    if (i % 11 == 0) std::fill(m.entries.end() - m.rows / 2 * m.columns, m.entries.end(), 0);
    const double exact = largest_singular_value(m);
    EXPECT_GE(bound_of(m).to_double(), exact * (1 - norm_rounding));
    EXPECT_LE(bound_of(m).to_double(), exact * 1.011);
    // Without powers of the Gram matrix: norms, hence at most sqrt(rank).
    EXPECT_GE(bound_of(m, 0).to_double(), exact * (1 - norm_rounding));
    EXPECT_LE(bound_of(m, 0).to_double(),
              exact * std::sqrt(static_cast<double>(std::min(m.rows, m.columns))) * 1.0001);
  }
}

TEST(OperatorNorm, OfLargerMatrices) {
  std::mt19937_64 random(2);
  for (const auto& [rows, columns] : {std::pair(200, 300), {130, 1000}, {257, 256}}) {
    const linalg::DenseMatrix m = random_matrix(rows, columns, random);
    const double exact = largest_singular_value(m);
    EXPECT_GE(bound_of(m).to_double(), exact * (1 - norm_rounding));
    EXPECT_LE(bound_of(m).to_double(), exact * 1.011);
  }
}

TEST(OperatorNorm, OfMatricesForFewerPowers) {
  std::mt19937_64 random(3);
  const linalg::DenseMatrix m = random_matrix(most_gram_rows + 8, most_gram_rows + 40, random);
  const double exact = largest_singular_value(m);
  EXPECT_GE(bound_of(m, most_gram_rows + 8).to_double(), exact * (1 - norm_rounding));
  EXPECT_LE(bound_of(m, most_gram_rows + 8).to_double(), exact * 1.051);
  EXPECT_GE(bound_of(m).to_double(), exact * 2);
}

TEST(OperatorNorm, OfExtremeNumbers) {
  const auto diagonal = [](double a, double b) {
    linalg::DenseMatrix m(2, 2);
    m(0, 0) = a;
    m(1, 1) = b;
    return m;
  };
  for (const auto& [large, small] : {std::pair(1.0, 0.0),
                                     {1e300, 1e-300},
                                     {1e-300, 1e-310},
                                     {5e-324, 5e-324},
                                     {0.0, 0.0},
                                     {1.7e308, 1.0}}) {
    SCOPED_TRACE(large);
    const linalg::DenseMatrix m = diagonal(small, large);
    EXPECT_GE(bound_of(m), Magnitude::from_double(large));
    EXPECT_LE(bound_of(m).to_double(), large * 1.5 + (large > 0 && large < 1e-307 ? 1e-323 : 0));
  }
  for (const double bad : {std::nan(""), HUGE_VAL}) {
    EXPECT_TRUE(bound_of(diagonal(bad, 1)).is_infinite());
    EXPECT_TRUE(bound_of(diagonal(1, bad)).is_infinite());
    const std::array values{bad, 1.0};
    EXPECT_TRUE(norm_bound(values).is_infinite());
    EXPECT_TRUE(largest_absolute(values).is_infinite());
    EXPECT_TRUE(absolute_sums(values, 1, 2).row.is_infinite());
  }
}

// A row of ones and one that is orthogonal and so small that all norms but the operator norm are
// larger: sums of products that are exact in every order, but the bound cannot know that. n u / 4
// of the norm are less than what it has to leave for n of them.
TEST(OperatorNorm, LeavesRoomForTheRoundingOfItsSums) {
  constexpr std::int64_t n = 1 << 18;
  linalg::DenseMatrix m(2, n);
  for (std::int64_t j = 0; j < n; ++j) {
    m(0, j) = 1;
    m(1, j) = std::ldexp(j % 2 == 0 ? 1.0 : -1.0, -10);
  }
  const double exact = std::sqrt(static_cast<double>(n));
  const double room = std::ldexp(static_cast<double>(n), -55);
  ASSERT_GT(room, 5 * norm_error);
  EXPECT_GE(bound_of(m).to_double(), exact * (1 + room));
  EXPECT_LE(bound_of(m).to_double(), exact * (1 + 100 * room));
}

// A one and many entries whose squares vanish beside it, all at once or one by one.
TEST(OperatorNorm, CountsWhatVanishesInASum) {
  constexpr std::int64_t n = 1 << 16;
  linalg::DenseMatrix m(2, n);
  for (std::int64_t j = 1; j < n; ++j) m(0, j) = std::ldexp(1.0, -27);
  m(0, 0) = 1;
  EXPECT_GE(bound_of(m), square_root(Magnitude::from_double(1 + std::ldexp(n - 1.0, -54))));
}

// sqrt(2) of the smallest double has no double near it.
TEST(OperatorNorm, OfTheSmallestNumbers) {
  constexpr double smallest = std::numeric_limits<double>::denorm_min();
  for (const double scale : {1.0, 3.0, 1000.0}) {
    const std::array values{scale * smallest, scale * smallest};
    EXPECT_GE(norm_bound(values),
              square_root(Magnitude::from_count(2)) * Magnitude::from_double(scale * smallest));
    EXPECT_LE(norm_bound(values), Magnitude::from_double((1.5 * scale + 2) * smallest));
  }
}

// z -> beta(v, z) of one sample as a matrix, column by column, by executing the layer.
linalg::DenseMatrix matrix_of(const Graph& graph, std::vector<double> v, std::size_t weights) {
  std::fill(v.begin() + static_cast<std::ptrdiff_t>(weights), v.end(), 0);
  Network<double> network(graph, 1);
  network.set_parameters(v);
  Trajectory<double> trajectory(network);
  linalg::DenseMatrix result(network.output_elements(), network.input_elements());
  std::vector<double> z(static_cast<std::size_t>(network.input_elements()));
  for (std::size_t i = 0; i < z.size(); ++i) {
    z[i] = 1;
    forward<double>(z, trajectory);
    for (std::size_t j = 0; j < trajectory.output().size(); ++j) {
      result(static_cast<std::int64_t>(j), static_cast<std::int64_t>(i)) = trajectory.output()[j];
    }
    z[i] = 0;
  }
  return result;
}

struct Convolution {
  const char* shape;
  const char* settings;
};

template <class Layer>
void expect_bounded_matrices(std::string_view name, const std::vector<Convolution>& layers) {
  std::mt19937_64 random(3);
  for (const auto& [shape, settings] : layers) {
    SCOPED_TRACE(settings);
    const Graph graph =
        testing::graph_of(std::string("input: {shape: ") + shape + ", norm: 1}\nlayers: [" +
                              std::string(name) + ": {" + settings + "}]",
                          1);
    const auto& placed = graph.layers.front().components.front();
    const auto& conv = std::get<Layer>(placed.component);
    const Site site{{&graph.input, 1}, placed.output, 1};
    for (int kind = 0; kind < 6; ++kind) {
      std::vector<double> v = testing::random_vector<double>(
          static_cast<std::size_t>(conv.block(site)->elements), random);
      const std::size_t weights = v.size() - static_cast<std::size_t>(conv.filters);
      for (std::size_t i = 0; i < weights; ++i) {
        if (kind == 1) v[i] = std::abs(v[i]);
        if (kind == 2 && i % 9 != 4) v[i] = 0;  // mostly one tap
        if (kind == 3 && i > 0) v[i] = 0;
        if (kind == 4) v[i] = 1;
      }
      const double exact = largest_singular_value(matrix_of(graph, v, weights));
      const BlockAtPoint block = block_at_point(placed.component, site, v);
      EXPECT_GE(block.linear_input.to_double(), exact * (1 - norm_rounding));
      // By ||K|| times the root of the largest overlap, with ||K|| of all patches.
      EXPECT_LE(block.linear_input.to_double(), 3.5 * exact) << kind;
      double squares = 0;
      for (std::size_t i = weights; i < v.size(); ++i) squares += v[i] * v[i];
      EXPECT_NEAR(block.bias.to_double(), std::sqrt(squares), 1e-10);
      EXPECT_NEAR(block.norm.to_double(), std::sqrt(testing::dot(v, v)), 1e-10);
      const Parts parts = conv.parts(site, Method::sharp);
      const Magnitude smoothness = std::get<AffineConstants>(*parts.begin()).bilinear.value;
      EXPECT_LE(block.linear_input, smoothness * block.norm);
    }
  }
}

TEST(BlockAtPoint, OfConvolutionsBoundsTheirMatrices) {
  expect_bounded_matrices<Conv>(
      "conv",
      {{"[3, 7, 6]", "filters: 4, kernel: 3, padding: same"},
       {"[4, 6, 6]", "filters: 6, kernel: 2, stride: 2, groups: 2"},
       {"[2, 9]", "filters: 3, kernel: 4, padding: 2"},
       {"[3, 8, 5]", "filters: 2, kernel: [3, 2], stride: [2, 1], dilation: [1, 2], padding: 1"},
       {"[5, 4, 4]", "filters: 3, kernel: 1"},
       {"[2, 3, 3]", "filters: 2, kernel: 3, padding: 2, stride: 3"},
       {"[1, 8, 8]", "filters: 1, kernel: 5, padding: same"},
       {"[2, 3, 4, 3]", "filters: 2, kernel: [2, 3, 2], padding: same"},
       {"[6]", "filters: 4, kernel: 1, groups: 2"}});
}

TEST(BlockAtPoint, OfTransposedConvolutionsBoundsTheirMatrices) {
  expect_bounded_matrices<ConvTransposed>(
      "conv_transposed",
      {{"[3, 4, 3]", "filters: 4, kernel: 3, stride: 2, padding: same"},
       {"[4, 3, 3]", "filters: 6, kernel: 2, stride: 2, groups: 2"},
       {"[2, 6]", "filters: 3, kernel: 4, padding: 2"},
       {"[3, 4, 3]", "filters: 2, kernel: [3, 2], stride: [2, 1], dilation: [1, 2], padding: 1"},
       {"[5, 4, 4]", "filters: 3, kernel: 1"},
       {"[1, 5, 5]", "filters: 1, kernel: 5, padding: same"},
       {"[2, 2, 3, 2]", "filters: 2, kernel: [2, 3, 2]"}});
}

TEST(BlockAtPoint, OfADenseLayerPerPosition) {
  std::mt19937_64 random(9);
  const Graph graph = testing::graph_of(
      "input: {shape: [4, 3, 2], norm: 1}\nlayers: [dense: {units: 3, per: position}]", 1);
  const auto& placed = graph.layers.front().components.front();
  const std::vector<double> v = testing::random_vector<double>(15, random);
  const BlockAtPoint block =
      block_at_point(placed.component, {{&graph.input, 1}, placed.output, 1}, v);
  const double exact = largest_singular_value(matrix_of(graph, v, 12));
  EXPECT_GE(block.linear_input.to_double(), exact * (1 - norm_rounding));
  EXPECT_LE(block.linear_input.to_double(), 1.02 * exact);
}

}  // namespace
}  // namespace smoothbound
