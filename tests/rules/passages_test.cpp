// What parts make of cells where classes are given up, where all positions read alike, and where
// the parts bend.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "rules/statements.hpp"
#include "smoothbound/rules/compose.hpp"
#include "support/ball.hpp"

namespace smoothbound::rules::passages {
namespace {

using support::Ball;
using support::check_upper;

using Kind = PositionReads::Kind;

LevelSet set_of(std::initializer_list<std::size_t> list) {
  LevelSet set;
  for (const std::size_t level : list) set.add(level);
  return set;
}

// Window of three over n positions, one zero at each end.
PositionReads window_of_three(Kind kind, std::int64_t n) {
  AxisReads reads{n, {}};
  for (std::int64_t o = 0; o < n; ++o) {
    const std::int64_t first = std::max<std::int64_t>(o - 1, 0);
    reads.outputs.push_back({first, 1, std::min(o + 2, n) - first, 3});
  }
  return {kind, {std::move(reads)}};
}

// Weights of norm 1 for sums of at most so many inputs.
AffineConstants sum_of(std::int64_t inputs, PositionReads positions) {
  AffineConstants b;
  b.bilinear.value = square_root(Magnitude::from_count(inputs));
  b.of_sample = AffineOfSample{};
  b.of_sample->taps = b.bilinear.value;
  b.of_sample->positions = std::move(positions);
  return b;
}

MapConstants linear(PositionReads positions, const Magnitude& at_positions) {
  MapConstants a;
  a.lipschitz.value = a.slope_at_zero.value = number(1);
  a.at_positions = at_positions;
  a.positions = std::move(positions);
  return a;
}

Value input_of(double at_positions, LevelSet set = set_of({per_position})) {
  Value value(Triple{number(1000), number(1000), number(1000)}, set);
  value.m[per_position] = number(at_positions);
  return value;
}

// Of six positions the ends have the first norm.
Value ends_apart(double first, double second) {
  Value value = input_of(second);
  value.divide(std::make_shared<const PositionClasses>(
      std::vector{PositionClasses::Axis{{0, 1, 1, 1, 1, 0}, {2, 4}}}));
  value.cell(0).m[per_position] = number(first);
  value.fill_others();
  return value;
}

// 256 classes of 300 positions, the first of which has a smaller norm: there would be more cells of
// their neighbours. Those of one cell are the ends and the others, with what the largest norm says.
TEST(Passages, BeginAnewWhereThereWouldBeTooManyCells) {
  PositionClasses::Axis axis;
  for (std::uint32_t p = 0; p < 300; ++p) axis.class_of.push_back(std::min(p, 255U));
  axis.sizes.assign(256, 1);
  axis.sizes.back() = 45;
  Value value = input_of(2);
  value.divide(std::make_shared<const PositionClasses>(std::vector{axis}));
  value.cell(0).m[per_position] = number(1);
  value.fill_others();
  Composition parts(value, Method::sharp);
  parts.apply(sum_of(3, window_of_three(Kind::patch, 300)), number(1), {1, 300, 1});
  const Value behind = parts.value();
  ASSERT_EQ(behind.cells().size(), 2U);
  EXPECT_EQ(check_upper(behind.cells()[0].m[per_position], square_root(Ball(8))), "");
  EXPECT_EQ(check_upper(behind.cells()[1].m[per_position], square_root(Ball(12))), "");
}

TEST(Passages, BeginWhereTheLevelOfPositionsIsKept) {
  for (const std::size_t level : {per_position, per_sample}) {
    Composition parts(input_of(1, set_of({level})), Method::sharp);
    parts.apply(sum_of(3, window_of_three(Kind::patch, 6)), number(1), {1, 6, 1});
    EXPECT_EQ(parts.value().cells().size(), level == per_position ? 2U : 0U);
    // With cells, what is known along one direction is taken before sums over them.
    EXPECT_EQ(parts.value().T[euclidean].is_finite(), level == per_position);
  }
}

// What is said of so many axes that there would be too many cells, or of none, is what the part
// says.
TEST(Passages, AreNoneWhereThereWouldBeTooManyCells) {
  AxisReads triangle{300, {}};
  for (std::int64_t o = 0; o < 300; ++o) triangle.outputs.push_back({0, 1, o + 1, 1});
  for (const std::vector<AxisReads>& axes : {std::vector{triangle}, std::vector<AxisReads>{}}) {
    Composition parts(input_of(1), Method::sharp);
    parts.apply(sum_of(300, {Kind::patch, axes}), number(1), {1, 300, 1});
    EXPECT_TRUE(parts.value().cells().empty());
    EXPECT_EQ(check_upper(parts.value().m[per_position], square_root(Ball(300))), "");
  }
}

// Two inputs over three, at each position.
TEST(Passages, OfAMeanMayBeLessWhereAllPositionsAreAlike) {
  const PositionReads means{Kind::mean, {{6, {{0, 1, 2, 3}, {2, 1, 2, 3}, {4, 1, 2, 3}}}}};
  Composition parts(input_of(1), Method::sharp);
  parts.apply(linear(means, number(1)), {1, 3, 1});
  EXPECT_TRUE(parts.value().cells().empty());
  EXPECT_EQ(check_upper(parts.value().m[per_position], Ball(2) / Ball(3)), "");
}

// The one output reads two norms 1 and four norms 2.
TEST(Passages, OfCellsIntoOneReadEachOfThem) {
  Composition parts(ends_apart(1, 2), Method::sharp);
  parts.apply(sum_of(6, {Kind::patch, {{6, {{0, 1, 6, 6}}}}}), number(1), {1, 1, 1});
  EXPECT_TRUE(parts.value().cells().empty());
  EXPECT_EQ(parts.value().classes(), nullptr);
  EXPECT_EQ(check_upper(parts.value().m[per_position], square_root(Ball(18))), "");
}

// What has a kink is bounded by its slope alone.
TEST(Passages, OfAKinkHaveItsSlope) {
  MapConstants largest = linear(window_of_three(Kind::patch, 6), square_root(number(3)));
  largest.smoothness.value = Magnitude::infinity();
  Composition parts(input_of(1), Method::sharp);
  parts.apply(largest, {1, 6, 1});
  ASSERT_EQ(parts.value().cells().size(), 2U);
  EXPECT_EQ(check_upper(parts.value().cells()[0].m[per_position], square_root(Ball(2))), "");
}

// T of a patch is made of that of its positions, 3 and 4 at the border, and is not their largest.
TEST(Passages, KnowOneDirectionOfAPatch) {
  Value value = ends_apart(1, 1);
  for (std::size_t c = 0; c < 2; ++c) {
    value.cell(c).l(0)[per_position] = {};
    value.cell(c).T[per_position] = number(c == 0 ? 3 : 4);
  }
  value.fill_others();
  MapConstants bent = linear(window_of_three(Kind::patch, 6), square_root(number(3)));
  bent.smoothness.value = number(1);
  Composition parts(value, Method::sharp);
  parts.apply(bent, {1, 6, 1});
  ASSERT_EQ(parts.value().cells().size(), 3U);
  EXPECT_EQ(check_upper(parts.value().cells()[0].T[per_position], Ball(5)), "");
}

// Slopes are those of the whole in each cell: 8/8, and not 1/8 where the norm is 1.
TEST(Passages, OfSamePositionsHaveTheSlopeOfTheWhole) {
  Value value = ends_apart(1, 8);
  for (std::size_t c = 0; c < 2; ++c) value.cell(c).l(0)[per_position] = number(3);
  value.fill_others();
  MapConstants a;
  a.lipschitz.value = number(1);
  a.smoothness.value = number(0.125);
  a.inner = per_position;
  Composition parts(value, Method::sharp);
  parts.apply(a, {1, 6, 1});
  ASSERT_EQ(parts.value().cells().size(), 2U);
  EXPECT_EQ(parts.value().cells()[0].l(0)[per_position], number(3));
}

// Norms 1 and 2 in rows of three positions: the largest position bounds them without a maximum
// norm, too.
TEST(Passages, RowsAreBoundedByTheLargestPosition) {
  Value value(set_of({per_position, per_token, largest_of_rows}));
  value.m.fill(number(1000));
  value.divide(std::make_shared<const PositionClasses>(
      std::vector{PositionClasses::Axis{{0, 1, 1, 1, 1, 0}, {2, 4}}}));
  value.cell(0).m[per_token] = number(1);
  value.cell(1).m[per_token] = number(2);
  value.relax({1, 6, 1, 3});  // two rows
  EXPECT_EQ(check_upper(value.m[largest_of_rows], square_root(Ball(8))), "");
}

// Cells know a direction where nothing was known of it, and so does the whole.
TEST(Passages, OfSamePositionsKnowOneDirection) {
  Value value = ends_apart(1, 1);
  value.l(0)[euclidean] = {};
  value.H(0, 0)[euclidean] = number(6);
  for (std::size_t c = 0; c < 2; ++c) {
    value.cell(c).l(0)[per_position] = {};
    value.cell(c).H(0, 0)[per_position] = number(c == 0 ? 3 : 4);
  }
  value.fill_others();
  MapConstants a = linear({}, number(1));
  a.smoothness.value = number(1);
  a.inner = per_position;
  Composition parts(value, Method::sharp);
  parts.apply(a, {1, 6, 1});
  const Value behind = parts.value();
  ASSERT_EQ(behind.cells().size(), 2U);
  EXPECT_EQ(behind.cells()[0].T[per_position], number(3));
  EXPECT_EQ(behind.T[euclidean], number(6));
}

// The largest entry of a cell is that of the whole, as the part has made it, or of the cell's own
// position.
TEST(Passages, LargestEntriesAreThoseOfTheWhole) {
  const LevelSet set = set_of({per_position, maximum});
  for (const double first : {1.0, 500.0}) {
    Value value = input_of(500, set);
    value.m[maximum] = number(16);
    value.divide(ends_apart(1, 1).shared_classes());
    value.cell(0).m[per_position] = number(first);
    value.fill_others();
    MapConstants twice = linear({}, number(2));
    twice.lipschitz.value = twice.slope_at_zero.value = number(2);
    twice.inner = maximum;
    twice.at_maximum = linear_at_level(reading_of(maximum), number(2));
    Composition parts(value, Method::sharp);
    parts.apply(twice, {1, 6, 1 << 20});
    ASSERT_EQ(parts.value().cells().size(), 2U);
    EXPECT_EQ(parts.value().cells()[0].m[maximum], number(first == 1 ? 2 : 32));
    EXPECT_EQ(parts.value().cells()[1].m[maximum], number(32));
  }
}

}  // namespace
}  // namespace smoothbound::rules::passages
