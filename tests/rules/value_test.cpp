// Values by levels and groups: how groups join, eigenvalues, and what blocks that are used several
// times come to. Each wrong rule that suggests itself has an example here that it fails.

#include "smoothbound/rules/value.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "smoothbound/rules/compose.hpp"
#include "smoothbound/rules/merge.hpp"
#include "support/ball.hpp"
#include "support/symmetric_eigenvalues.hpp"

namespace smoothbound::rules {
namespace {

using support::Ball;
using support::check_upper;

Magnitude count_of(std::int64_t value) { return Magnitude::from_count(value); }

AffineConstants linear_block() {
  AffineConstants b;
  b.bilinear.value = count_of(1);
  return b;
}

Triple fixed_input(std::int64_t norm) { return {count_of(norm), {}, {}}; }

// z = v^T x for one number v in [-1, 1] and x = 1: l = T, L = T (T - 1), attained at v = 1. As if
// each use were a block of its own the result would be sqrt(T) and T - 1.
TEST(SharedBlocks, AChainOfOneBlockIsExact) {
  for (const std::int64_t uses : {1, 2, 3, 4, 8}) {
    Value z(fixed_input(1), LevelSet{});
    for (std::int64_t use = 0; use < uses; ++use) {
      Composition step(z, Method::sharp);
      step.apply(linear_block(), count_of(1), {}, 1);
      z = step.value();
    }
    const Triple total = z.total();
    EXPECT_EQ(total.m, count_of(1));
    EXPECT_EQ(total.lipschitz, count_of(uses));
    EXPECT_EQ(total.smoothness, count_of(uses * (uses - 1)));
  }
}

// Inside one layer, too: the second affine part begins a stretch.
TEST(SharedBlocks, ABlockMayComeTwiceInALayer) {
  Composition layer(fixed_input(1), Method::sharp);
  layer.apply(linear_block(), count_of(1), {}, 1);
  layer.apply(linear_block(), count_of(1), {}, 1);
  EXPECT_EQ(layer.result().lipschitz, count_of(2));
  EXPECT_EQ(layer.result().smoothness, count_of(2));
}

// v^2 w x: with R = x = 1 the gradient is (2, 1) and the Hessian [2 2; 2 0].
TEST(SharedBlocks, BlocksThatAreUsedOnceStayOrthogonal) {
  Value z(fixed_input(1), LevelSet{});
  for (const Label group : {Label{1}, rest, Label{1}}) {
    Composition step(z, Method::sharp);
    step.apply(linear_block(), count_of(1), {}, group);
    z = step.value();
  }
  const Triple total = z.total();
  EXPECT_EQ(check_upper(total.lipschitz, square_root(Ball(5))), "");
  EXPECT_EQ(check_upper(total.smoothness, Ball(1) + square_root(Ball(5))), "");
}

Value number_times_input(Label group) {
  Composition product(fixed_input(1), Method::sharp);
  product.apply(linear_block(), count_of(1), {}, group);
  return product.value();
}

// v x + v x, (v x; v x) and (v x) (v x) with one block v and x = R = 1.
TEST(SharedBlocks, BranchesOfOneBlock) {
  const std::vector<Value> branches(2, number_times_input(1));
  const Triple added = sum(branches).total();
  EXPECT_EQ(added.lipschitz, count_of(2));
  EXPECT_EQ(added.smoothness, Magnitude());
  const Value pair = concatenation(branches, {});
  EXPECT_EQ(check_upper(pair.total().lipschitz, square_root(Ball(2))), "");
  BilinearBound bound;
  bound.products[euclidean] = {{reading_of(euclidean), reading_of(euclidean)}};
  const Triple product = bilinear(branches[0], branches[1], bound).total();
  EXPECT_EQ(product.lipschitz, count_of(2));
  EXPECT_EQ(product.smoothness, count_of(2));
}

// v a x + v b x for blocks a, b, v and x = R = 1: the gradient is (1, 1, 2), the Hessian has the
// entries a v and b v. The branches begin with different blocks, and still share one.
TEST(SharedBlocks, BranchesThatShareABlockFurtherDown) {
  std::vector<Value> branches;
  for (const std::uint32_t branch : {0U, 1U}) {
    Composition first(fixed_input(1), Method::sharp);
    first.apply(linear_block(), count_of(1));
    Composition second(first.value(), Method::sharp);
    second.apply(linear_block(), count_of(1), {}, 1);
    branches.push_back(second.value());
    branches.back().set_label(branches.back().find(rest), rest_of_branch(branch));
  }
  const Triple total = sum(branches).total();
  EXPECT_EQ(check_upper(total.lipschitz, square_root(Ball(6))), "");
  EXPECT_EQ(check_upper(total.smoothness, square_root(Ball(2))), "");
}

// The paper's rules are triangle inequalities: they need no groups.
TEST(SharedBlocks, AreOneGroupWithAllOthersInThePapersMethod) {
  Value z(fixed_input(1), LevelSet{});
  for (int use = 0; use < 3; ++use) {
    Composition step(z, Method::paper);
    step.apply(linear_block(), count_of(1), {}, 1);
    z = step.value();
    EXPECT_EQ(z.groups(), 1U);
  }
  EXPECT_EQ(z.total().lipschitz, count_of(3));
  EXPECT_EQ(z.total().smoothness, count_of(6));
}

// Dense with bias (R = 3/2) three times on a sample of norm 1: to 20 digits, computed elsewhere.
TEST(SharedBlocks, TiedDenseLayersWithBias) {
  AffineConstants b = linear_block();
  b.linear_parameters.value = count_of(1);
  Value z(fixed_input(1), LevelSet{});
  for (int use = 0; use < 3; ++use) {
    Composition step(z, Method::sharp);
    step.apply(b, Magnitude::from_decimal("1.5"), {}, 1);
    z = step.value();
  }
  EXPECT_NEAR(z.total().lipschitz.to_double(), 10.35697704478898439, 1e-14);
  EXPECT_NEAR(z.total().smoothness.to_double(), 13.175697134061999847, 1e-14);
}

// Symmetric, of entries that a function of i >= j draws.
template <class Draw>
std::vector<double> symmetric(std::size_t size, const Draw& draw) {
  std::vector<double> matrix(size * size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j <= i; ++j) matrix[i * size + j] = matrix[j * size + i] = draw(i, j);
  }
  return matrix;
}

Magnitude bound_of(const std::vector<double>& matrix, std::size_t size) {
  std::vector<Magnitude> magnitudes;
  for (const double h : matrix) magnitudes.push_back(Magnitude::from_double(h));
  return largest_eigenvalue(magnitudes, size);
}

double exact_of(const std::vector<double>& matrix, std::size_t size) {
  linalg::DenseMatrix A(static_cast<std::int64_t>(size), static_cast<std::int64_t>(size));
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      A(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j)) = matrix[i * size + j];
    }
  }
  return support::symmetric_eigenvalues(A).back();
}

