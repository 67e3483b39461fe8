// All gradients of a number at once: E against the numbers of its statement in high precision, and
// what derivatives of maps are lowered to.

#include "smoothbound/rules/unsaturated.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <random>
#include <vector>

#include "rules/statements.hpp"
#include "smoothbound/rules/compose.hpp"
#include "support/ball.hpp"

namespace smoothbound::rules::unsaturated {
namespace {

using support::Ball;
using support::check_upper;
using support::square;

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
       std::initializer_list<std::size_t>{1, 2, 3, 4, 5, 17, 31, 32, 33, 50, 256, 300}) {
    SCOPED_TRACE(n);
    EXPECT_EQ(check_upper(E(endless(n), 3, 0), e_of(n) * Ball(9) / Ball(4)), "");
    const Ball gamma = gamma_of(std::min<std::size_t>(n, 32));
    EXPECT_EQ(check_upper(E(endless(n), 0, 5), count_of(n) * square(gamma) * Ball(25) / Ball(4)),
              "");
  }
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
  // However often one occurs.
  blocks.insert(blocks.begin(), 4, block_of(0.0625, number(0.5), number(0.25)));
  EXPECT_EQ(check_upper(E(blocks, 1, 0.25), without_small + Ball(1)), "");
  blocks.resize(6);
  // The last two of six radii: e_2 M^2/16^2.
  for (std::size_t k = 0; k < 6; ++k) {
    blocks[k] =
        block_of(static_cast<double>(std::size_t{1} << k), number(k < 4 ? 0.5 : 1000), Magnitude());
  }
  EXPECT_EQ(E(blocks, 100, 0), number(1 + 2 * 10000.0 / 256));
  // No radius is none of them.
  blocks.push_back(block_of(0, Magnitude(), Magnitude()));
  EXPECT_EQ(E(blocks, 100, 0), number(1 + 2 * 10000.0 / 256));
}

// Of 64 different radii every fourth is tried: the last two blocks are divided by 61.
TEST(SquaredGradient, TriesSomeOfManyRadii) {
  std::vector<BlockBound> blocks;
  for (int k = 1; k <= 64; ++k) {
    blocks.push_back(block_of(k, number(k <= 62 ? 0 : 1000), Magnitude()));
  }
  EXPECT_EQ(E(blocks, 61, 0), number(2));
}

TEST(SquaredGradient, RandomListsHaveTheSmallestOfTheirCandidates) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
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
  samples.add(per_position);
  EXPECT_EQ(finest_level(samples, maximum), per_position);
  EXPECT_EQ(finest_level(LevelSet::all(), maximum), per_token);
  EXPECT_EQ(finest_level(LevelSet::all(), per_token), per_token);
  EXPECT_EQ(finest_level(LevelSet::all(), per_sample), per_sample);
  EXPECT_EQ(finest_level(LevelSet::all(), per_position), per_position);
  EXPECT_EQ(finest_level(LevelSet::all(), euclidean), euclidean);
}

// What E does to second derivatives, and to S, of a map with slope 1/2 where z is, 3/4 at most, and
// L_a = 1/4: |z''| <= 3, two blocks with l_k = 10 and o_k = 1/4, M = 2.

MapConstants bent_map() {
  MapConstants a;
  a.lipschitz.value = number(0.75);
  a.smoothness.value = number(0.25);
  a.inner = maximum;
  a.growth.unsaturated.is_frozen = true;
  return a;
}

// 16 scalars of a sample.
constexpr Extents of_map{3, 4, 4};

Value to_be_bent() {
  LevelSet set;
  set.add(per_sample);
  Value value(Triple{number(100), number(1000), number(1000)}, set);
  value.set_blocks({});
  for (std::uint32_t k = 0; k < 2; ++k) {
    value.add_block(k, number(1));
    value.block(k).l.fill(number(10));
    value.block(k).o.fill(number(0.25));
  }
  value.m.fill(number(100));
  value.m[per_sample] = value.m[maximum] = number(2);
  value.l(0)[per_sample] = number(10);
  value.H(0, 0)[per_sample] = number(3);
  return value;
}

Value bent(const MapConstants& a, const Value& value = to_be_bent(),
           const Refinements& refine = {}) {
  Composition part(value, Method::sharp, nullptr, refine);
  part.apply(a, of_map);
  return part.value();
}

// E(1/2) for M and o, with both blocks in K.
Ball E_at_half(const Ball& m, const Ball& o) {
  const Ball gamma = Ball(1) + square_root(Ball(2));
  return Ball(2) * square(m) + Ball(2) * square(gamma * (Ball(1) / Ball(2) + o));
}
const Ball quarter = Ball(1) / Ball(4);

