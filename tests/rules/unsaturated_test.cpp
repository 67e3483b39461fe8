// All gradients of a number at once: E against the numbers of its statement in high precision, and
// what blocks by themselves become along compositions and merges.

#include "smoothbound/rules/unsaturated.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <random>
#include <vector>

#include "smoothbound/rules/compose.hpp"
#include "smoothbound/rules/merge.hpp"
#include "support/ball.hpp"

namespace smoothbound::rules::unsaturated {
namespace {

using support::Ball;
using support::check_upper;
using support::square;

Magnitude number(double value) { return Magnitude::from_double(value); }
const Magnitude inf = Magnitude::infinity();

BlockBound block_of(double radius, const Magnitude& l, const Magnitude& o) {
  BlockBound block{0, number(radius), {}, {}};
  block.l.fill(inf);
  block.o.fill(inf);
  block.l[per_token] = l;
  block.o[per_token] = o;
  return block;
}

Magnitude E(const std::vector<BlockBound>& blocks, double m, double s) {
  return squared_gradient(blocks, per_token, number(m), number(s));
}

Ball power_of(const Ball& base, std::size_t exponent) {
  Ball result = 1;
  for (std::size_t i = 0; i < exponent; ++i) result = result * base;
  return result;
}
Ball count_of(std::size_t n) { return {static_cast<std::int64_t>(n)}; }

// e_n and gamma_n of the theorem.
Ball e_of(std::size_t n) {
  return n == 1 ? Ball(1) : power_of(count_of(n) / count_of(n - 1), n - 1);
}
Ball gamma_of(std::size_t n) {
  if (n == 1) return Ball(1) + square_root(Ball(2));
  const Ball r_squared = power_of(count_of(n - 1) / count_of(n), n - 2);
  return square_root(r_squared) + square_root(r_squared + Ball(1));
}

// The right side for K = the blocks of which `inside` says so.
Ball right_side(const std::vector<BlockBound>& blocks, const std::vector<bool>& inside, double m,
                double s) {
  const auto n = static_cast<std::size_t>(std::ranges::count(inside, true));
  Ball sum;
  Ball rho = Ball::infinity();
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    if (inside[k]) rho = smaller(rho, Ball::of(blocks[k].radius));
  }
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    Ball of_block = Ball::of(blocks[k].l[per_token]);
    if (inside[k]) {
      // More blocks than 32 have the gamma of so many.
      const Ball radial = gamma_of(std::min<std::size_t>(n, 32)) *
                          (Ball::of(number(s)) + Ball::of(blocks[k].o[per_token])) /
                          Ball::of(blocks[k].radius);
      of_block = smaller(of_block, radial);
    }
    sum = sum + square(of_block);
  }
  return n == 0 ? sum : sum + e_of(n) * square(Ball::of(number(m)) / rho);
}

// K = the blocks from `first` on that have at least the radius.
std::vector<bool> suffix(const std::vector<BlockBound>& blocks, std::size_t first,
                         const Magnitude& radius) {
  std::vector<bool> inside(blocks.size());
  for (std::size_t k = first; k < blocks.size(); ++k) inside[k] = !(blocks[k].radius < radius);
  return inside;
}

// The smallest right side of all these sets.
Ball smallest_of_suffixes(const std::vector<BlockBound>& blocks, double m, double s) {
  Ball best = right_side(blocks, std::vector<bool>(blocks.size()), m, s);
  for (const BlockBound& smallest : blocks) {
    if (smallest.radius.is_zero()) continue;
    for (std::size_t first = 0; first < blocks.size(); ++first) {
      best = smaller(best, right_side(blocks, suffix(blocks, first, smallest.radius), m, s));
    }
  }
  return best;
}

// Six blocks: the right sides for all suffixes, by another program.
TEST(SquaredGradient, EqualsTheSmallestRightSide) {
  std::vector<BlockBound> blocks;
  for (int k = 5; k >= 0; --k) blocks.push_back(block_of(1, number(1), number(k / 64.0)));
  const char* const right_sides[] = {"2.6123696293642538",
                                     "3.5245443886761899",
                                     "4.4231047453703704",
                                     "5.2814462975496228",
                                     "6.0184984259330323",
                                     "6.0056918233640100",
                                     "6"};
  for (std::size_t first = 0; first <= 6; ++first) {
    const Ball given = right_side(blocks, suffix(blocks, first, number(1)), 1, 1.0 / 32);
    const Ball error = difference(given, Ball::decimal(right_sides[first]));
    EXPECT_TRUE(certainly_less(error, Ball::decimal("1e-15"))) << first << " " << given.to_text();
  }
  EXPECT_EQ(check_upper(E(blocks, 1, 1.0 / 32),
                        right_side(blocks, suffix(blocks, 0, number(1)), 1, 1.0 / 32)),
            "");
}

// With l = inf all blocks are in K: M = 0 and s = 0 leave gamma_n and e_n.
TEST(SquaredGradient, HasTheConstantsOfTheTheorem) {
  const auto endless = [](std::size_t n) {
    return std::vector<BlockBound>(n, block_of(2, inf, Magnitude()));
  };
  for (const std::size_t n :
       std::initializer_list<std::size_t>{1, 2, 3, 4, 5, 17, 31, 32, 33, 50, 255, 256}) {
    SCOPED_TRACE(n);
    EXPECT_EQ(check_upper(E(endless(n), 3, 0), e_of(n) * Ball(9) / Ball(4)), "");
    const Ball gamma = gamma_of(std::min<std::size_t>(n, 32));
    EXPECT_EQ(check_upper(E(endless(n), 0, 5), count_of(n) * square(gamma) * Ball(25) / Ball(4)),
              "");
  }
  const Ball e = Ball::decimal("2.71828182845904523536028747135266");
  EXPECT_EQ(check_upper(E(endless(257), 2, 0), e), "");
  EXPECT_EQ(check_upper(E(endless(300), 2, 0), e), "");
  EXPECT_EQ(E(endless(3), 0, 0), Magnitude());
}