TEST(LargestEigenvalue, OfRandomMatrices) {
  std::mt19937_64 random(7);  // NOLINT: a fixed seed
  std::uniform_real_distribution<double> entry(0, 1);
  for (int trial = 0; trial < 600; ++trial) {
    const std::size_t size = 1 + static_cast<std::size_t>(trial) % 6;
    const bool sparse = trial % 3 == 0;
    const bool wide = trial % 4 == 0;  // entries of very different sizes
    const auto matrix = symmetric(size, [&](std::size_t, std::size_t) {
      const double h = sparse && entry(random) < 0.5 ? 0 : entry(random);
      return wide ? std::pow(h, 12) : h;
    });
    const double exact = exact_of(matrix, size);
    const double bound = bound_of(matrix, size).to_double();
    EXPECT_GE(bound, exact * (1 - 1e-14)) << "trial " << trial;
    EXPECT_LE(bound, exact * (1 + 1e-13)) << "trial " << trial;
  }
}

// Eigenvalues that are close to each other, which few power steps do not tell apart.
TEST(LargestEigenvalue, OfClosePairs) {
  for (const double gap : {1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14}) {
    const std::vector<double> matrix{1, gap / 8, 0, gap / 8, 1 + gap, gap / 16, 0, gap / 16, 0.5};
    const double exact = exact_of(matrix, 3);
    const double bound = bound_of(matrix, 3).to_double();
    EXPECT_GE(bound, exact * (1 - 1e-15)) << gap;
    EXPECT_LE(bound, exact * (1 + 1e-14)) << gap;
  }
}

// Of many rows it is a bound within what a few steps find, and never above the largest row sum.
TEST(LargestEigenvalue, OfManyRows) {
  std::mt19937_64 random(11);  // NOLINT: a fixed seed
  std::uniform_real_distribution<double> entry(0, 1);
  for (const std::size_t size : {8U, 16U, 24U, 40U}) {
    const auto matrix = symmetric(size, [&](std::size_t, std::size_t) { return entry(random); });
    double row_sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < size; ++j) sum += matrix[i * size + j];
      row_sum = std::max(row_sum, sum);
    }
    const double exact = exact_of(matrix, size);
    const double bound = bound_of(matrix, size).to_double();
    EXPECT_GE(bound, exact * (1 - 1e-13)) << size;
    EXPECT_LE(bound, exact * (1 + 1e-6)) << size;
    EXPECT_LT(bound, row_sum) << size;
  }
}

