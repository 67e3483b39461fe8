// Values whose positions are told apart: what levels say of each other, what parts and merges make
// of cells, and what tables keep.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "rules/statements.hpp"
#include "smoothbound/rules/compose.hpp"
#include "smoothbound/rules/merge.hpp"
#include "support/ball.hpp"

namespace smoothbound::rules::in_cells {
namespace {

using support::Ball;
using support::check_upper;
using support::square;

LevelSet set_of(std::initializer_list<std::size_t> list) {
  LevelSet set;
  for (const std::size_t level : list) set.add(level);
  return set;
}

// Classes 0 1 1 ... 1 0 of `n` positions.
std::shared_ptr<const PositionClasses> ends_apart(std::int64_t n) {
  PositionClasses::Axis axis{std::vector<std::uint32_t>(static_cast<std::size_t>(n), 1),
                             {2, n - 2}};
  axis.class_of.front() = axis.class_of.back() = 0;
  return std::make_shared<const PositionClasses>(std::vector{axis});
}

PositionReads reads_of(PositionReads::Kind kind, std::vector<AxisReads::Output> outputs,
                       std::int64_t inputs) {
  return {kind, {AxisReads{inputs, std::move(outputs)}}};
}

// Window of three over n positions, one zero at each end.
PositionReads window_of_three(PositionReads::Kind kind, std::int64_t n) {
  std::vector<AxisReads::Output> outputs;
  for (std::int64_t o = 0; o < n; ++o) {
    const std::int64_t first = std::max<std::int64_t>(o - 1, 0);
    outputs.push_back({first, 1, std::min(o + 2, n) - first, 3});
  }
  return reads_of(kind, std::move(outputs), n);
}

// What all inequalities between levels leave: applied again and again, one by one.
void close(Value& value, const Extents& extents) {
  const Magnitude samples = Magnitude::from_count(extents.samples);
  const Magnitude channels = Magnitude::from_count(extents.channels);
  const Magnitude row = Magnitude::from_count(extents.row);
  const Magnitude rows =
      square_root(channels * Magnitude::from_count(extents.positions / extents.row));
  const auto lower = [](Magnitude& x, const Magnitude& y) { x = std::min(x, y); };
  for (int round = 0; round < 20; ++round) {
    Magnitude tokens, positions, centred, largest;
    for (std::size_t c = 0; c < value.cells().size(); ++c) {
      PerLevel<Magnitude>& z = value.cell(c).m;
      lower(z[per_token], square_root(channels) * value.m[maximum]);
      lower(z[per_position], square_root(samples) * z[per_token]);
      lower(z[per_token], z[per_position]);
      lower(z[per_token], value.m[per_sample]);
      lower(z[per_token], value.m[largest_of_rows]);
      lower(z[per_position], value.m[euclidean]);
      lower(z[centred_position], z[per_position]);
      lower(z[centred_position], value.m[centred_euclidean]);
      const Magnitude& size = value.classes()->size(c);
      tokens += size * (z[per_token] * z[per_token]);
      positions += size * (z[per_position] * z[per_position]);
      centred += size * (z[centred_position] * z[centred_position]);
      largest = std::max(largest, z[per_token]);
    }
    lower(value.m[per_sample], square_root(tokens));
    lower(value.m[per_sample], value.m[euclidean]);
    lower(value.m[euclidean], square_root(positions));
    lower(value.m[euclidean], square_root(samples) * value.m[per_sample]);
    lower(value.m[centred_euclidean], value.m[euclidean]);
    lower(value.m[centred_euclidean], square_root(centred));
    lower(value.m[maximum], largest);
    lower(value.m[maximum], value.m[sum_of_columns]);
    lower(value.m[largest_of_rows], value.m[per_sample]);
    lower(value.m[largest_of_rows], rows * std::min(largest, value.m[maximum]));
    lower(value.m[per_sample], square_root(row) * value.m[largest_of_rows]);
    lower(value.m[sum_of_columns], rows * value.m[largest_of_rows]);
  }
}

// 2 0 .. 2^8, or inf: levels bound each other in all ways.
Magnitude drawn(std::mt19937_64& random) {
  const auto draw = random() % 10;
  return draw == 9
             ? Magnitude::infinity()
             : scale(number(1 + static_cast<double>(random() % 8)), static_cast<int>(draw) - 4);
}

TEST(Relax, LeavesWhatAllInequalitiesDo) {
  constexpr std::array of_the_whole{euclidean,         per_sample,      maximum,
                                    centred_euclidean, largest_of_rows, sum_of_columns};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const Extents extents{3, 6, 5, seed % 2 == 0 ? 6 : 3};
    std::mt19937_64 random(seed);
    Value given(LevelSet::all());
    given.divide(ends_apart(6));
    for (const std::size_t level : of_the_whole) {
      given.m[level] = drawn(random);
    }
    for (std::size_t c = 0; c < 2; ++c) {
      for (const std::size_t level : {per_position, per_token, centred_position}) {
        given.cell(c).m[level] = drawn(random);
      }
    }
    Value expected = given;
    close(expected, extents);
    given.relax(extents);
    for (const std::size_t level : of_the_whole) {
      EXPECT_EQ(check_upper(given.m[level], Ball::of(expected.m[level])), "") << levels[level].name;
    }
    for (const std::size_t level : {per_position, per_token, centred_position}) {
      Magnitude largest;
      for (std::size_t c = 0; c < 2; ++c) {
        const Magnitude& of_cell = expected.cells()[c].m[level];
        EXPECT_EQ(check_upper(given.cells()[c].m[level], Ball::of(of_cell)), "")
            << levels[level].name << " in cell " << c;
        largest = std::max(largest, of_cell);
      }
      EXPECT_EQ(check_upper(given.m[level], Ball::of(largest)), "") << levels[level].name;
    }
  }
}

// Norms are lowered within a cell before they are added up: sqrt(4 1 + ...) would be more.
TEST(Relax, LowersWithinACellBeforeSums) {
  Value value(LevelSet::all());
  value.divide(
      std::make_shared<const PositionClasses>(std::vector{PositionClasses::Axis{{0, 1}, {1, 1}}}));
  value.m.fill(Magnitude::infinity());
  for (std::size_t c = 0; c < 2; ++c) value.cell(c).m.fill(Magnitude::infinity());
  value.cell(0).m[per_position] = number(1);
  value.cell(1).m[per_position] = number(2);
  value.cell(0).m[per_token] = number(10);
  value.cell(1).m[per_token] = number(1);
  value.relax({4, 2, 1});
  EXPECT_EQ(check_upper(value.m[per_sample], square_root(Ball(2))), "");
}

// A sum of three neighbours, times a weight of norm 1, at the levels 2 and p.
AffineConstants window(std::int64_t n) {
  AffineConstants b;
  b.bilinear.value = square_root(number(3));
  b.of_sample = AffineOfSample{};
  b.of_sample->taps = square_root(number(3));
  b.of_sample->positions = window_of_three(PositionReads::Kind::patch, n);
  return b;
}

Value input_of(double norm, double at_positions) {
  Value value(Triple{number(norm), {}, {}}, set_of({per_position}));
  value.m[per_position] = number(at_positions);
  value.set_blocks({});
  return value;
}

TEST(Cells, OfAWindow) {
  const Extents extents{1, 6, 1};
  Composition parts(input_of(100, 1), Method::sharp);
  parts.apply(window(6), number(1), extents, rest, 0);
  const Value first = parts.value();
  ASSERT_EQ(first.cells().size(), 2U);
  for (std::size_t c = 0; c < 2; ++c) {
    const Ball norm = square_root(Ball(c == 0 ? 2 : 3));
    EXPECT_EQ(check_upper(first.cells()[c].m[per_position], norm), "");
    EXPECT_EQ(check_upper(first.cells()[c].l(0)[per_position], norm), "");
    EXPECT_EQ(check_upper(first.cells()[c].blocks()[0].l[per_position], norm), "");
  }
  EXPECT_EQ(check_upper(first.m[euclidean], Ball(4)), "");  // 2 2 + 4 3
  EXPECT_EQ(check_upper(first.m[per_position], square_root(Ball(3))), "");
  parts.apply(window(6), number(2), extents, rest, 1);
  const Value second = parts.value();
  ASSERT_EQ(second.cells().size(), 3U);
  const std::array<std::int64_t, 3> squares{2 + 3, 2 + 3 + 3, 9};
  for (std::size_t c = 0; c < 3; ++c) {
    const Value& cell = second.cells()[c];
    const Ball norm = square_root(Ball(squares.at(c)));
    EXPECT_EQ(check_upper(cell.m[per_position], Ball(2) * norm), "") << c;
    // The earlier block by A = 2, the own one by what is read.
    EXPECT_EQ(check_upper(cell.blocks()[0].l[per_position], Ball(2) * norm), "") << c;
    EXPECT_EQ(check_upper(cell.blocks()[1].l[per_position], norm), "") << c;
    EXPECT_EQ(check_upper(cell.l(0)[per_position], square_root(Ball(5)) * norm), "") << c;
  }
  EXPECT_EQ(check_upper(second.m[euclidean], Ball(2) * square_root(Ball(2 * (5 + 8 + 9)))), "");
  // Switched off: the largest everywhere.
  Refinements refine;
  refine.maps = false;
  Composition whole(input_of(100, 1), Method::sharp, nullptr, refine);
  whole.apply(window(6), number(1), extents);
  EXPECT_TRUE(whole.value().cells().empty());
  EXPECT_EQ(check_upper(whole.value().m[per_position], square_root(Ball(3))), "");
}

// A mean of three numbers, zeros included, has the mean of their norms.
TEST(Cells, OfAMean) {
  MapConstants mean;
  mean.lipschitz.value = mean.slope_at_zero.value = number(1);
  mean.at_positions = number(1);
  mean.positions = window_of_three(PositionReads::Kind::mean, 6);
  Composition parts(input_of(100, 1), Method::sharp);
  parts.apply(mean, {1, 6, 1});
  const Value first = parts.value();
  ASSERT_EQ(first.cells().size(), 2U);
  EXPECT_EQ(check_upper(first.cells()[0].m[per_position], Ball(2) / Ball(3)), "");
  EXPECT_EQ(check_upper(first.cells()[1].m[per_position], Ball(1)), "");
  parts.apply(mean, {1, 6, 1});
  const Value second = parts.value();
  ASSERT_EQ(second.cells().size(), 3U);
  EXPECT_EQ(check_upper(second.cells()[0].m[per_position], Ball(5) / Ball(9)), "");
  EXPECT_EQ(check_upper(second.cells()[1].m[per_position], Ball(8) / Ball(9)), "");
  // One position, or positions that are all alike, are no cells.
  mean.positions = reads_of(PositionReads::Kind::mean, {{0, 1, 6, 6}}, 6);
  parts.apply(mean, {1, 1, 1});
  EXPECT_TRUE(parts.value().cells().empty());
  EXPECT_EQ(check_upper(parts.value().m[per_position], Ball(2 * (5 + 8 + 9)) / Ball(54)), "");
}

// What picks one of three numbers may have the root of the sum of their squares.
TEST(Cells, OfAMaximum) {
  MapConstants largest;
  largest.lipschitz.value = largest.slope_at_zero.value = square_root(number(3));
  largest.at_positions = square_root(number(3));
  largest.positions = window_of_three(PositionReads::Kind::patch, 6);
  Composition parts(input_of(100, 1), Method::sharp);
  parts.apply(largest, {1, 6, 1});
  const Value value = parts.value();
  ASSERT_EQ(value.cells().size(), 2U);
  EXPECT_EQ(check_upper(value.cells()[0].m[per_position], square_root(Ball(2))), "");
  EXPECT_EQ(check_upper(value.cells()[1].m[per_position], square_root(Ball(3))), "");
}

// The second derivative of each cell along one direction is known before sums over cells: forms
// [3 0; 0 3] and [0 4; 4 0] make hypot(3, 4), and not the 7 of [3 4; 4 3].
TEST(Cells, FormsAreLoweredBeforeSums) {
  Value value(Triple{number(1), {}, {}}, set_of({per_position}));
  value.find_or_add(7);
  for (const auto& [i, j] : {std::pair(0U, 0U), std::pair(0U, 1U), std::pair(1U, 1U)}) {
    value.H(i, j).fill(number(100));
  }
  value.divide(
      std::make_shared<const PositionClasses>(std::vector{PositionClasses::Axis{{0, 1}, {1, 1}}}));
  value.cell(0).H(0, 0)[per_position] = value.cell(0).H(1, 1)[per_position] = number(3);
  value.cell(0).H(0, 1)[per_position] = {};
  value.cell(1).H(0, 0)[per_position] = value.cell(1).H(1, 1)[per_position] = {};
  value.cell(1).H(0, 1)[per_position] = number(4);
  value.fill_others();
  MapConstants a;
  a.lipschitz.value = a.slope_at_zero.value = number(1);
  a.smoothness.value = number(0.5);
  a.inner = per_position;
  Composition parts(value, Method::sharp);
  parts.apply(a, {1, 2, 1});
  EXPECT_EQ(check_upper(parts.value().smoothness(euclidean), Ball(5)), "");
  EXPECT_EQ(check_upper(parts.value().smoothness(per_position), Ball(4)), "");
}

// What does not say which positions it reads, or makes other ones, has no cells.
TEST(Cells, EndWherePositionsAreUnknown) {
  MapConstants same;
  same.lipschitz.value = same.slope_at_zero.value = number(1);
  same.inner = per_position;
  Composition parts(input_of(100, 1), Method::sharp);
  parts.apply(window(6), number(1), {1, 6, 1});
  parts.apply(same, {1, 6, 1});
  EXPECT_EQ(parts.value().cells().size(), 2U);
  Composition moved = parts;
  MapConstants unknown = same;
  unknown.inner = euclidean;
  unknown.at_positions = number(1);
  moved.apply(unknown, {1, 6, 1});
  EXPECT_TRUE(moved.value().cells().empty());
  EXPECT_EQ(check_upper(moved.value().m[per_position], square_root(Ball(3))), "");
  Composition fewer = parts;
  fewer.apply(same, {1, 5, 1});
  EXPECT_TRUE(fewer.value().cells().empty());
}

// Beyond 4096 pairs of a block and a cell there is one cell, with the largest numbers.
TEST(Cells, BecomeOneWhereThereAreTooManyBlocks) {
  constexpr std::int64_t n = 256;
  AffineConstants triangle = window(n);
  std::vector<AxisReads::Output> outputs;
  for (std::int64_t o = 0; o < n; ++o) outputs.push_back({0, 1, o + 1, 1});
  triangle.of_sample->taps = square_root(number(n));
  triangle.of_sample->positions = reads_of(PositionReads::Kind::patch, std::move(outputs), n);
  AffineConstants pointwise;
  pointwise.bilinear.value = number(1);
  pointwise.of_sample = AffineOfSample{};
  pointwise.of_sample->taps = number(1);
  pointwise.of_sample->positions.kind = PositionReads::Kind::same;
  const Extents extents{1, n, 1};
  Composition parts(input_of(1e9, 1), Method::sharp);
  parts.apply(triangle, number(1), extents, rest, 0);
  for (std::uint32_t k = 1; k < 16; ++k) {
    parts.apply(pointwise, number(k < 15 ? 1 : 0.5), extents, rest, k);
  }
  Value value = parts.value();
  ASSERT_EQ(value.cells().size(), 256U);
  ASSERT_EQ(value.blocks().size(), 16U);
  for (std::size_t k = 0; k < 16; ++k) {
    const int largest = k < 15 ? 8 : 16;
    EXPECT_EQ(check_upper(value.blocks()[k].l[per_position], Ball(largest)), "") << k;
    EXPECT_EQ(check_upper(value.cells()[3].blocks()[k].l[per_position], Ball(largest) / Ball(8)),
              "")
        << k;
  }
  // Two positions that read a few cells are less.
  Composition fewer = parts;
  AffineConstants last = window(n);
  last.of_sample->taps = square_root(number(2));
  last.of_sample->positions = reads_of(PositionReads::Kind::patch, {{0, 1, 2, 1}, {2, 1, 2, 1}}, n);
  fewer.apply(last, number(1), {1, 2, 1}, rest, 16);
  ASSERT_EQ(fewer.value().cells().size(), 2U);
  EXPECT_EQ(fewer.value().blocks().size(), 17U);
  const Magnitude largest_m = value.m[per_position];
  parts.apply(pointwise, number(1), extents, rest, 16);
  value = parts.value();
  EXPECT_TRUE(value.cells().empty());
  ASSERT_EQ(value.blocks().size(), 17U);
  EXPECT_EQ(check_upper(value.m[per_position], Ball::of(largest_m)), "");
  EXPECT_EQ(check_upper(value.blocks()[0].l[per_position], Ball(8)), "");
  EXPECT_EQ(check_upper(value.blocks()[15].l[per_position], Ball(16)), "");
}

// A new stretch begins with pairs of directions that T bounds, in each cell by its own.
TEST(Cells, PairsAreLoweredToTheFormOfTheirCell) {
  Value value(Triple{number(1), number(50), number(100)}, set_of({per_position}));
  value.divide(ends_apart(6));
  for (std::size_t c = 0; c < 2; ++c) {
    value.cell(c).T[per_position] = number(c == 0 ? 2 : 3);
    value.cell(c).S[per_position] = number(c == 0 ? 5 : 7);
  }
  value.fill_others();
  const Value stretched = Composition(value, Method::sharp).value();
  ASSERT_EQ(stretched.cells().size(), 2U);
  EXPECT_EQ(stretched.cells()[0].H(0, 0)[per_position], number(2));
  EXPECT_EQ(stretched.cells()[1].H(0, 0)[per_position], number(3));
  EXPECT_EQ(stretched.cells()[0].l(0)[per_position], number(5));
  EXPECT_EQ(stretched.l(0)[per_position], number(7));
}

Value divided(double first, double second) {
  Value value = input_of(100, 100);
  value.divide(ends_apart(6));
  value.cell(0).m[per_position] = number(first);
  value.cell(1).m[per_position] = number(second);
  value.fill_others();
  return value;
}

TEST(Cells, OfSumsAndConcatenations) {
  Value other = input_of(100, 100);
  other.divide(std::make_shared<const PositionClasses>(
      std::vector{PositionClasses::Axis{{0, 1, 1, 1, 1, 1}, {1, 5}}}));
  other.cell(0).m[per_position] = number(16);
  other.cell(1).m[per_position] = number(32);
  other.fill_others();
  const std::array branches{divided(1, 2), other, input_of(100, 4)};
  const Value added = sum(branches);
  ASSERT_EQ(added.cells().size(), 3U);
  const std::array<double, 3> sums{1 + 16 + 4, 2 + 32 + 4, 1 + 32 + 4};
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(added.cells()[c].m[per_position], number(sums.at(c))) << c;
  }
  PerLevel<bool> within{};
  const Value channels = concatenation(branches, within);
  ASSERT_EQ(channels.cells().size(), 3U);
  EXPECT_EQ(check_upper(channels.cells()[1].m[per_position], square_root(Ball(4 + 1024 + 16))), "");
  within[per_position] = true;
  const Value positions = concatenation(branches, within);
  EXPECT_TRUE(positions.cells().empty());
  EXPECT_EQ(positions.m[per_position], number(32));
}