TEST(SquaredGradient, OfInfiniteNumbers) {
  const std::vector<BlockBound> no_radial(5, block_of(1, number(2), inf));
  EXPECT_EQ(E(no_radial, 0.5, 0), number(20));
  const std::vector<BlockBound> nothing(5, block_of(1, inf, inf));
  EXPECT_EQ(E(nothing, 0.5, 0), inf);
  std::vector<BlockBound> one_left(5, block_of(1, number(2), Magnitude()));
  EXPECT_EQ(squared_gradient(one_left, per_token, inf, Magnitude()), number(20));
  one_left.front() = block_of(1, number(3), inf);
  EXPECT_EQ(check_upper(E(one_left, 0.5, 0), Ball(9) + e_of(4) / Ball(4)), "");
  // o_k of the first block is in no suffix but all: l = inf there, then.
  one_left.front() = block_of(1, inf, number(1));
  EXPECT_EQ(check_upper(E(one_left, 0.5, 0), square(gamma_of(5)) + e_of(5) / Ball(4)), "");
  EXPECT_EQ(E({}, 1, 1), Magnitude());
}

// Blocks of radius 0 have gradients, but no radial parts.
TEST(SquaredGradient, BlocksOfRadiusZeroStandAside) {
  std::vector<BlockBound> blocks(4, block_of(1, number(10), Magnitude()));
  blocks.push_back(block_of(0, number(3), Magnitude()));
  EXPECT_EQ(check_upper(E(blocks, 1, 0), Ball(9) + e_of(4)), "");
  for (BlockBound& block : blocks) block.radius = {};
  EXPECT_EQ(E(blocks, 1, 0), number(409));
}

// K is divided by the smallest radius in it, radial parts by their own.
TEST(SquaredGradient, TakesTheRadiiThatOccur) {
  std::vector<BlockBound> blocks(6, block_of(4, number(100), number(0.25)));
  blocks[2] = block_of(0.0625, number(0.5), number(0.25));
  const Ball without_small = Ball::decimal("0.25") + e_of(5) / Ball(16) +
                             Ball(5) * square(gamma_of(5) * Ball::decimal("0.5") / Ball(4));
  EXPECT_EQ(check_upper(E(blocks, 1, 0.25), without_small), "");
  // Beyond four radii blocks of larger ones are divided by the fourth: e_2 M^2/64 and not /256.
  for (std::size_t k = 0; k < 6; ++k) {
    blocks[k] =
        block_of(static_cast<double>(std::size_t{1} << k), number(k < 4 ? 0.5 : 1000), Magnitude());
  }
  EXPECT_EQ(E(blocks, 100, 0), number(1 + 2 * 10000.0 / 64));
}

TEST(SquaredGradient, RandomListsHaveTheSmallestOfTheirCandidates) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const auto one_of = [&](std::initializer_list<double> values) {
      return values.begin()[random() % values.size()];
    };
    const std::size_t n = seed % 10 == 9 ? 30 + random() % 20 : 1 + random() % 7;
    std::vector<BlockBound> blocks;
    for (std::size_t k = 0; k < n; ++k) {
      blocks.push_back(block_of(one_of({1, 1, 1, 0.5, 2, 3, 0}), number(one_of({0.5, 1, 3, 20})),
                                number(one_of({0, 0.25, 1, 4}))));
    }
    const double m = one_of({0.25, 1, 5});
    const double s = one_of({0, 0.125, 2});
    EXPECT_EQ(check_upper(E(blocks, m, s), smallest_of_suffixes(blocks, m, s)), "");
  }
}

TEST(FinestLevel, IsThatOfTheGroupsOfAMap) {
  LevelSet samples;
  samples.add(per_sample);
  LevelSet positions;
  positions.add(per_position);
  EXPECT_EQ(finest_level(LevelSet(), maximum), euclidean);
  EXPECT_EQ(finest_level(samples, maximum), per_sample);
  EXPECT_EQ(finest_level(positions, maximum), per_position);
  EXPECT_EQ(finest_level(LevelSet::all(), maximum), per_token);
  EXPECT_EQ(finest_level(LevelSet::all(), per_token), per_token);
  EXPECT_EQ(finest_level(LevelSet::all(), per_sample), per_sample);
  EXPECT_EQ(finest_level(LevelSet::all(), per_position), per_position);
  EXPECT_EQ(finest_level(LevelSet::all(), euclidean), euclidean);
}

// From here on: blocks along compositions, at the Euclidean level alone.

AffineConstants affine(double bilinear, double parameters, double input, double offset) {
  AffineConstants b;
  b.bilinear.value = number(bilinear);
  b.linear_parameters.value = number(parameters);
  b.linear_input.value = number(input);
  b.offset.value = number(offset);
  return b;
}

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
  SCOPED_TRACE(testing::Message() << "block " << k);
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

}  // namespace
}  // namespace smoothbound::rules::unsaturated
