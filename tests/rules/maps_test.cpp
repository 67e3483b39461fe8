// Maps on values that are stated number by number: what is known along one direction, what inner
// norms and growth say, and which levels that holds for.

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "rules/statements.hpp"
#include "smoothbound/rules/compose.hpp"
#include "support/ball.hpp"

namespace smoothbound::rules::maps {
namespace {

using support::Ball;
using support::check_upper;
using support::square;

const Magnitude inf = Magnitude::infinity();

// So many entries that no finer norm says anything of a coarser one.
constexpr Extents wide{1 << 30, 1 << 30, 1 << 30};

LevelSet with(std::size_t level) {
  LevelSet set;
  set.add(level);
  return set;
}

MapConstants map(double lipschitz, double smoothness, double slope_at_zero,
                 std::size_t inner = euclidean) {
  MapConstants a;
  a.lipschitz.value = number(lipschitz);
  a.smoothness.value = number(smoothness);
  a.slope_at_zero.value = number(slope_at_zero);
  a.inner = inner;
  return a;
}

Value behind(const MapConstants& a, const Value& z, const Refinements& refine = {},
             Method method = Method::sharp, const Extents& extents = wide) {
  Composition part(z, method, nullptr, refine);
  part.apply(a, extents);
  return part.value();
}

// m = 4, groups with l = (3, 4) and H = [1 2; 2 1], whose largest eigenvalue is 3.
Value two_groups(LevelSet set = {}) {
  Value z(set);
  for (const Label label : {1U, 2U}) z.find_or_add(label);
  z.m.fill(number(4));
  z.l(0).fill(number(3));
  z.l(1).fill(number(4));
  z.H(0, 0).fill(number(1));
  z.H(0, 1).fill(number(2));
  z.H(1, 1).fill(number(1));
  return z;
}

// At |z| <= 4 the slope is 1/4 + 4/32 = 3/8, below 1/2.
TEST(Maps, BendAlongOneDirection) {
  MapConstants a = map(0.5, 0.03125, 0.25);
  // Apart 3/8 3 + 1/32 5^2 = 61/32; together hypot(1/2 3, 1/64 5^2).
  a.growth.joint = number(0.015625);
  const Ball together = square_root(Ball(9) / Ball(4) + square(Ball(25) / Ball(64)));
  EXPECT_EQ(check_upper(behind(a, two_groups()).T[euclidean], together), "");
  // Apart there is nothing new: [21/32 9/8; 9/8 7/8] is the image of H.
  a.growth.joint = inf;
  const Ball root = square_root(square(Ball(7) / Ball(32)) + square(Ball(9) / Ball(4)));
  EXPECT_EQ(
      check_upper(behind(a, two_groups()).T[euclidean], (Ball(49) / Ball(32) + root) / Ball(2)),
      "");
  // Where a direction is known by itself: 3/8 2 + 1/32 5^2.
  Value z = two_groups();
  z.T[euclidean] = number(2);
  EXPECT_EQ(behind(a, z).T[euclidean], number(0.75 + 0.78125));
  // And S in the place of 5.
  z.S[euclidean] = number(2);
  EXPECT_EQ(behind(a, z).T[euclidean], number(0.75 + 0.125));
}

// Beyond 24 groups nothing is said of one direction, whatever was.
TEST(Maps, OfMoreThan24GroupsDoNot) {
  for (const std::size_t groups : {24U, 25U}) {
    Value z = two_groups();
    for (Label label = 3; label <= groups; ++label) z.find_or_add(label);
    EXPECT_EQ(behind(map(0.5, 0.03125, 0.25), z).T[euclidean].is_finite(), groups == 24);
    z.T[euclidean] = number(2);
    EXPECT_EQ(behind(map(0.5, 0.03125, 0.25), z).T[euclidean],
              groups == 24 ? number(0.75 + 0.78125) : inf)
        << groups;
  }
}

// l of the inner norm is (1/2, 1/4) or (1/8, 1), in a mixed derivative the smaller of l_1 l_2' and
// l_1' l_2 counts; |z| of the inner norm is 1: slope 1/4 + 1/32.
TEST(Maps, TakeOneFactorInTheInnerNorm) {
  const MapConstants a = map(0.5, 0.03125, 0.25, maximum);
  const Ball slope = Ball(9) / Ball(32);
  for (const auto& [first, second, product] :
       {std::array{0.5, 0.25, 0.75}, std::array{0.125, 1.0, 0.5}}) {
    Value z = two_groups(with(maximum));
    z.m[maximum] = number(1);
    z.l(0)[maximum] = number(first);
    z.l(1)[maximum] = number(second);
    z.T[euclidean] = number(2);
    const Value value = behind(a, z);
    EXPECT_EQ(check_upper(value.l(0)[euclidean], slope * Ball(3)), "");
    EXPECT_EQ(check_upper(value.H(0, 1)[euclidean],
                          slope * Ball(2) + Ball::of(number(product)) / Ball(32)),
              "");
    const Ball inner =
        square_root(square(Ball::of(number(first))) + square(Ball::of(number(second))));
    EXPECT_EQ(check_upper(value.T[euclidean], slope * Ball(2) + Ball(5) * inner / Ball(32)), "");
    // 1/4 4 + 1/64 1 4; without growth 1/64 4 4, which the paper has.
    EXPECT_EQ(check_upper(value.m[euclidean], Ball(17) / Ball(16)), "");
    Refinements refine;
    refine.growth = false;
    EXPECT_EQ(check_upper(behind(a, z, refine).m[euclidean], Ball(5) / Ball(4)), "");
  }
}

// 1/4 where h and h' are the same, 1 where they differ.
TEST(Maps, MayBendPairsMore) {
  Value z = two_groups(with(maximum));
  z.m[maximum] = {};
  z.l(0)[maximum] = number(0.5);
  z.l(1)[maximum] = number(0.25);
  z.H(0, 0)[maximum] = number(0.25);
  z.H(0, 1)[maximum] = number(0.125);
  z.H(1, 1)[maximum] = number(0.0625);
  MapConstants a = map(1, 100, 1);
  a.at_maximum = MapAtLevel{reading_of(maximum), inf, number(0.5), number(0.25), {}, number(0.5)};
  a.at_maximum->smoothness_of_pairs = number(1);
  const Value value = behind(a, z);
  EXPECT_EQ(value.H(0, 0)[maximum], number(0.125 + 0.25 * 0.25));
  EXPECT_EQ(value.H(0, 1)[maximum], number(0.0625 + 0.125));
  EXPECT_EQ(value.H(1, 1)[maximum], number(0.03125 + 0.25 * 0.0625));
}

// What is read of several levels at once has T of those.
TEST(Maps, OfAMixtureReadWhatIsKnownAlongOneDirection) {
  Value z = two_groups(with(maximum));
  z.T[euclidean] = number(2);
  z.T[maximum] = number(0.25);
  z.l(0)[maximum] = z.l(1)[maximum] = {};
  z.m[maximum] = {};
  MapConstants a = map(1, 100, 1);
  Reading reads = reading_of(maximum, number(4));
  reads[euclidean] = number(1);
  a.at_maximum = MapAtLevel{reads, inf, number(0.5), number(0.25), {}, number(0.5)};
  EXPECT_EQ(behind(a, z).T[maximum], number(0.5));
}

// A norm of m/16 + n for n scalars outside the level, slopes of m/8 at most.
MapConstants growing() {
  MapConstants a = map(1, 0, 1, maximum);
  a.growth.norm = [](const Magnitude& m, const Magnitude& n, const Real& /*none*/) {
    return scale(m, -4) + n;
  };
  a.growth.slope = [](const Magnitude& m, const Real& /*none*/) { return scale(m, -3); };
  return a;
}

TEST(Maps, GrowAsScalarsDo) {
  Value z({number(1024), number(8), {}}, with(per_sample));
  z.m[per_sample] = number(900);
  z.m[maximum] = number(2);
  const Extents extents{2, 3, 4};
  const Value value = behind(growing(), z, {}, Method::sharp, extents);
  EXPECT_EQ(value.m[euclidean], number(64 + 24));
  EXPECT_EQ(value.m[per_sample], number(56.25 + 12));
  EXPECT_EQ(value.l(0)[euclidean], number(2));  // 8 2/8
  Refinements refine;
  refine.growth = false;
  for (const Value& other : {behind(growing(), z, refine, Method::sharp, extents),
                             behind(growing(), z, {}, Method::paper, extents)}) {
    EXPECT_EQ(other.m[euclidean], number(1024));
    EXPECT_EQ(other.l(0)[euclidean], number(8));
  }
}

// Norms of matrices are none of scalars.
TEST(Maps, DoNotGrowAtLevelsOfMatrices) {
  Value z({number(1024), number(8), {}}, with(largest_of_rows));
  z.m[largest_of_rows] = number(32);
  MapConstants a = growing();
  a.at_rows = linear_at_level(reading_of(largest_of_rows), number(1));
  a.growth.norm = [](const Magnitude& m, const Magnitude& /*n*/, const Real& /*none*/) {
    return scale(m, -4);
  };
  const Value value = behind(a, z);
  EXPECT_EQ(value.m[euclidean], number(64));
  EXPECT_EQ(value.m[largest_of_rows], number(32));
}

// Without a block the inner norm is that without it, 2; slopes are at most those at |z| <= 1.
TEST(Maps, KnowTheNormWithoutABlock) {
  Value z = two_groups(with(maximum));
  z.m[maximum] = number(1);
  z.set_blocks({});
  z.add_block(0, number(1));
  z.block(0).l[euclidean] = number(3);
  z.block(0).o[euclidean] = number(4);
  z.block(0).o[maximum] = number(2);
  MapConstants a = map(0.5, 0.03125, 0.25, maximum);
  a.growth.unsaturated.is_frozen = true;
  const Value value = behind(a, z);
  EXPECT_EQ(value.blocks()[0].l[euclidean], number(3 * 0.28125));
  EXPECT_EQ(value.blocks()[0].o[euclidean], number((0.25 + 2 * 0.015625) * 4));
  Refinements refine;
  refine.radial = false;
  EXPECT_EQ(behind(a, z, refine).blocks()[0].o[euclidean], number(2));
}

// Levels that are not kept have what coarser ones say, also behind groups that have joined.
TEST(Maps, OtherLevelsAreFilledBehindTheLastPart) {
  Composition part(Value({number(1), number(3), {}}, with(maximum)), Method::sharp);
  part.apply(affine(4, 0), number(1), wide);
  const Value value = part.value();
  ASSERT_EQ(value.groups(), 1U);
  EXPECT_EQ(check_upper(value.l(0)[euclidean], Ball(square_root(Ball(160)))), "");
  EXPECT_EQ(value.l(0)[per_sample], value.l(0)[euclidean]);
}

// And behind each part: of |z| <= 4, also in the norm that is not kept, slopes are at most 4/8.
TEST(Maps, OtherLevelsAreFilledBehindEachPart) {
  Composition part(Value({number(1), {}, {}}, LevelSet{}), Method::sharp);
  part.apply(affine(4, 0), number(1), wide);
  part.apply(map(1, 0.125, 0, maximum), wide);
  EXPECT_EQ(part.value().l(0)[euclidean], number(2));
}

}  // namespace
}  // namespace smoothbound::rules::maps