// Smaller entries do not make a larger bound, as far as rounding tells them apart.
TEST(LargestEigenvalue, IncreasesInEachEntry) {
  std::mt19937_64 random(13);  // NOLINT: a fixed seed
  std::uniform_real_distribution<double> entry(0, 1);
  for (int trial = 0; trial < 300; ++trial) {
    const std::size_t size = 3 + static_cast<std::size_t>(trial) % 3;
    const auto larger = symmetric(size, [&](std::size_t, std::size_t) { return entry(random); });
    const auto smaller = symmetric(size, [&](std::size_t i, std::size_t j) {
      return larger[i * size + j] * (trial % 2 == 0 ? 1 - 1e-9 * entry(random) : entry(random));
    });
    EXPECT_LE(bound_of(smaller, size).to_double(), bound_of(larger, size).to_double() * (1 + 1e-15))
        << "trial " << trial;
  }
}

// Not even by rounding.
TEST(LargestEigenvalue, OfTwoNumbersApartIsTheLargerOne) {
  const Magnitude small = scale(count_of(1), -100);
  EXPECT_EQ(largest_eigenvalue(count_of(1), {}, small), count_of(1));
  EXPECT_EQ(largest_eigenvalue(small, {}, count_of(1)), count_of(1));
}

TEST(LargestEigenvalue, OfMatricesThatPowerStepsDoNotSettle) {
  const Magnitude zero;
  const auto of = [](std::vector<Magnitude> matrix) { return largest_eigenvalue(matrix, 3); };
  const Magnitude one = count_of(1);
  // Alternating without a shift; blocks that do not see each other; zeros; infinity.
  const Magnitude path = of({zero, one, zero, one, zero, one, zero, one, zero});
  EXPECT_GE(path, square_root(count_of(2)) * Magnitude::from_decimal("0.999999999999999999"));
  EXPECT_NEAR(path.to_double(), std::sqrt(2), 1e-15);
  // The shift is one of what the entries are.
  const Magnitude large = count_of(std::int64_t{1} << 40);
  EXPECT_EQ(of({zero, large, zero, large, zero, large, zero, large, zero}), scale(path, 40));
  EXPECT_EQ(of({count_of(2), zero, zero, zero, count_of(5), zero, zero, zero, one}), count_of(5));
  EXPECT_EQ(of({zero, zero, zero, zero, zero, zero, zero, zero, zero}), zero);
  EXPECT_EQ(of({zero, zero, zero, zero, count_of(3), zero, zero, zero, zero}), count_of(3));
  EXPECT_TRUE(of({one, one, one, one, Magnitude::infinity(), one, one, one, one}).is_infinite());
  Magnitude huge = count_of(2);  // 2^(2^61): its square overflows
  for (int i = 0; i < 61; ++i) huge = huge * huge;
  EXPECT_GE(of({huge, huge, huge, huge, huge, huge, huge, huge, huge}), huge + huge + huge);
}

// Of 1, 2 and more groups.
TEST(Totals, AreAtMostWhatIsKnownOfOneDirection) {
  for (const std::size_t groups : {1U, 2U, 3U, 4U}) {
    Value z;
    for (Label label = 1; label <= groups; ++label) z.find_or_add(label);
    for (std::size_t i = 0; i < groups; ++i) {
      z.l(i)[euclidean] = count_of(8);
      z.H(i, i)[euclidean] = count_of(8);
    }
    EXPECT_EQ(z.smoothness(euclidean), count_of(8)) << groups;
    z.T[euclidean] = count_of(3);
    z.S[euclidean] = count_of(5);
    EXPECT_EQ(z.smoothness(euclidean), count_of(3)) << groups;
    EXPECT_EQ(z.lipschitz(euclidean), count_of(5)) << groups;
    z.lower_to_form();
    EXPECT_EQ(z.H(0, 0)[euclidean], count_of(3)) << groups;
    EXPECT_EQ(z.l(0)[euclidean], count_of(5)) << groups;
  }
}

// Whichever it is.
TEST(Totals, AreThoseOfTheLargestCell) {
  for (const std::size_t larger : {0U, 1U}) {
    LevelSet set;
    set.add(per_position);
    Value z(fixed_input(1), set);
    z.divide(std::make_shared<const PositionClasses>(
        std::vector{PositionClasses::Axis{{0, 1}, {1, 1}}}));
    for (std::size_t c = 0; c < 2; ++c) {
      z.cell(c).l(0)[per_position] = count_of(c == larger ? 7 : 3);
      z.cell(c).H(0, 0)[per_position] = count_of(c == larger ? 11 : 5);
    }
    EXPECT_EQ(z.lipschitz(per_position), count_of(7));
    EXPECT_EQ(z.smoothness(per_position), count_of(11));
  }
}

}  // namespace
}  // namespace smoothbound::rules
