// Maps at centred levels, on values that are stated number by number: section 3 of docs/theory.md.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "rules/statements.hpp"
#include "smoothbound/rules/compose.hpp"
#include "support/ball.hpp"

namespace smoothbound::rules::centred {
namespace {

using support::Ball;
using support::check_upper;
using support::square;

const Magnitude inf = Magnitude::infinity();

// The root of 4 samples is 2; no finer norm says anything of a coarser one.
constexpr Extents four_samples{4, 1 << 30, 1 << 30};

LevelSet centred_levels() {
  LevelSet set;
  for (const std::size_t level :
       {per_position, per_token, maximum, centred_euclidean, centred_position}) {
    set.add(level);
  }
  return set;
}

// Slope 1/2, L = 1/4 and K = 1/8.
MapConstants bending(std::size_t inner = maximum) {
  MapConstants a;
  a.lipschitz.value = a.slope_at_zero.value = number(0.5);
  a.smoothness.value = number(0.25);
  a.inner = inner;
  a.growth.third = number(0.125);
  return a;
}

// Centred m = 8, l = (2, 3) and H = [5 7; 7 11]; l = (c_1, c_2) at the level of positions. Of means
// mu = (1/2, 1/8), the first by a token, the second by a position over the root of the samples, and
// nu = [1 1/2; 1/2 1].
Value centred(double c_1, double c_2) {
  Value z(centred_levels());
  for (const Label label : {1U, 2U}) z.find_or_add(label);
  for (std::size_t k = 0; k < z.numbers(); ++k) z.number(k).fill(number(1000));
  z.T.fill(inf);
  z.S.fill(inf);
  z.m[centred_euclidean] = number(8);
  z.l(0)[centred_euclidean] = number(2);
  z.l(1)[centred_euclidean] = number(3);
  z.H(0, 0)[centred_euclidean] = number(5);
  z.H(0, 1)[centred_euclidean] = number(7);
  z.H(1, 1)[centred_euclidean] = number(11);
  z.l(0)[centred_position] = number(c_1);
  z.l(1)[centred_position] = number(c_2);
  z.l(0)[per_token] = number(0.5);
  z.l(0)[per_position] = number(2);
  z.l(1)[per_token] = z.l(1)[per_position] = number(0.25);
  z.H(0, 0)[per_token] = z.H(0, 1)[per_token] = z.H(0, 1)[per_position] = number(1);
  z.H(0, 0)[per_position] = number(8);
  z.H(1, 1)[per_token] = z.H(1, 1)[per_position] = number(2);
  return z;
}

Value behind(const MapConstants& a, const Value& z, const Refinements& refine = {}) {
  Composition part(z, Method::sharp, nullptr, refine);
  part.apply(a, four_samples);
  return part.value();
}

TEST(Centred, MapsBendWhatSamplesHaveInCommon) {
  const Value value = behind(bending(), centred(1, 0.5));
  EXPECT_EQ(value.m[centred_euclidean], number(4));
  // 1/2 l + 1/4 mu 8
  EXPECT_EQ(value.l(0)[centred_euclidean], number(1 + 1));
  EXPECT_EQ(value.l(1)[centred_euclidean], number(1.5 + 0.25));
  // 1/2 H + (1/4 nu + 1/8 mu mu') 8 + 1/4 (l mu' + mu l' + e): e = 2, 3 1/2 and min{2 1/2, 1 3}.
  const auto& H = [&](std::size_t i, std::size_t j) { return value.H(i, j)[centred_euclidean]; };
  EXPECT_EQ(H(0, 0), number(2.5 + (0.25 + 0.03125) * 8 + 0.25 * (1 + 1 + 2)));
  EXPECT_EQ(H(0, 1), number(3.5 + (0.125 + 0.0078125) * 8 + 0.25 * (0.25 + 1.5 + 1)));
  EXPECT_EQ(H(1, 1), number(5.5 + (0.25 + 0.001953125) * 8 + 0.25 * (0.375 + 0.375 + 1.5)));
  // The other product of e is the smaller one: 3 1/8.
  EXPECT_EQ(behind(bending(), centred(0.125, 1)).H(0, 1)[centred_euclidean],
            number(3.5 + (0.125 + 0.0078125) * 8 + 0.25 * (0.25 + 1.5 + 0.375)));
}

// The same along one direction, where H is 2 and nu 1/4: l = sqrt 13, mu = sqrt(5)/4, and sqrt(5)/2
// at positions.
TEST(Centred, MapsBendAlongOneDirection) {
  for (const std::size_t groups : {2U, 24U, 25U}) {
    Value z = centred(1, 0.5);
    for (Label label = 3; label <= groups; ++label) z.find_or_add(label);
    z.T[centred_euclidean] = number(2);
    z.T[per_token] = number(0.25);
    const Value value = behind(bending(), z);
    if (groups == 25) {
      EXPECT_EQ(value.T[centred_euclidean], inf);
      continue;
    }
    const Ball roots = square_root(Ball(65));
    EXPECT_EQ(check_upper(value.T[centred_euclidean],
                          Ball(1) + (Ball(1) / Ball(16) + Ball(5) / Ball(128)) * Ball(8) +
                              (roots / Ball(2) + roots / Ball(2)) / Ball(4)),
              "")
        << groups;
  }
}

// Nothing is known of all directions together, nor of blocks, but what other norms say.
TEST(Centred, MapsForgetWhatIsNotKnownThere) {
  Value z = centred(1, 0.5);
  z.S[centred_euclidean] = number(0.5);
  z.set_blocks({});
  z.add_block(0, number(1));
  z.block(0).l.fill(number(64));
  z.block(0).o.fill(number(32));
  z.block(0).l[centred_euclidean] = z.block(0).o[centred_euclidean] = number(0.5);
  MapConstants a = bending();
  a.growth.unsaturated.is_frozen = true;
  const Value value = behind(a, z);
  EXPECT_EQ(value.S[centred_euclidean], inf);
  EXPECT_EQ(value.blocks()[0].l[centred_euclidean], number(32));
  EXPECT_EQ(value.blocks()[0].o[centred_euclidean], number(16));
}

// Slopes of growth count there, too.
TEST(Centred, MapsHaveTheirSlopesOnABall) {
  MapConstants a = bending();
  a.growth.slope = [](const Magnitude& /*m*/, const Real& /*none*/) { return number(0.125); };
  EXPECT_EQ(behind(a, centred(1, 0.5)).m[centred_euclidean], number(1));
  Refinements refine;
  refine.growth = false;
  EXPECT_EQ(behind(a, centred(1, 0.5), refine).m[centred_euclidean], number(4));
}

// Derivatives of maps that bend are known of element-wise ones alone, contractions of those that do
// the same to each sample.
TEST(Centred, OtherMapsKnowLess) {
  const Value groups = behind(bending(per_token), centred(1, 0.5));
  EXPECT_EQ(groups.m[centred_euclidean], number(4));
  EXPECT_EQ(groups.l(0)[centred_euclidean], groups.l(0)[euclidean]);
  EXPECT_EQ(groups.H(1, 1)[centred_euclidean], groups.H(1, 1)[euclidean]);
  EXPECT_EQ(groups.l(0)[euclidean], number(500));
  const Value mixed = behind(bending(euclidean), centred(1, 0.5));
  EXPECT_EQ(mixed.m[centred_euclidean], number(500));
  EXPECT_EQ(mixed.l(0)[centred_euclidean], number(500));
}

Value in_cells(Value z) {
  z.divide(
      std::make_shared<const PositionClasses>(std::vector{PositionClasses::Axis{{0, 1}, {1, 1}}}));
  return z;
}

// What samples have in common is that of a position: 1 by the token of the first cell, 1/2 by the
// position of the second one.
TEST(Centred, MeansAreThoseOfACell) {
  Value z = in_cells(centred(1, 0.5));
  z.cell(0).l(0)[per_token] = number(1);
  z.cell(0).l(0)[per_position] = number(8);
  z.cell(1).l(0)[per_token] = number(8);
  z.cell(1).l(0)[per_position] = number(1);
  z.m[centred_euclidean] = number(1);
  z.l(0)[centred_euclidean] = number(0.25);
  z.fill_others();
  Composition part(z, Method::sharp);
  part.apply(bending(), {4, 2, 1 << 30});
  ASSERT_EQ(part.value().cells().size(), 2U);
  EXPECT_EQ(part.value().l(0)[centred_euclidean], number(0.125 + 0.25));
}

// What mixes samples and keeps positions forgets the centred norms of each cell.
TEST(Centred, CellsForgetWhatIsNotKnownThere) {
  Value z = in_cells(centred(1, 0.5));
  for (std::size_t c = 0; c < 2; ++c) z.cell(c).l(0)[centred_position] = number(0.5);
  z.fill_others();
  Composition part(z, Method::sharp);
  part.apply(bending(per_position), {4, 2, 1 << 30});
  const Value value = part.value();
  ASSERT_EQ(value.cells().size(), 2U);
  EXPECT_EQ(value.cells()[0].l(0)[centred_position], number(1));  // 1/2 2, of a position
}

}  // namespace
}  // namespace smoothbound::rules::centred