// The tables' form keeps every number at the levels of the set.
TEST(PackedValue, KeepsCellsAndBlocks) {
  const LevelSet set = set_of({per_sample, per_position, per_token, centred_position});
  for (const bool knows_blocks : {true, false}) {
    Value value(Triple{number(8), number(4), number(2)}, set);
    value.find_or_add(7);
    if (knows_blocks) value.set_blocks({});
    value.divide(ends_apart(5));
    if (knows_blocks) {
      value.add_block(3, number(0.25));
      value.add_block(5, number(0.5));
    }
    double next = 1;
    for (std::size_t k = 0; k < value.numbers(); ++k) {
      for (std::size_t level = 0; level < levels.size(); ++level) {
        if (!set.has(level)) continue;
        value.number(k)[level] = number(next++);
        for (std::size_t c = 0; c < 2; ++c) {
          value.cell(c).number(k)[level] =
              tells_positions(level) ? number(next++) : value.number(k)[level];
        }
      }
    }
    value.fill_others();
    const Value back = PackedValue(value).unpack(set);
    ASSERT_EQ(back.numbers(), value.numbers());
    EXPECT_EQ(back.classes(), value.classes());
    EXPECT_EQ(back.label(1), 7U);
    EXPECT_EQ(back.knows_blocks(), knows_blocks);
    ASSERT_EQ(back.blocks().size(), knows_blocks ? 2U : 0U);
    if (knows_blocks) {
      EXPECT_EQ(back.blocks()[1].block, 5U);
      EXPECT_EQ(back.blocks()[1].radius, number(0.5));
    }
    ASSERT_EQ(back.cells().size(), 2U);
    EXPECT_EQ(back.cells()[1].knows_blocks(), knows_blocks);
    for (std::size_t k = 0; k < value.numbers(); ++k) {
      EXPECT_EQ(back.number(k), value.number(k)) << k;
      for (std::size_t c = 0; c < 2; ++c) {
        ASSERT_EQ(back.cells()[c].numbers(), value.numbers());
        EXPECT_EQ(back.cells()[c].number(k), value.cells()[c].number(k)) << k << " in cell " << c;
      }
    }
  }
}

}  // namespace
}  // namespace smoothbound::rules::in_cells
