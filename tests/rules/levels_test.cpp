// Compositions at both levels, at points small enough to work out by hand: what a part reads, where
// a level begins anew, and what no rule may forget of blocks that are used again.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "rules/statements.hpp"
#include "smoothbound/rules/compose.hpp"
#include "smoothbound/rules/merge.hpp"
#include "support/ball.hpp"

namespace smoothbound::rules::at_levels {
namespace {

using support::Ball;
using support::check_upper;
using support::square;

const Magnitude inf = Magnitude::infinity();

// The Euclidean level and that of the maximum norm.
LevelSet two_levels() {
  LevelSet set;
  set.add(maximum);
  return set;
}

// So many entries that no finer norm says anything of a coarser one.
constexpr Extents wide{1 << 30, 1 << 30, 1 << 30};

Reading reading(double by_euclidean, double by_maximum) {
  Reading result;
  result.fill(inf);
  result[euclidean] = number(by_euclidean);
  result[maximum] = number(by_maximum);
  return result;
}

PerLevel<Magnitude> numbers(double at_euclidean, double at_maximum) {
  PerLevel<Magnitude> result;
  result.fill(number(at_euclidean));
  result[maximum] = number(at_maximum);
  result[sum_of_columns] = inf;  // is not kept
  return result;
}

// One group with (3, 2, 1) at the Euclidean level and (1, 1/2, 1/4) at the other.
Value input() {
  Value value({number(3), number(2), number(1)}, two_levels());
  value.m[maximum] = number(1);
  value.l(0)[maximum] = number(0.5);
  value.H(0, 0)[maximum] = number(0.25);
  return value;
}

// L_beta = 1 and lv = 4, in one entry L_beta = 1 and lv = 1.
AffineConstants affine(const Reading& reads) {
  AffineConstants b;
  b.bilinear.value = number(1);
  b.linear_parameters.value = number(4);
  b.at_maximum = AffineAtLevel{reads, number(1), number(1), {}, {}, {}};
  return b;
}

// l = 1/2, L = 1/4, ||a(0)|| = 1 and ||grad a(0)|| = 1/4; in one entry 1/2, 1/4, 1/8 and 1/2.
MapConstants map(const Reading& reads) {
  MapConstants a;
  a.lipschitz.value = number(0.5);
  a.smoothness.value = number(0.25);
  a.at_zero.value = number(1);
  a.slope_at_zero.value = number(0.25);
  a.at_maximum = MapAtLevel{reads, inf, number(0.5), number(0.25), number(0.125), number(0.5)};
  return a;
}

void expect_triple(const Triple& given, const Ball& m, const Ball& l, const Ball& L) {
  EXPECT_EQ(check_upper(given.m, m), "") << "m";
  EXPECT_EQ(check_upper(given.lipschitz, l), "") << "l";
  EXPECT_EQ(check_upper(given.smoothness, L), "") << "L";
}

const Ball root_5 = square_root(Ball(5));

TEST(Levels, AReadingIsTheSmallestOfItsLevels) {
  EXPECT_EQ(read(reading(2, 3), numbers(5, 4)), number(10));
  EXPECT_EQ(read(reading(2, 1), numbers(5, 4)), number(4));
  EXPECT_EQ(read(reading_of(euclidean, number(3)), numbers(5, 4)), number(15));
  EXPECT_EQ(read(reading_of(maximum, number(3)), numbers(5, 4)), number(12));
}

TEST(Levels, NoBoundExceedsTheEuclideanOne) {
  Value value(two_levels());
  const std::size_t i = value.find_or_add(1);
  const std::size_t j = value.find_or_add(2);
  value.m = numbers(2, 3);
  value.l(i) = numbers(4, 5);
  value.l(j) = numbers(5, 4);
  value.H(i, i) = numbers(1, 2);
  value.H(i, j) = numbers(3, 4);
  value.H(j, j) = numbers(4, 3);
  value.relax(wide);
  EXPECT_EQ(value.m, numbers(2, 2));
  EXPECT_EQ(value.l(i), numbers(4, 4));
  EXPECT_EQ(value.l(j), numbers(5, 4));
  EXPECT_EQ(value.H(i, i), numbers(1, 1));
  EXPECT_EQ(value.H(i, j), numbers(3, 3));
  EXPECT_EQ(value.H(j, j), numbers(4, 3));
}

// Of 4 samples with norms 2 the batch has 4 at most, and so have its positions.
TEST(Levels, ThoseThatAreNotKeptFollowCoarserOnes) {
  LevelSet set;
  set.add(per_sample);
  Value value(set);
  value.m.fill(number(100));
  value.m[per_sample] = number(2);
  value.relax({4, 3, 3});
  EXPECT_EQ(value.m[euclidean], number(4));
  EXPECT_EQ(value.m[per_position], number(4));
  EXPECT_EQ(value.m[maximum], number(2));
  EXPECT_EQ(value.m[centred_euclidean], number(4));
  EXPECT_EQ(value.m[centred_position], number(4));
  EXPECT_EQ(value.m[largest_of_rows], number(2));
  // Numbers of theirs from before count for nothing.
  value.m.fill(number(1));
  value.m[euclidean] = value.m[per_sample] = number(100);
  value.relax({4, 3, 3});
  EXPECT_EQ(value.m[euclidean], number(100));
  EXPECT_EQ(value.m[maximum], number(100));
}

// One level has the norm 2 among 4 samples, 9 positions and 16 channels.
TEST(Levels, EachBoundsAllOthers) {
  LevelSet set;
  for (const std::size_t level : {per_sample, per_position, per_token, maximum}) set.add(level);
  struct Norms {
    std::size_t level;
    std::array<double, 5> expected;  // 2, s, p, sp and inf
  };
  for (const auto& [known, expected] : {Norms{euclidean, {2, 2, 2, 2, 2}},
                                        {per_sample, {4, 2, 4, 2, 2}},
                                        {per_position, {6, 6, 2, 2, 2}},
                                        {per_token, {12, 6, 4, 2, 2}},
                                        {maximum, {48, 24, 16, 8, 2}}}) {
    Value value(set);
    value.m.fill(number(1000));
    value.m[known] = number(2);
    value.relax({4, 9, 16});
    for (std::size_t level = 0; level < expected.size(); ++level) {
      EXPECT_EQ(value.m[level], number(expected.at(level)))
          << levels[level].name << " of " << levels[known].name;
    }
  }
}

// Less the mean over samples no norm is larger: of 9 positions with norms 2 at most 6 is left.
TEST(Levels, CentredOnesAreAtMostOthers) {
  LevelSet set;
  for (const std::size_t level : {per_position, centred_euclidean, centred_position}) {
    set.add(level);
  }
  for (const std::size_t known : {per_position, centred_euclidean, centred_position}) {
    Value value(set);
    value.m.fill(number(1000));
    value.m[known] = number(2);
    value.relax({4, 9, 16});
    EXPECT_EQ(value.m[centred_position], number(2)) << levels[known].name;
    EXPECT_EQ(value.m[centred_euclidean], number(known == centred_euclidean ? 2 : 6))
        << levels[known].name;
    EXPECT_EQ(value.m[euclidean], number(known == per_position ? 6 : 1000)) << levels[known].name;
  }
}

// What is known along one direction goes through linear maps as m does, at centred levels, too.
TEST(Levels, LinearMapsCarryWhatIsKnownAlongOneDirection) {
  LevelSet set;
  set.add(per_sample);
  set.add(centred_euclidean);
  set.add(centred_position);
  Value z({number(8), number(4), number(6)}, set);
  z.T.fill(number(2));
  z.T[centred_euclidean] = number(1);
  z.T[centred_position] = number(1);
  Composition layer(z, Method::sharp);
  MapConstants halving;
  halving.lipschitz.value = halving.slope_at_zero.value = number(0.5);
  halving.inner = per_sample;
  layer.apply(halving, wide);
  const Value value = layer.value();
  EXPECT_EQ(value.total().smoothness, number(1));
  EXPECT_EQ(value.total(per_sample).smoothness, number(1));
  EXPECT_EQ(value.total(centred_euclidean).smoothness, number(0.5));
  EXPECT_EQ(value.total(centred_euclidean).lipschitz, number(2));
}

// Three groups, of which two become one, whatever their order: with the third sqrt(3^2 + 4^2), by
// themselves the largest eigenvalue of [1 2; 2 1].
TEST(Levels, GroupsThatBecomeOneKeepWhatTheyShareWithOthers) {
  std::array<std::size_t, 3> order{0, 1, 2};
  do {
    const auto [i, j, other] = order;
    Value value(two_levels());
    for (const Label label : {1U, 2U, 3U}) value.find_or_add(label);
    const Label joined = value.label(i);
    const Label alone = value.label(other);
    value.l(i) = numbers(3, 5);
    value.l(other) = numbers(7, 7);
    value.l(j) = numbers(4, 12);
    value.H(i, i) = value.H(j, j) = numbers(1, 2);
    value.H(i, j) = numbers(2, 1);
    value.H(i, other) = numbers(3, 5);
    value.H(j, other) = numbers(4, 12);
    value.H(other, other) = numbers(6, 6);
    value.join(i, j);
    value.fill_others();
    ASSERT_EQ(value.groups(), 2U);
    const std::size_t both = value.find(joined);
    const std::size_t third = value.find(alone);
    EXPECT_EQ(value.l(both), numbers(5, 13));
    EXPECT_EQ(value.l(third), numbers(7, 7));
    EXPECT_EQ(value.H(both, both), numbers(3, 3));
    EXPECT_EQ(value.H(both, third), numbers(5, 13));
    EXPECT_EQ(value.H(third, third), numbers(6, 6));
  } while (std::next_permutation(order.begin(), order.end()));
}

// R = 2, the part reads min{|z|_2, 2 |z|_inf}: (2, 1, 1/2). A = 2, B = sqrt(2^2 + 1), m = 2 B,
// l = sqrt((A 1)^2 + B^2) = 3, H = [A/2, 1; 1, 0]. Euclidean: B = sqrt(3^2 + 4^2), m = 2 B,
// l = sqrt((2 2)^2 + 5^2), H = [2, 2; 2, 0].
TEST(Levels, AnAffinePartReadsItsOwnMixture) {
  Composition layer(input(), Method::sharp);
  layer.apply(affine(reading(1, 2)), number(2), wide);
  const Value value = layer.value();
  expect_triple(value.total(maximum), Ball(2) * root_5, 3, (Ball(1) + root_5) / Ball(2));
  expect_triple(value.total(), 10, square_root(Ball(41)), Ball(1) + root_5);
}

// What states nothing has its Euclidean constants at the other level, of the Euclidean input.
TEST(Levels, PartsThatStateNothingReadTheEuclideanNorm) {
  Composition layer(input(), Method::sharp);
  AffineConstants b = affine({});
  b.at_maximum.reset();
  MapConstants a = map({});
  a.at_maximum.reset();
  for (int part = 0; part < 2; ++part) {
    if (part == 0) layer.apply(b, number(2), wide);
    if (part == 1) layer.apply(a, wide);
    const Value value = layer.value();
    const Triple two = value.total();
    const Triple max = value.total(maximum);
    EXPECT_EQ(max.m, two.m);
    EXPECT_EQ(max.lipschitz, two.lipschitz);
    EXPECT_EQ(max.smoothness, two.smoothness);
  }
}

// Behind the affine part above: Euclidean m = 10, l = (4, 5), H = [2 2; 2 0], maximum m = 2 sqrt 5,
// l = (2, sqrt 5), H = [1 1; 1 0]; groups: earlier, own.
// The map reads min{|z|_2, |z|_inf / 2}, all of it from the latter: m = 1/8 + sqrt(5)/2,
// l = (1, sqrt(5)/2)/2 and H_ij = 1/2 H_ij + 1/4 l_i l_j, [1/4 + 1/4, 1/4 + sqrt(5)/8; ., 5/16].
// Then min{|z|_2 / 8, 10 |z|_inf}, all of it from the former: m = 5/4, l = (1/2, 5/8),
// H = [1/4 1/4; 1/4 0].
TEST(Levels, AMapReadsWhatIsInFrontOfItAtBothLevels) {
  const auto behind = [](const Reading& reads) {
    Composition layer(input(), Method::sharp);
    layer.apply(affine(reading(1, 2)), number(2), wide);
    layer.apply(map(reads), wide);
    const Value value = layer.value();
    const Ball root = square_root(Ball(25) / Ball(16) + Ball(144));
    expect_triple(value.total(), 6, square_root(Ball(41)) / Ball(2),
                  (Ball(45) / Ball(4) + root) / Ball(2));
    return value.total(maximum);
  };
  const auto eigenvalue = [](const Ball& a, const Ball& b, const Ball& d) {
    return (a + d + square_root(square(difference(a, d)) + Ball(4) * square(b))) / Ball(2);
  };
  expect_triple(
      behind(reading(1, 0.5)), Ball(1) / Ball(8) + root_5 / Ball(2), Ball(3) / Ball(4),
      eigenvalue(Ball(1) / Ball(2), Ball(1) / Ball(4) + root_5 / Ball(8), Ball(5) / Ball(16)));
  expect_triple(behind(reading(0.125, 10)), Ball(1) / Ball(8) + Ball(5) / Ball(8),
                square_root(Ball(41)) / Ball(16),
                eigenvalue(Ball(3) / Ball(16), Ball(13) / Ball(64), Ball(25) / Ball(256)));
}

// Maps behind each other at one level, then one that reads both. Three halvings give (3/8, 1/4,
// 1/8) and (1/8, 1/16, 1/32) at the maximum level; of them min{|z|_2, 4 |z|_inf} is 3/8, 1/4, 1/8.
TEST(Levels, MapsBehindEachOther) {
  Composition layer(input(), Method::sharp);
  MapConstants halving;
  halving.lipschitz.value = halving.slope_at_zero.value = number(0.5);
  halving.at_maximum = linear_at_level(reading_of(maximum), number(0.5));
  for (int i = 0; i < 3; ++i) layer.apply(halving, wide);
  expect_triple(layer.value().total(maximum), Ball(1) / Ball(8), Ball(1) / Ball(16),
                Ball(1) / Ball(32));
  MapConstants last = map(reading(1, 4));
  last.lipschitz.value = last.slope_at_zero.value = last.smoothness.value = number(1);
  layer.apply(last, wide);
  expect_triple(layer.value().total(maximum), Ball(1) / Ball(8) + Ball(3) / Ball(16),
                Ball(1) / Ball(8), Ball(1) / Ball(16) + Ball(1) / Ball(64));
}

// A new stretch begins with what is known at both levels, the smaller ones at the maximum: the own
// block has joined the others. The second part reads |z|_inf alone: m = min{10, 2 sqrt 5}, l = 3.
TEST(Levels, AStretchBeginsWithTheBoundsOfTheLastOne) {
  Composition layer(input(), Method::sharp);
  layer.apply(affine(reading(1, 2)), number(2), wide);
  layer.apply(affine(reading_of(maximum)), number(2), wide);
  // B = sqrt(20 + 1), l = sqrt((2 3)^2 + 21), H = [1 + sqrt 5, 3; 3, 0].
  const Ball a = Ball(1) + root_5;
  expect_triple(layer.value().total(maximum), Ball(2) * square_root(Ball(21)),
                square_root(Ball(57)), (a + square_root(square(a) + Ball(36))) / Ball(2));
}

TEST(Levels, StatedConstantsAreNeverWorseThanTheEuclideanOnes) {
  Composition layer(input(), Method::sharp);
  layer.apply(affine(reading(1000, 1000)), number(2), wide);
  layer.apply(map(reading(1000, 1000)), wide);
  const Triple two = layer.value().total();
  const Triple max = layer.value().total(maximum);
  EXPECT_EQ(max.m, two.m);
  EXPECT_EQ(max.lipschitz, two.lipschitz);
  EXPECT_EQ(max.smoothness, two.smoothness);
}

// That is so between the stretches of a layer, too: behind the first part (10, sqrt 41, 1 + sqrt 5)
// at both levels, the second one reads |z|_inf and has B = sqrt(10^2 + 1).
TEST(Levels, AStretchBeginsWithNothingWorseThanTheEuclideanBounds) {
  Composition layer(input(), Method::sharp);
  layer.apply(affine(reading(1000, 1000)), number(2), wide);
  layer.apply(affine(reading_of(maximum)), number(2), wide);
  const Ball a = Ball(2) * (Ball(1) + root_5);
  expect_triple(layer.value().total(maximum), Ball(2) * square_root(Ball(101)),
                square_root(Ball(4 * 41 + 101)),
                (a + square_root(square(a) + Ball(4 * 41))) / Ball(2));
}

// b = v z, a with l = 1/2 and L = 1/4, R = 2, where z depends on v, l_v = 3 and H_vv = 5, and on
// others, l = 1, H = 1, mixed 1/2; m = 2. A = B = 2:
// l_v = (2 3 + 2)/2, H_vv = (2 5 + 2 3)/2 + (2 3 + 2)^2/4 = 24, l = 1,
// H = 2/2 + 2^2/4 = 2, mixed (2/2 + 1)/2 + (2 3 + 2) 2/4 = 5.
// At the other level all is half as large, and read twice.
TEST(Levels, AnOldBlockHasAnEarlierAndAnOwnPart) {
  for (const bool is_first : {false, true}) {
    Value z(two_levels());
    const std::size_t others = is_first ? z.find_or_add(rest) : 1;
    const std::size_t v = z.find_or_add(7);
    if (!is_first) z.find_or_add(rest);
    z.m = numbers(2, 1);
    z.l(v) = numbers(3, 1.5);
    z.H(v, v) = numbers(5, 2.5);
    z.l(others) = z.H(others, others) = numbers(1, 0.5);
    z.H(others, v) = numbers(0.5, 0.25);
    Composition layer(z, Method::sharp);
    AffineConstants b;
    b.bilinear.value = number(1);
    b.at_maximum = AffineAtLevel{reading_of(maximum, number(2)), number(1), {}, {}, {}, {}};
    layer.apply(b, number(2), wide, 7);
    MapConstants a;
    a.lipschitz.value = a.slope_at_zero.value = number(0.5);
    a.smoothness.value = number(0.25);
    a.at_maximum = MapAtLevel{reading_of(maximum), inf, number(0.5), number(0.25), {}, number(0.5)};
    layer.apply(a, wide);
    const Value value = layer.value();
    ASSERT_EQ(value.groups(), 2U);
    for (const std::size_t level : {euclidean, maximum}) {
      EXPECT_EQ(value.l(value.find(7))[level], number(4));
      EXPECT_EQ(value.l(value.find(rest))[level], number(1));
      EXPECT_EQ(value.H(value.find(7), value.find(7))[level], number(24));
      EXPECT_EQ(value.H(value.find(7), value.find(rest))[level], number(5));
      EXPECT_EQ(value.H(value.find(rest), value.find(rest))[level], number(2));
    }
  }
}

// softplus(v_2 v_1), |v_i| <= 1, has the mixed derivative s(1) + s'(1) = 0.9276 and L = 1.1243 at
// v_1 = v_2 = 1. z''[d, d] of d in one block is at most 1/4: nothing for pairs.
TEST(Levels, BoundsForEqualArgumentsAreNoneForPairs) {
  for (const bool apart : {false, true}) {
    Composition layer({number(1), {}, {}}, Method::sharp);
    AffineConstants b;
    b.bilinear.value = number(1);
    layer.apply(b, number(1), wide, apart ? 1 : rest);
    layer.apply(b, number(1), wide, apart ? 2 : rest);
    MapConstants softplus;
    softplus.lipschitz.value = number(1);
    softplus.smoothness.value = number(0.25);
    softplus.slope_at_zero.value = number(0.5);
    layer.apply(softplus, wide);
    const Value value = layer.value();
    // P = 1/2 + 1/4, H = [1/4, 1/4 + 3/4; ., 1/4]
    EXPECT_EQ(check_upper(value.total().smoothness, Ball(5) / Ball(4)), "");
    if (!apart) continue;
    EXPECT_EQ(value.H(value.find(1), value.find(2))[euclidean], number(1));
    EXPECT_EQ(value.H(value.find(1), value.find(1))[euclidean], number(0.25));
  }
}

// (w_1 v x; w_2 v x) and (w_1 v x) (w_2 v x) with numbers, one v, R = x = 1. Concatenated the
// Jacobian is [w_1 v 0; w_2 0 v]: l = sqrt 3 and of an entry sqrt 2; the second derivative along
// (d_v, d_w) is 2 d_v (d_1, d_2), at most 1 (2 |d_v| |d_w| is).
// Multiplied: v^2 w_1 w_2 has the gradient (2, 1, 1) and the Hessian [2 2 2; 2 0 1; 2 1 0].
TEST(Levels, ASharedBlockBehindOthersInEachBranch) {
  std::vector<Value> branches;
  for (const std::uint32_t branch : {0U, 1U}) {
    AffineConstants b;
    b.bilinear.value = number(1);
    b.at_maximum = AffineAtLevel{reading_of(maximum), number(1), {}, {}, {}, {}};
    Composition layer(Value({number(1), {}, {}}, two_levels()), Method::sharp);
    layer.apply(b, number(1), wide, 1);
    layer.apply(b, number(1), wide);
    branches.push_back(layer.value());
    branches.back().set_label(branches.back().find(rest), rest_of_branch(branch));
  }
  PerLevel<bool> within{};
  within[maximum] = true;
  const Value pair = concatenation(branches, within);
  ASSERT_EQ(pair.groups(), 2U);
  EXPECT_EQ(check_upper(pair.total().lipschitz, square_root(Ball(3))), "");
  EXPECT_EQ(check_upper(pair.total(maximum).lipschitz, square_root(Ball(2))), "");
  EXPECT_GE(pair.total().smoothness, number(1));
  EXPECT_LE(pair.total().smoothness.to_double(), 1.4142135623730952);
  EXPECT_GE(pair.total(maximum).smoothness, number(1));
  BilinearBound bound;
  for (auto& products : bound.products) products = {{reading(1, 1), reading(1, 1)}};
  const Triple total = product(branches, [&](std::size_t /*factor*/) { return bound; }).total();
  EXPECT_EQ(check_upper(total.lipschitz, square_root(Ball(6))), "");
  // Its eigenvalues are -1 and (3 +- sqrt 33)/2.
  EXPECT_GE(total.smoothness.to_double(), 4.3722813232690143);
  EXPECT_LE(total.smoothness.to_double(), 4.3722813232690143 * (1 + 1e-9));
}

// v w_1 ... w_18 v of numbers, R = 1, where the first and the last factor share v, which is a group
// of its own or not: the gradient is (2, 1, ..., 1). Behind the 16th group all rests are one.
TEST(Levels, ALateFactorThatSharesWithTheFirst) {
  for (const bool apart : {false, true}) {
    std::vector<Value> factors;
    for (std::uint32_t i = 0; i < 20; ++i) {
      Value& factor = factors.emplace_back(Triple{number(1), number(1), {}}, LevelSet{});
      const bool is_v = i % 19 == 0;
      factor.set_label(0, is_v ? (apart ? 1 : rest_of_branch(0)) : rest_of_branch(i));
    }
    BilinearBound bound;
    bound.products[euclidean] = {{reading_of(euclidean), reading_of(euclidean)}};
    const Triple total = product(factors, [&](std::size_t /*factor*/) { return bound; }).total();
    EXPECT_GE(total.lipschitz.to_double(), std::sqrt(22.0));
    // [2 2 ...; 2 0 1 ...; ...], 18 w: (19 + sqrt(15^2 + 4 4 18))/2
    EXPECT_GE(total.smoothness.to_double(),
              (19 + std::sqrt(15.0 * 15 + 16 * 18)) / 2 * (1 - 1e-12));
    EXPECT_EQ(total.m, number(1));
  }
}

}  // namespace
}  // namespace smoothbound::rules::at_levels
