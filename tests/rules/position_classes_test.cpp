// Classes of positions: which ones there are, what their cells read, and where they are given up.

#include "smoothbound/rules/position_classes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace smoothbound::rules::position_classes {
namespace {

using Sizes = std::vector<std::int64_t>;
using Classes = std::vector<std::uint32_t>;
using Kind = PositionReads::Kind;

Magnitude count_of(std::int64_t value) { return Magnitude::from_count(value); }

// A window of three in steps of one, with a zero at each end.
AxisReads window_of_three(std::int64_t n) {
  AxisReads reads{n, {}};
  for (std::int64_t o = 0; o < n; ++o) {
    const std::int64_t first = std::max<std::int64_t>(o - 1, 0);
    reads.outputs.push_back({first, 1, std::min(o + 2, n) - first, 3});
  }
  return reads;
}

// Neighbours in pairs.
AxisReads pairs(std::int64_t n) {
  AxisReads reads{n, {}};
  for (std::int64_t o = 0; o < n / 2; ++o) reads.outputs.push_back({2 * o, 1, 2, 2});
  return reads;
}

// Every output reads equally many inputs: what there is in front of it.
AxisReads own_places(std::int64_t n) {
  AxisReads reads{n, {}};
  for (std::int64_t o = 0; o < n; ++o) reads.outputs.push_back({o, 1, 1, 1});
  return reads;
}

Passage passage(const PositionClasses* input, Kind kind, std::vector<AxisReads> axes) {
  return Passage(input, PositionReads{kind, std::move(axes)});
}

// What a cell makes of norms of the input's cells.
Magnitude read(const Passage& passage, std::size_t cell, const std::vector<std::int64_t>& norms) {
  std::vector<Magnitude> of_inputs;
  for (const std::int64_t norm : norms) of_inputs.push_back(count_of(norm));
  return passage.read(of_inputs).at(cell);
}

TEST(PositionClasses, BordersOfAConvolutionReadFewerInputs) {
  const Passage first = passage(nullptr, Kind::patch, {window_of_three(4), window_of_three(5)});
  ASSERT_NE(first.output(), nullptr);
  const PositionClasses& classes = *first.output();
  ASSERT_EQ(classes.axes().size(), 2U);
  EXPECT_EQ(classes.axes()[0].class_of, (Classes{0, 1, 1, 0}));
  EXPECT_EQ(classes.axes()[1].class_of, (Classes{0, 1, 1, 1, 0}));
  EXPECT_EQ(classes.axes()[1].sizes, (Sizes{2, 3}));
  ASSERT_EQ(classes.cells(), 4U);
  EXPECT_EQ(classes.positions(), 20);
  // A corner, a border along the first axis, one along the second, the middle.
  const std::array<std::int64_t, 4> sizes{4, 6, 4, 6};
  const std::array<std::int64_t, 4> taps{4, 6, 6, 9};
  for (std::size_t cell = 0; cell < 4; ++cell) {
    EXPECT_EQ(classes.size(cell), count_of(sizes.at(cell))) << cell;
    EXPECT_EQ(read(first, cell, {5}), square_root(count_of(25 * taps.at(cell)))) << cell;
  }
}

TEST(PositionClasses, ASecondConvolutionTellsTheirNeighboursApart) {
  const Passage first = passage(nullptr, Kind::patch, {window_of_three(6)});
  const Passage second = passage(first.output().get(), Kind::patch, {window_of_three(6)});
  ASSERT_NE(second.output(), nullptr);
  EXPECT_EQ(second.output()->axes()[0].class_of, (Classes{0, 1, 2, 2, 1, 0}));
  // Norms 1 at the ends, 2 within: 1 + 4, 1 + 4 + 4, 4 + 4 + 4.
  EXPECT_EQ(read(second, 0, {1, 2}), square_root(count_of(5)));
  EXPECT_EQ(read(second, 1, {1, 2}), count_of(3));
  EXPECT_EQ(read(second, 2, {1, 2}), square_root(count_of(12)));
  // Of nothing at the ends: what is within.
  EXPECT_EQ(read(second, 0, {0, 2}), count_of(2));
  EXPECT_TRUE(read(second, 2, {0, 0}).is_zero());
  // What is not read may be infinite.
  EXPECT_EQ(second.read({Magnitude::infinity(), count_of(2)}).at(2), square_root(count_of(12)));
}

TEST(PositionClasses, PoolingsMergeClasses) {
  const Passage first = passage(nullptr, Kind::patch, {window_of_three(8)});
  const Passage second = passage(first.output().get(), Kind::patch, {window_of_three(8)});
  ASSERT_EQ(second.output()->cells(), 3U);  // 0 1 2 2 2 2 1 0
  const Passage pooled = passage(second.output().get(), Kind::mean, {pairs(8)});
  ASSERT_NE(pooled.output(), nullptr);
  EXPECT_EQ(pooled.output()->axes()[0].class_of, (Classes{0, 1, 1, 0}));
  EXPECT_EQ(read(pooled, 0, {1, 5, 7}), count_of(3));
  EXPECT_EQ(read(pooled, 1, {1, 5, 7}), count_of(7));
  const Passage again = passage(pooled.output().get(), Kind::mean, {pairs(4)});
  EXPECT_EQ(again.output()->cells(), 1U);
  EXPECT_EQ(read(again, 0, {3, 7}), count_of(5));
}

// Equally many inputs, but means over different numbers.
TEST(PositionClasses, DivisorsTellMeansApart) {
  AxisReads reads{3, {{0, 1, 2, 2}, {1, 1, 2, 3}, {0, 1, 2, 2}}};
  const Passage means = passage(nullptr, Kind::mean, {reads, reads});
  ASSERT_NE(means.output(), nullptr);
  EXPECT_EQ(means.output()->axes()[0].class_of, (Classes{0, 1, 0}));
  ASSERT_EQ(means.output()->cells(), 3U);
  EXPECT_EQ(read(means, 0, {9}), count_of(9));
  EXPECT_EQ(read(means, 1, {9}), count_of(6));
  EXPECT_EQ(read(means, 2, {9}), count_of(4));
}

// Axes that are read alike make one cell of positions that differ in the order of their classes.
TEST(PositionClasses, EqualAxesMayChangePlaces) {
  const AxisReads window = window_of_three(5);
  const Passage square = passage(nullptr, Kind::patch, {window, window});
  ASSERT_NE(square.output(), nullptr);
  const PositionClasses& classes = *square.output();
  EXPECT_TRUE(classes.may_exchange());
  ASSERT_EQ(classes.cells(), 3U);
  const std::array<std::int64_t, 3> sizes{4, 12, 9};
  const std::array<std::int64_t, 3> taps{4, 6, 9};
  for (std::size_t cell = 0; cell < 3; ++cell) {
    EXPECT_EQ(classes.size(cell), count_of(sizes.at(cell))) << cell;
    EXPECT_EQ(read(square, cell, {2}), square_root(count_of(4 * taps.at(cell)))) << cell;
  }
  const std::array<std::size_t, 2> one_way{0, 1};
  const std::array<std::size_t, 2> other_way{1, 0};
  EXPECT_EQ(classes.cell_at(one_way), 1U);
  EXPECT_EQ(classes.cell_at(other_way), 1U);
  EXPECT_EQ(classes.classes_of(1), (std::vector<std::size_t>{0, 1}));
  // A corner reads 1, 2 of 2 and 4 of 3; at a border's middle it is 6 of the middle, 3 of a border.
  const Passage second = passage(&classes, Kind::patch, {window, window});
  ASSERT_NE(second.output(), nullptr);
  ASSERT_EQ(second.output()->cells(), 6U);
  EXPECT_EQ(read(second, 0, {1, 2, 3}), square_root(count_of(1 + 2 * 4 + 9)));
  EXPECT_EQ(read(second, 2, {1, 2, 3}), square_root(count_of(3 * 4 + 3 * 9)));
  // Axes that are read in different ways are told apart from then on.
  const Passage wide = passage(&classes, Kind::patch, {window, own_places(5)});
  ASSERT_NE(wide.output(), nullptr);
  EXPECT_FALSE(wide.output()->may_exchange());
  ASSERT_EQ(wide.output()->cells(), 6U);
  // At (0, 0) a corner and a border, at (0, 1) a border and a position within.
  EXPECT_EQ(read(wide, 0, {1, 2, 3}), square_root(count_of(1 + 4)));
  EXPECT_EQ(read(wide, 1, {1, 2, 3}), square_root(count_of(4 + 9)));
  const Passage behind = passage(wide.output().get(), Kind::patch, {window, window});
  EXPECT_FALSE(behind.output()->may_exchange());
  // Classes that are equal may read differently: two inputs at the ends, or one.
  AxisReads counts{4, {{0, 1, 1, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}, {0, 1, 1, 3}}};
  const Passage both = passage(nullptr, Kind::patch, {window_of_three(4), counts});
  ASSERT_EQ(both.output()->axes()[0], both.output()->axes()[1]);
  EXPECT_FALSE(both.output()->may_exchange());
  ASSERT_EQ(both.output()->cells(), 4U);
  EXPECT_EQ(read(both, 1, {1}), count_of(2));
  EXPECT_EQ(read(both, 2, {1}), square_root(count_of(3)));
}

// Of axes that differ nothing changes places, whatever is asked for.
TEST(PositionClasses, UnequalAxesMayNotChangePlaces) {
  const PositionClasses classes({{{0, 1}, {1, 1}}, {{0, 1, 1}, {1, 2}}}, true);
  EXPECT_FALSE(classes.may_exchange());
  EXPECT_EQ(classes.cells(), 4U);
  const PositionClasses equal({{{0, 1}, {1, 1}}, {{0, 1}, {1, 1}}}, true);
  EXPECT_TRUE(equal.may_exchange());
  EXPECT_EQ(equal.cells(), 3U);
  const PositionClasses unasked({{{0, 1}, {1, 1}}, {{0, 1}, {1, 1}}});
  EXPECT_FALSE(unasked.may_exchange());
  EXPECT_EQ(unasked.cells(), 4U);
}

// An output that reads zeros alone, and steps between what one reads.
TEST(PositionClasses, OutputsMayReadNothingOrInSteps) {
  const Passage first = passage(nullptr, Kind::patch, {window_of_three(5)});
  const AxisReads reads{5, {{0, 1, 0, 3}, {0, 2, 3, 3}, {1, 2, 2, 3}, {0, 2, 2, 3}}};
  const Passage second = passage(first.output().get(), Kind::patch, {reads});
  ASSERT_NE(second.output(), nullptr);
  ASSERT_EQ(second.output()->cells(), 4U);
  EXPECT_TRUE(read(second, 0, {3, 4}).is_zero());
  EXPECT_EQ(read(second, 1, {3, 4}), square_root(count_of(9 + 16 + 9)));
  EXPECT_EQ(read(second, 2, {3, 4}), square_root(count_of(32)));
  EXPECT_EQ(read(second, 3, {3, 4}), count_of(5));
}

TEST(PositionClasses, AreGivenUpWhereThereAreTooMany) {
  // As many classes as outputs along an axis.
  const auto triangle = [](std::int64_t n) {
    AxisReads reads{n, {}};
    for (std::int64_t o = 0; o < n; ++o) reads.outputs.push_back({0, 1, o + 1, 1});
    return reads;
  };
  EXPECT_NE(passage(nullptr, Kind::patch, {triangle(16), triangle(16)}).output(), nullptr);
  EXPECT_EQ(passage(nullptr, Kind::patch, {triangle(16), triangle(17)}).output(), nullptr);
  EXPECT_NE(passage(nullptr, Kind::patch, {triangle(256)}).output(), nullptr);
  EXPECT_EQ(passage(nullptr, Kind::patch, {triangle(257)}).output(), nullptr);
  EXPECT_EQ(
      passage(nullptr, Kind::patch, {triangle(1000), triangle(1000), triangle(1000)}).output(),
      nullptr);
}

TEST(PositionClasses, AreGivenUpWhereAxesDiffer) {
  const Passage first = passage(nullptr, Kind::patch, {window_of_three(4)});
  const PositionClasses* const input = first.output().get();
  EXPECT_NE(passage(input, Kind::patch, {window_of_three(4)}).output(), nullptr);
  EXPECT_EQ(passage(input, Kind::patch, {window_of_three(5)}).output(), nullptr);
  EXPECT_EQ(passage(input, Kind::patch, {window_of_three(3)}).output(), nullptr);
  const Passage square = passage(nullptr, Kind::patch, {window_of_three(4), own_places(1)});
  EXPECT_EQ(passage(square.output().get(), Kind::patch, {window_of_three(4)}).output(), nullptr);
  EXPECT_EQ(passage(nullptr, Kind::patch, {}).output(), nullptr);
  EXPECT_EQ(passage(nullptr, Kind::patch, {{4, {}}}).output(), nullptr);
}

TEST(CommonClasses, TellApartWhatOneOfSeveralDoes) {
  const Passage both_ends = passage(nullptr, Kind::patch, {window_of_three(4), own_places(2)});
  const AxisReads one_end{4, {{0, 1, 2, 2}, {1, 1, 2, 2}, {2, 1, 2, 2}, {3, 1, 1, 2}}};
  const AxisReads two{2, {{0, 1, 1, 1}, {0, 1, 2, 1}}};
  const Passage behind = passage(nullptr, Kind::patch, {one_end, two});
  const std::array<const PositionClasses*, 3> all{both_ends.output().get(), nullptr,
                                                  behind.output().get()};
  const CommonClasses common(all);
  ASSERT_NE(common.classes(), nullptr);
  const PositionClasses& classes = *common.classes();
  EXPECT_EQ(classes.axes()[0].class_of, (Classes{0, 1, 1, 2}));
  EXPECT_EQ(classes.axes()[1].class_of, (Classes{0, 1}));
  ASSERT_EQ(classes.cells(), 6U);
  EXPECT_EQ(classes.size(2), count_of(2));
  // The first division has one class along the second axis; the last one 2 x 2.
  const std::array<std::size_t, 6> first{0, 0, 1, 1, 0, 0};
  const std::array<std::size_t, 6> last{0, 1, 0, 1, 2, 3};
  for (std::size_t cell = 0; cell < 6; ++cell) {
    EXPECT_EQ(common.cell_of(0, cell), first.at(cell)) << cell;
    EXPECT_EQ(common.cell_of(1, cell), 0U) << cell;
    EXPECT_EQ(common.cell_of(2, cell), last.at(cell)) << cell;
  }
}

TEST(CommonClasses, ChangePlacesOnlyWhereAllDo) {
  const AxisReads window = window_of_three(4);
  const Passage square = passage(nullptr, Kind::patch, {window, window});
  const Passage along_first = passage(nullptr, Kind::patch, {window, own_places(4)});
  const std::array<const PositionClasses*, 3> alike{square.output().get(), nullptr,
                                                    square.output().get()};
  const CommonClasses same(alike);
  ASSERT_NE(same.classes(), nullptr);
  ASSERT_EQ(same.classes()->cells(), 3U);
  for (std::size_t cell = 0; cell < 3; ++cell) EXPECT_EQ(same.cell_of(2, cell), cell);
  const std::array<const PositionClasses*, 2> unlike{square.output().get(),
                                                     along_first.output().get()};
  const CommonClasses both(unlike);
  ASSERT_NE(both.classes(), nullptr);
  EXPECT_FALSE(both.classes()->may_exchange());
  ASSERT_EQ(both.classes()->cells(), 4U);
  const std::array<std::size_t, 4> of_square{0, 1, 1, 2};
  const std::array<std::size_t, 4> of_first{0, 0, 1, 1};
  for (std::size_t cell = 0; cell < 4; ++cell) {
    EXPECT_EQ(both.cell_of(0, cell), of_square.at(cell)) << cell;
    EXPECT_EQ(both.cell_of(1, cell), of_first.at(cell)) << cell;
  }
}

TEST(CommonClasses, AreGivenUpWhereDivisionsDoNotMatch) {
  const Passage four = passage(nullptr, Kind::patch, {window_of_three(4)});
  const Passage five = passage(nullptr, Kind::patch, {window_of_three(5)});
  const Passage square = passage(nullptr, Kind::patch, {window_of_three(4), own_places(1)});
  const auto common = [](const PositionClasses* a, const PositionClasses* b) {
    const std::array<const PositionClasses*, 2> all{a, b};
    return CommonClasses(all).classes();
  };
  EXPECT_NE(common(four.output().get(), four.output().get()), nullptr);
  EXPECT_EQ(common(four.output().get(), five.output().get()), nullptr);
  EXPECT_EQ(common(four.output().get(), square.output().get()), nullptr);
  EXPECT_EQ(common(square.output().get(), four.output().get()), nullptr);
  EXPECT_EQ(common(nullptr, nullptr), nullptr);
}

// Two divisions of n classes each whose common one has n x n.
TEST(CommonClasses, AreGivenUpWhereThereAreTooMany) {
  for (const std::int64_t n : {16, 17}) {
    AxisReads slow{n * n, {}};
    AxisReads fast{n * n, {}};
    for (std::int64_t p = 0; p < n * n; ++p) {
      slow.outputs.push_back({0, 1, 1 + p / n, 1});
      fast.outputs.push_back({0, 1, 1 + p % n, 1});
    }
    const Passage a = passage(nullptr, Kind::patch, {slow});
    const Passage b = passage(nullptr, Kind::patch, {fast});
    ASSERT_NE(a.output(), nullptr);
    ASSERT_NE(b.output(), nullptr);
    const std::array<const PositionClasses*, 2> all{a.output().get(), b.output().get()};
    EXPECT_EQ(CommonClasses(all).classes() != nullptr, n == 16) << n;
  }
}

}  // namespace
}  // namespace smoothbound::rules::position_classes
