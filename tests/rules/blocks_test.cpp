// Blocks by themselves, and bounds of all of them at once: what they become along compositions and
// merges, at the Euclidean level alone but where it says so.

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "rules/statements.hpp"
#include "smoothbound/rules/compose.hpp"
#include "smoothbound/rules/merge.hpp"
#include "support/ball.hpp"

namespace smoothbound::rules::blocks {
namespace {

using support::Ball;
using support::check_upper;
using support::square;

Value fixed(double norm) {
  Value value(Triple{number(norm), {}, {}}, LevelSet{});
  value.set_blocks({});
  return value;
}

// A map with slope 1/2, ||a(0)|| = 1 and no curvature.
MapConstants linear_map() {
  MapConstants a;
  a.lipschitz.value = a.slope_at_zero.value = number(0.5);
  a.at_zero.value = number(1);
  return a;
}

void expect_block(const Value& value, std::size_t k, std::uint32_t block, const Ball& l,
                  const Ball& o) {
  SCOPED_TRACE(::testing::Message() << "block " << k);
  ASSERT_LT(k, value.blocks().size());
  EXPECT_EQ(value.blocks()[k].block, block);
  EXPECT_EQ(check_upper(value.blocks()[k].l[euclidean], l), "");
  EXPECT_EQ(check_upper(value.blocks()[k].o[euclidean], o), "");
}

TEST(Blocks, AlongAComposition) {
  Composition parts(fixed(5), Method::sharp);
  parts.apply(affine(2, 3, 0, 1), number(0.5), {}, rest, 7);
  // l = B = hypot(2 5, 3); without the block only the offset is left.
  const Ball B = square_root(Ball(109));
  expect_block(parts.value(), 0, 7, B, 1);
  const Ball m = B / Ball(2) + Ball(1);
  EXPECT_EQ(check_upper(parts.value().m[euclidean], m), "");
  parts.apply(affine(4, 6, 0.5, 2), number(0.25), {}, rest, 9);
  // A = 4/4 + 1/2; o' = 1/2 o + 2 + hypot(4 o, 6)/4; of the own block 1/2 m + 2.
  const Ball A = Ball::decimal("1.5");
  expect_block(parts.value(), 0, 7, A * B, Ball::decimal("2.5") + square_root(Ball(52)) / Ball(4));
  expect_block(parts.value(), 1, 9, square_root(square(Ball(4) * m) + Ball(36)),
               m / Ball(2) + Ball(2));
  parts.apply(linear_map());
  expect_block(parts.value(), 0, 7, A * B / Ball(2),
               Ball(1) + (Ball::decimal("2.5") + square_root(Ball(52)) / Ball(4)) / Ball(2));
  EXPECT_TRUE(parts.value().knows_blocks());
}

// Without `radial` weights and bias add up, and of maps the slope alone counts.
TEST(Blocks, WithoutTheRulesForNorms) {
  Refinements refine;
  refine.radial = false;
  Composition parts(fixed(5), Method::sharp, nullptr, refine);
  parts.apply(affine(2, 3, 0, 1), number(0.5), {}, rest, 0);
  parts.apply(affine(4, 6, 0.5, 2), number(0.25), {}, rest, 1);
  const Ball B = square_root(Ball(109));
  expect_block(parts.value(), 0, 0, Ball::decimal("1.5") * B, Ball::decimal("5"));
}

TEST(Blocks, AreForgottenWhereTheTheoremDoesNotHold) {
  const auto begin = [] {
    Composition parts(fixed(1), Method::sharp);
    parts.apply(affine(1, 0, 0, 0), number(1), {}, rest, 0);
    return parts;
  };
  EXPECT_TRUE(begin().value().knows_blocks());
  Composition bent = begin();
  MapConstants a = linear_map();
  a.smoothness.value = number(1);
  bent.apply(a);
  EXPECT_FALSE(bent.value().knows_blocks());
  Composition frozen = begin();
  a.growth.unsaturated.is_frozen = true;
  frozen.apply(a);
  EXPECT_TRUE(frozen.value().knows_blocks());
  Composition shared = begin();
  shared.apply(affine(1, 0, 0, 0), number(1), {}, 1, {});
  EXPECT_FALSE(shared.value().knows_blocks());
  shared.apply(affine(1, 0, 0, 0), number(1), {}, rest, 2);
  EXPECT_FALSE(shared.value().knows_blocks());
  Composition apart = begin();
  AffineConstants b = affine(1, 1, 0, 0);
  b.acts_on_different_entries = true;
  apart.apply(b, number(1), {}, rest, 1);
  EXPECT_FALSE(apart.value().knows_blocks());
}

TEST(Blocks, AreForgottenBeyond256) {
  Composition parts(fixed(1), Method::sharp);
  for (std::uint32_t k = 0; k < 256; ++k) {
    parts.apply(affine(1, 0, 0, 0), number(1), {}, rest, k);
  }
  EXPECT_EQ(parts.value().blocks().size(), 256U);
  parts.apply(affine(1, 0, 0, 0), number(1), {}, rest, 256);
  EXPECT_FALSE(parts.value().knows_blocks());
  EXPECT_TRUE(parts.value().blocks().empty());
}

Value with_blocks(double m, std::vector<std::array<double, 3>> blocks) {
  Value value = fixed(m);
  std::vector<BlockBound> list;
  for (const auto& [block, l, o] : blocks) {
    BlockBound& bound = list.emplace_back();
    bound.block = static_cast<std::uint32_t>(block);
    bound.radius = number(1);
    bound.l.fill(number(l));
    bound.o.fill(number(o));
  }
  value.set_blocks(std::move(list));
  return value;
}

// A branch that lacks a block counts with its whole norm.
TEST(Blocks, OfSumsAndConcatenations) {
  const std::vector<Value> branches{with_blocks(5, {{1, 2, 3}, {4, 6, 7}}),
                                    with_blocks(12, {{0, 10, 1}, {4, 8, 2}})};
  const Value added = sum(branches);
  ASSERT_EQ(added.blocks().size(), 3U);
  expect_block(added, 0, 0, 10, 6);
  expect_block(added, 1, 1, 2, 15);
  expect_block(added, 2, 4, 14, 9);
  EXPECT_EQ(added.blocks()[2].radius, number(1));
  PerLevel<bool> within{};
  const Value apart = concatenation(branches, within);
  expect_block(apart, 0, 0, 10, square_root(Ball(26)));
  expect_block(apart, 1, 1, 2, square_root(Ball(153)));
  expect_block(apart, 2, 4, 10, square_root(Ball(53)));
  within[euclidean] = true;
  const Value larger = concatenation(branches, within);
  expect_block(larger, 0, 0, 10, 5);
  expect_block(larger, 1, 1, 2, 12);
  expect_block(larger, 2, 4, 8, 7);
  std::vector<Value> one_unknown = branches;
  one_unknown.back().forget_blocks();
  EXPECT_FALSE(sum(one_unknown).knows_blocks());
  EXPECT_FALSE(bilinear(branches[0], branches[1], {}).knows_blocks());
}

// Centred norms are no part of the theorem: all that is known of blocks there is what norms of
// values say that are not centred.
// Of one branch's and of another's blocks together there may be too many.
TEST(Blocks, OfMergesAreForgottenBeyond256) {
  const auto merged = [](std::uint32_t of_each) {
    std::vector<std::array<double, 3>> first;
    std::vector<std::array<double, 3>> second;
    for (std::uint32_t k = 0; k < of_each; ++k) {
      first.push_back({2.0 * k, 1, 1});
      second.push_back({2.0 * k + 1, 1, 1});
    }
    const std::array<Value, 2> branches{with_blocks(2, first), with_blocks(2, second)};
    return sum(branches);
  };
  EXPECT_EQ(merged(128).blocks().size(), 256U);
  EXPECT_FALSE(merged(129).knows_blocks());
}

TEST(Blocks, OfCentredLevelsHaveTheNumbersOfOthers) {
  LevelSet set;
  for (const std::size_t level :
       {per_sample, per_position, per_token, centred_euclidean, centred_position}) {
    set.add(level);
  }
  Value value(Triple{number(1), {}, {}}, set);
  value.set_blocks({});
  value.add_block(0, number(1));
  value.block(0).l.fill(number(3));
  value.block(0).o.fill(number(5));
  MapConstants half;
  half.lipschitz.value = half.slope_at_zero.value = number(0.5);
  half.inner = maximum;
  Composition parts(value, Method::sharp);
  parts.apply(half, {2, 2, 2});
  for (const std::size_t level : {euclidean, centred_euclidean, centred_position}) {
    EXPECT_EQ(parts.value().blocks()[0].l[level], number(1.5)) << levels[level].name;
    EXPECT_EQ(parts.value().blocks()[0].o[level], number(2.5)) << levels[level].name;
  }
}

// Bounds of z'[d] for all d at once.

Value with_all_at_once(double S, Label label) {
  Value value(Triple{number(1), number(100), {}}, LevelSet{});
  value.set_label(0, label);
  value.S.fill(number(S));
  return value;
}

TEST(AllBlocks, BoundTheFirstDerivative) {
  EXPECT_EQ(with_all_at_once(3, rest).lipschitz(euclidean), number(3));
  EXPECT_EQ(with_all_at_once(300, rest).lipschitz(euclidean), number(100));
}

// Of disjoint parameters they add up in squares; of disjoint entries, too, the larger one is left.
TEST(AllBlocks, OfMerges) {
  const std::vector<Value> shared{with_all_at_once(3, rest), with_all_at_once(4, rest)};
  const std::vector<Value> disjoint{with_all_at_once(3, rest_of_branch(0)),
                                    with_all_at_once(4, rest_of_branch(1))};
  EXPECT_EQ(sum(shared).S[euclidean], number(7));
  EXPECT_EQ(sum(disjoint).S[euclidean], number(5));
  EXPECT_EQ(concatenation(shared, {}).S[euclidean], number(5));
  EXPECT_EQ(concatenation(disjoint, {}).S[euclidean], number(4));
}

}  // namespace
}  // namespace smoothbound::rules::blocks