TEST(Unsaturated, LowersTheSecondDerivative) {
  EXPECT_EQ(bent(bent_map()).T[per_sample], inf);
  const Ball lowered = Ball(3) / Ball(2) + quarter * E_at_half(2, quarter);
  // s^2 = second sqrt(16), or by_norm 2.
  MapConstants a = bent_map();
  a.growth.unsaturated.second = number(0.0625);
  EXPECT_EQ(check_upper(bent(a).T[per_sample], lowered), "");
  a.growth.unsaturated.by_norm = number(100);
  EXPECT_EQ(check_upper(bent(a).T[per_sample], lowered), "");
  a.growth.unsaturated.second = number(100);
  a.growth.unsaturated.by_norm = number(0.125);
  EXPECT_EQ(check_upper(bent(a).T[per_sample], lowered), "");
  EXPECT_EQ(bent(a).S[per_sample], inf);
  Refinements refine;
  refine.growth = false;
  EXPECT_EQ(bent(a, to_be_bent(), refine).T[per_sample], inf);
  Value unknown = to_be_bent();
  unknown.forget_blocks();
  EXPECT_EQ(bent(a, unknown).T[per_sample], inf);
}

TEST(Unsaturated, LowersBothDerivativesTogether) {
  MapConstants a = bent_map();
  a.growth.joint = number(0.125);
  a.growth.unsaturated.joint = number(0.0625);
  const Ball both =
      square_root(square(Ball(9) / Ball(4)) + square(E_at_half(2, quarter) / Ball(8)));
  EXPECT_EQ(check_upper(bent(a).T[per_sample], both), "");
  Refinements refine;
  refine.joint = false;
  EXPECT_EQ(bent(a, to_be_bent(), refine).T[per_sample], inf);
}

TEST(Unsaturated, LowersTheFirstDerivative) {
  MapConstants a = bent_map();
  a.growth.unsaturated.first = number(0.015625);
  const Value value = bent(a);
  const Ball S = Ball::decimal("0.75") * square_root(E_at_half(2, quarter));
  EXPECT_EQ(check_upper(value.S[per_sample], S), "");
  EXPECT_EQ(check_upper(value.lipschitz(per_sample), S), "");
  // Through a linear map, until an affine part.
  Composition parts(value, Method::sharp);
  MapConstants half;
  half.lipschitz.value = half.slope_at_zero.value = number(0.5);
  half.inner = maximum;
  parts.apply(half, of_map);
  EXPECT_EQ(check_upper(parts.value().S[per_sample], S / Ball(2)), "");
  // In front of another map that bends l is S: |z''| <= 1/2 |z''| + 1/4 S^2.
  MapConstants plain = bent_map();
  plain.growth.joint = inf;
  Value with_form = value;
  with_form.T[per_sample] = number(0);
  with_form.l(0)[per_sample] = number(10);
  Composition again(with_form, Method::sharp);
  again.apply(plain, of_map);
  EXPECT_EQ(check_upper(again.value().T[per_sample], square(S) / Ball(4)), "");
  const Value before = parts.value();
  AffineConstants b = affine(1, 0, 0, 0);
  b.of_sample = AffineOfSample{};
  parts.apply(b, number(1), of_map, rest, 5);
  EXPECT_EQ(parts.value().S[per_sample], inf);
  EXPECT_EQ(parts.value().T[per_sample], inf);
  // The earlier blocks' l has become S / 2.
  EXPECT_EQ(check_upper(parts.value().l(0)[per_sample],
                        square_root(square(S / Ball(2)) + square(Ball::of(before.m[per_sample])))),
            "");
}

// Cells have their own numbers.
TEST(Unsaturated, TakesTheNumbersOfACell) {
  LevelSet set;
  set.add(per_position);
  Value value(Triple{number(100), number(1000), number(1000)}, set);
  value.set_blocks({});
  value.add_block(0, number(1));
  value.add_block(1, number(1));
  value.divide(std::make_shared<const PositionClasses>(
      std::vector{PositionClasses::Axis{{0, 1, 1, 0}, {2, 2}}}));
  for (std::size_t c = 0; c < 2; ++c) {
    Value& cell = value.cell(c);
    for (std::size_t k = 0; k < 2; ++k) {
      cell.block(k).l.fill(number(c == 0 ? 10 : 20));
      cell.block(k).o.fill(number(c == 0 ? 0.25 : 0.5));
    }
    cell.m[per_position] = cell.m[maximum] = number(c == 0 ? 2 : 4);
    cell.l(0)[per_position] = number(10);
    cell.H(0, 0)[per_position] = number(3);
  }
  for (std::size_t k = 0; k < 2; ++k) {
    value.block(k).l.fill(number(1000));
    value.block(k).o.fill(number(1000));
  }
  value.fill_others();
  MapConstants a = bent_map();
  a.slope_at_zero.value = number(0.5);
  a.lipschitz.value = number(0.5);
  // 12 scalars of a position.
  a.growth.unsaturated.second = number(0.25) / square_root(LowerBound::from_count(12));
  const auto lowered = [](const Ball& m, const Ball& o) {
    return Ball(3) / Ball(2) + quarter * E_at_half(m, o);
  };
  const Value own = bent(a, value);
  ASSERT_EQ(own.cells().size(), 2U);
  EXPECT_EQ(check_upper(own.cells()[0].T[per_position], lowered(2, quarter)), "");
  EXPECT_EQ(check_upper(own.cells()[1].T[per_position], lowered(4, quarter + quarter)), "");
}

}  // namespace
}  // namespace smoothbound::rules::unsaturated
