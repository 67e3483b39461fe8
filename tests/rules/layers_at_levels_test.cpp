// What layers make of both levels: products with repeated factors, matrices, and dense layers
// around a point, by hand.

#include <gtest/gtest.h>

#include <vector>

#include "rules/statements.hpp"
#include "smoothbound/bounds/local.hpp"
#include "support/ball.hpp"
#include "support/read_network.hpp"

namespace smoothbound::of_layers {
namespace {

using rules::number;
using support::Ball;
using support::check_upper;
using support::square;

Ball root(std::int64_t n) { return square_root(Ball(n)); }

// A constant of those norms.
rules::Value constant(double at_euclidean, double at_maximum) {
  LevelSet two_levels;
  two_levels.add(maximum);
  rules::Value value(two_levels);
  value.m[euclidean] = number(at_euclidean);
  value.m[maximum] = number(at_maximum);
  value.fill_others();
  return value;
}

struct Product {
  Component merge;
  std::vector<Shape> shapes;
  std::vector<rules::Value> factors;
};
void expect_product(const Product& p, const Ball& at_euclidean, const Ball& at_maximum) {
  std::visit(
      [&](const auto& merge) {
        if constexpr (MergeType<std::remove_cvref_t<decltype(merge)>>) {
          // Of so many samples that the largest entry says nothing of the Euclidean norm.
          const Site site{p.shapes, merge.output_shape(p.shapes), 1000};
          const rules::Value value = merge.merge(p.factors, site, Method::sharp);
          EXPECT_EQ(check_upper(value.m[euclidean], at_euclidean), "");
          EXPECT_EQ(check_upper(value.m[maximum], at_maximum), "");
        }
      },
      p.merge);
}

// [2, 1] by [1, 3], of which the first is repeated 3 times and the second one twice: all entries 1
// are norms sqrt 2 and sqrt 3, and sqrt 6 for their product.
TEST(Products, AFactorIsRepeatedInItsEuclideanNorm) {
  const std::vector<Shape> shapes{{2, 1}, {1, 3}};
  // 8 5, sqrt(3) 8 |y|, |x| sqrt(2) 5
  expect_product({Multiply{}, shapes, {constant(8, 2), constant(5, 1)}}, Ball(8) * root(3), 2);
  expect_product({Multiply{}, shapes, {constant(8, 2), constant(5, 4)}}, Ball(10) * root(2), 8);
  expect_product({Multiply{}, shapes, {constant(3, 3), constant(2, 2)}}, 6, 6);
  const std::vector<Shape> equal{{2, 3}, {2, 3}};
  expect_product({Multiply{}, equal, {constant(8, 2), constant(5, 1)}}, 8, 2);
}

// [2] and [2, 3], then [1, 3]: the product of the first two is repeated no more.
// min{2 3, sqrt(3) 2 1, 2 3} = 2 sqrt 3, in the maximum norm 2; then min{sqrt(3) 2 4,
// sqrt(3) 2 3, 2 sqrt(2) 4} = 6 sqrt 3, and 2 3.
TEST(Products, RepeatsOfSeveralFactors) {
  expect_product(
      {Multiply{}, {{2}, {2, 3}, {1, 3}}, {constant(2, 2), constant(3, 1), constant(4, 3)}},
      Ball(6) * root(3), 6);
}

// Stacks of 2: 2 x 3 by 3 x 4, times 1/2. Entries 1 are rows and columns of norm sqrt 3, and one
// matrix has the norm sqrt 6 or sqrt 12.
TEST(Products, OneMatrixOfAStackCounts) {
  MatMul product;
  product.scale = Real::from_decimal("0.5");
  const Ball half = Ball(1) / Ball(2);
  const auto expect = [&](const rules::Value& a, const rules::Value& b, const Ball& at_euclidean,
                          const Ball& at_maximum) {
    product.transpose = 0;
    expect_product({product, {{2, 2, 3}, {2, 3, 4}}, {a, b}}, at_euclidean, at_maximum);
    product.transpose = 1;
    expect_product({product, {{2, 3, 2}, {2, 3, 4}}, {a, b}}, at_euclidean, at_maximum);
    product.transpose = 2;
    expect_product({product, {{2, 2, 3}, {2, 4, 3}}, {a, b}}, at_euclidean, at_maximum);
  };
  expect(constant(20, 1), constant(30, 7), half * root(6) * Ball(30),
         half * root(3) * Ball(7) * root(3));
  expect(constant(20, 9), constant(30, 1), half * Ball(20) * root(12),
         half * Ball(9) * root(3) * root(3));
  // Nothing is gained: the Euclidean norms of both; of an entry, too.
  expect(constant(2, 2), constant(3, 3), 3, 3);
}

// R' = 1/2, ||x|| = 2, a batch of 4; blocks of norm 3 and 2, so are the norms of z -> beta(v*, z),
// biases 1 and 1/2. First layer: B = sqrt(4 + 4), and sqrt(4 + 1) in an entry; m = B/2 + 3 2 + 2 1,
// in an entry sqrt(5)/2 + 3 2 + 1. Second layer, which reads ||z||: A = 1/2 + 2, B = sqrt(m^2 + 4)
// and sqrt(m^2 + 1), m' = B/2 + 2 m + 2/2 and B/2 + 2 m + 1/2, l = sqrt((A sqrt 8)^2 + B^2).
TEST(AroundAPointAtTheMaximumNorm, DenseLayers) {
  const support::Network network = support::read_network(
      "batch: 4\ninput: {shape: [5], norm: 2}\nlayers: [dense: 3, dense: 2]\n");
  const PointBounds point{
      {{number(3), number(3), number(1)}, {number(2), number(2), number(0.5)}}, {}, {}};
  Inputs inputs = inputs_of(network.settings);
  inputs.all_levels = true;
  inputs.refinements.levels = false;
  const BoundTable table =
      evaluate_bounds_around(network.graph, inputs, point, number(0.5), Method::sharp);
  const Ball half = Ball(1) / Ball(2);
  const Ball m = half * root(8) + Ball(8);
  EXPECT_EQ(check_upper(table.layers[0].m, m), "");
  EXPECT_EQ(check_upper(table.at(0, maximum).m, half * root(5) + Ball(7)), "");
  EXPECT_EQ(check_upper(table.at(0, maximum).lipschitz, root(5)), "");
  const Triple two = table.network();
  const Triple max = table.at(1, maximum);
  const Ball B = square_root(square(m) + Ball(4));
  const Ball B_of_entry = square_root(square(m) + Ball(1));
  EXPECT_EQ(check_upper(two.m, half * B + Ball(2) * m + Ball(1)), "");
  EXPECT_EQ(check_upper(two.lipschitz, square_root(Ball(50) + square(B))), "");
  EXPECT_EQ(check_upper(max.m, half * B_of_entry + Ball(2) * m + half), "");
  EXPECT_EQ(check_upper(max.lipschitz, square_root(Ball(50) + square(B_of_entry))), "");
  // H = [0, sqrt 8; sqrt 8, 0]
  EXPECT_EQ(check_upper(max.smoothness, root(8)), "");
}

// The operator's norm may be smaller than that of the block, which is what an entry has in its
// place: m = sqrt(5)/2 + 3 2 + 1, and Euclidean sqrt(8)/2 + 2 2 + 2, the smaller one of both.
TEST(AroundAPointAtTheMaximumNorm, IsAtMostTheEuclideanBound) {
  const support::Network network =
      support::read_network("batch: 4\ninput: {shape: [5], norm: 2}\nlayers: [dense: 3]\n");
  const PointBounds point{{{number(3), number(2), number(1)}}, {}, {}};
  Inputs inputs = inputs_of(network.settings);
  inputs.all_levels = true;
  inputs.refinements.levels = false;
  const BoundTable table =
      evaluate_bounds_around(network.graph, inputs, point, number(0.5), Method::sharp);
  EXPECT_EQ(check_upper(table.at(0, maximum).m, root(2) + Ball(6)), "");
  EXPECT_EQ(check_upper(table.at(0, maximum).lipschitz, root(5)), "");
}

}  // namespace
}  // namespace smoothbound::of_layers
