// Merges of branches, at points small enough to work out by hand.

#include "smoothbound/rules/merge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "support/ball.hpp"

namespace smoothbound::rules {
namespace {

using support::Ball;
using support::check_upper;

Magnitude number_of(double value) { return Magnitude::from_double(value); }
const Magnitude infinite = Magnitude::infinity();

// Equal groups are the same parameters.
struct Branch {
  Triple bounds;
  std::uint32_t group = 0;
};

std::vector<Value> values_of(const std::vector<Branch>& branches, LevelSet level_set = {}) {
  std::vector<Value> values;
  for (const Branch& branch : branches) {
    values.emplace_back(branch.bounds, level_set);
    values.back().set_label(0, rest_of_branch(branch.group));
  }
  return values;
}

std::vector<Branch> three_branches() {
  const auto triple = [](double m, double l, double L) {
    return Triple{number_of(m), number_of(l), number_of(L)};
  };
  return {{triple(1, 2, 3), 0}, {triple(4, 5, 6), 1}, {triple(7, 1, 2), 0}};
}

std::vector<Branch> of_one_group(std::vector<Branch> branches) {
  for (Branch& branch : branches) branch.group = 0;
  return branches;
}

Triple joined(Value value) {
  join_rests(value);
  EXPECT_EQ(value.groups(), 1U);
  EXPECT_EQ(value.label(0), rest);
  return value.total();
}

void expect_bounds(const Triple& given, const Ball& m, const Ball& l, const Ball& L) {
  EXPECT_EQ(check_upper(given.m, m), "") << "m";
  EXPECT_EQ(check_upper(given.lipschitz, l), "") << "l";
  EXPECT_EQ(check_upper(given.smoothness, L), "") << "L";
}

BilinearBound euclidean_product() {
  BilinearBound bound;
  bound.products[euclidean] = {{reading_of(euclidean), reading_of(euclidean)}};
  return bound;
}

Value product_of(const std::vector<Value>& factors) {
  return product(factors, [](std::size_t) { return euclidean_product(); });
}

// Branches 1 and 3 share parameters, l = 2 + 1 and L = 3 + 2; together with the second
// l = sqrt(9 + 25), L = max(5, 6).
TEST(Merge, SumAddsInsideGroupsAndTakesRootsBetweenThem) {
  expect_bounds(joined(sum(values_of(three_branches()))), 12, square_root(Ball(34)), 6);
}

TEST(Merge, SumOfOneGroupIsTheTriangleInequality) {
  expect_bounds(joined(sum(values_of(of_one_group(three_branches())))), 12, 8, 11);
}

// One group: roots of sums of squares. Branches 1 and 3: l = sqrt(5), L = sqrt(13); they and the
// second one act on entries of their own, so that the larger one counts.
TEST(Merge, ConcatenationTakesRootsInsideGroupsAndTheLargestOfThem) {
  expect_bounds(joined(concatenation(values_of(of_one_group(three_branches())), {})),
                square_root(Ball(66)), square_root(Ball(30)), 7);
  expect_bounds(joined(concatenation(values_of(three_branches()), {})), square_root(Ball(66)), 5,
                6);
}

// What is known along one direction, of disjoint branches the largest, and of all blocks together.
TEST(Merge, OneDirectionIsThatOfEachDisjointBranch) {
  const auto merged = [](std::uint32_t first, std::uint32_t second, bool apart) {
    std::vector<Value> values =
        values_of({{{number_of(1), {}, {}}, first}, {{number_of(1), {}, {}}, second}});
    for (std::size_t i = 0; i < 2; ++i) {
      values[i].T[euclidean] = number_of(i == 0 ? 3 : 4);
      values[i].S[euclidean] = number_of(i == 0 ? 5 : 12);
    }
    return apart ? concatenation(values, {}) : sum(values);
  };
  EXPECT_EQ(merged(0, 1, false).T[euclidean], number_of(4));
  EXPECT_EQ(merged(0, 1, false).S[euclidean], number_of(13));
  EXPECT_EQ(merged(0, 1, true).T[euclidean], number_of(4));
  EXPECT_EQ(merged(0, 1, true).S[euclidean], number_of(12));
  EXPECT_EQ(merged(0, 0, false).T[euclidean], number_of(7));
  EXPECT_EQ(merged(0, 0, false).S[euclidean], number_of(17));
  EXPECT_EQ(merged(0, 0, true).T[euclidean], number_of(5));
  EXPECT_EQ(merged(0, 0, true).S[euclidean], number_of(13));
}

// Disjoint but for a block that all depend on: they add up.
TEST(Merge, OneDirectionOfBranchesWithACommonBlockIsThatOfTheirSum) {
  std::vector<Value> values = values_of({{{number_of(1), {}, {}}, 0}, {{number_of(1), {}, {}}, 1}});
  for (Value& value : values) {
    value.find_or_add(7);
    value.T[euclidean] = number_of(3);
    value.S[euclidean] = number_of(5);
  }
  EXPECT_EQ(sum(values).T[euclidean], number_of(6));
  EXPECT_EQ(sum(values).S[euclidean], number_of(10));
}

// Of blocks that both use, in whatever order: all derivatives by them add up.
TEST(Merge, SumOfSharedBlocksIsTheTriangleInequality) {
  const auto branch = [](Label first, Label second, double l, double H, double mixed) {
    Value value;
    value.find_or_add(first);
    value.find_or_add(second);
    value.l(value.find(7))[euclidean] = number_of(l);
    value.H(value.find(7), value.find(7))[euclidean] = number_of(H);
    value.H(value.find(7), value.find(8))[euclidean] = number_of(mixed);
    return value;
  };
  const Value all = sum(std::array{branch(7, 8, 1, 2, 3), branch(8, 7, 16, 32, 64)});
  ASSERT_EQ(all.groups(), 2U);
  EXPECT_EQ(all.l(all.find(7))[euclidean], number_of(17));
  EXPECT_TRUE(all.l(all.find(8))[euclidean].is_zero());
  EXPECT_EQ(all.H(all.find(7), all.find(7))[euclidean], number_of(34));
  EXPECT_EQ(all.H(all.find(7), all.find(8))[euclidean], number_of(67));
  EXPECT_TRUE(all.H(all.find(8), all.find(8))[euclidean].is_zero());
}

// Along an axis of which a level takes the supremum: the largest of each.
TEST(Merge, ConcatenationWithinALevelTakesTheLargest) {
  PerLevel<bool> within{};
  within[maximum] = true;
  LevelSet two_levels;
  two_levels.add(maximum);
  const Value all = concatenation(values_of(of_one_group(three_branches()), two_levels), within);
  expect_bounds(all.total(euclidean), square_root(Ball(66)), square_root(Ball(30)), 7);
  expect_bounds(all.total(maximum), 7, 5, 6);
}

// (1, 2, 3) times (4, 5, 6): m = 4, l = 1*5 + 4*2 = 13, L = 1*6 + 4*3 + 2*2*5 = 38; times
// (7, 1, 2): m = 28, l = 4*1 + 7*13 = 95, L = 4*2 + 7*38 + 2*13*1 = 300. In any order.
TEST(Merge, ProductIsBilinear) {
  std::vector<Branch> branches = of_one_group(three_branches());
  expect_bounds(joined(product_of(values_of({branches[0], branches[1]}))), 4, 13, 38);
  expect_bounds(joined(product_of(values_of(branches))), 28, 95, 300);
  std::swap(branches[0], branches[2]);
  expect_bounds(joined(product_of(values_of(branches))), 28, 95, 300);
}

// The same two on disjoint parameters: l = sqrt(5^2 + 8^2), L the largest eigenvalue of
// [4*3, 2*5; 2*5, 1*6] = [12 10; 10 6]: 9 + sqrt(9 + 100).
TEST(Merge, ProductOfDisjointFactors) {
  const std::vector<Branch> branches = three_branches();
  expect_bounds(joined(product_of(values_of({branches[0], branches[1]}))), 4, square_root(Ball(89)),
                Ball(9) + square_root(Ball(109)));
}

// What a product states at a level is lowered to what coarser ones say, before the next factor.
TEST(Merge, ProductLowersLevelsToCoarserOnes) {
  LevelSet two_levels;
  two_levels.add(maximum);
  BilinearBound bound = euclidean_product();
  bound.products[maximum] = {{reading_of(maximum, number_of(8)), reading_of(maximum)}};
  std::vector<Branch> branches = of_one_group(three_branches());
  const Value all = product(values_of(branches, two_levels), [&](std::size_t) { return bound; });
  expect_bounds(all.total(maximum), 28, 95, 300);
}

// v_1 ... v_n with |v_i| <= 1: l = sqrt(n), L = n - 1. Behind the 17th factor the groups become
// one, so that time does not grow with the square of their number: from there on the rule of
// factors that may share whatever it is, (l + 1, L + 2 l).
TEST(Merge, ProductOfManyDisjointFactors) {
  for (const int count : {3, 16, 17, 18, 40}) {
    std::vector<Branch> branches;
    for (int i = 0; i < count; ++i) {
      branches.push_back({{number_of(1), number_of(1), {}}, static_cast<std::uint32_t>(i)});
    }
    const Triple bounds = joined(product_of(values_of(branches)));
    const int apart = std::min(count, 17);
    Ball l = square_root(Ball(apart));
    Ball L(apart - 1);
    for (int i = apart; i < count; ++i) {
      L = L + Ball(2) * l;
      l = l + Ball(1);
    }
    EXPECT_EQ(bounds.m, number_of(1));
    EXPECT_EQ(check_upper(bounds.lipschitz, l), "") << count;
    EXPECT_EQ(check_upper(bounds.smoothness, L), "") << count;
  }
}

// Rests that join one after the other: hypot of the first derivatives, the largest second one.
TEST(Merge, SumOfManyDisjointBranches) {
  std::vector<Branch> branches;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    branches.push_back({{number_of(1), number_of(2), number_of(i % 7)}, i});
  }
  expect_bounds(joined(sum(values_of(branches))), 3000, Ball(2) * square_root(Ball(3000)), 6);
}

TEST(Merge, InfinityStaysUnlessAFactorIsZero) {
  const std::vector<Branch> branches{{{number_of(0), {}, {}}, 0},
                                     {{infinite, infinite, infinite}, 1}};
  const Triple total = joined(sum(values_of(branches)));
  EXPECT_TRUE(total.m.is_infinite() && total.lipschitz.is_infinite());
  EXPECT_TRUE(total.smoothness.is_infinite());
  expect_bounds(joined(product_of(values_of(branches))), 0, 0, 0);
}

// Two groups of blocks at both levels: the numbers of one group, or of a pair, at one level.
struct TwoGroups {
  double m[2];
  double l[2][2];
  double H[2][3];  // of the pairs 11, 12, 22
};

Value value_of(const TwoGroups& numbers, Label first, Label second) {
  LevelSet two_levels;
  two_levels.add(maximum);
  Value value(two_levels);
  const std::array groups{value.find_or_add(first), value.find_or_add(second)};
  for (std::size_t which = 0; which < 2; ++which) {
    const std::size_t level = which == 0 ? euclidean : maximum;
    value.m[level] = number_of(numbers.m[which]);
    for (std::size_t i = 0; i < 2; ++i) value.l(groups[i])[level] = number_of(numbers.l[which][i]);
    value.H(groups[0], groups[0])[level] = number_of(numbers.H[which][0]);
    value.H(groups[0], groups[1])[level] = number_of(numbers.H[which][1]);
    value.H(groups[1], groups[1])[level] = number_of(numbers.H[which][2]);
  }
  value.fill_others();
  return value;
}

// At level 2 with the smaller of |x|_2 |y|_inf and |x|_inf |y|_2: values of a computation apart
// from this one, to 20 digits. Both depend on the same two groups, on a common one and one each, or
// on four.
TEST(Merge, ProductsInTheMaximumNormByGroups) {
  const TwoGroups x{{3, 2}, {{2, 1}, {1.5, 0.5}}, {{1, 0.5, 0.25}, {0.75, 0.25, 0.125}}};
  const TwoGroups y{{2, 1}, {{1.25, 0.75}, {1, 0.5}}, {{0.5, 0.25, 0}, {0.5, 0.125, 0}}};
  BilinearBound bound;
  bound.products[euclidean] = {{reading_of(euclidean), reading_of(maximum)},
                               {reading_of(maximum), reading_of(euclidean)}};
  bound.products[maximum] = {{reading_of(maximum), reading_of(maximum)}};
  struct Expected {
    Label first, second;
    const char* lipschitz;
    const char* smoothness;
  };
  const Label stem = 1;
  const std::vector<Expected> cases{
      {stem, 2, "5.1478150704935001579", "6.8232785560334304292"},
      {stem, 3, "4.8476798574163290141", "6.2924353695238642852"},
      {4, 3, "3.6742346141747671473", "3.41542231911180671"},
  };
  for (const Expected& expected : cases) {
    const Triple total =
        bilinear(value_of(x, stem, 2), value_of(y, expected.first, expected.second), bound).total();
    EXPECT_EQ(check_upper(total.m, 3), "");
    EXPECT_NEAR(total.lipschitz.to_double() / std::stod(expected.lipschitz), 1, 1e-15);
    EXPECT_GE(total.lipschitz, Magnitude::from_decimal(expected.lipschitz) *
                                   Magnitude::from_decimal("0.99999999999999999"));
    EXPECT_NEAR(total.smoothness.to_double() / std::stod(expected.smoothness), 1, 1e-12);
    EXPECT_GE(total.smoothness, Magnitude::from_decimal(expected.smoothness) *
                                    Magnitude::from_decimal("0.99999999999999999"));
  }
}

}  // namespace
}  // namespace smoothbound::rules
