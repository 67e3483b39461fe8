// Products against loops, factorizations against what defines them.
#include "smoothbound/runtime/linear_algebra.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <stdexcept>

#include "support/symmetric_eigenvalues.hpp"

namespace smoothbound::linalg {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::Pointwise;
using ::testing::ThrowsMessage;
using Vector = std::vector<double>;

struct Shape {
  std::int64_t rows;
  std::int64_t columns;
};

DenseMatrix random_matrix(Shape shape, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  DenseMatrix m(shape.rows, shape.columns);
  for (double& entry : m.entries) entry = normal(random);
  return m;
}

DenseMatrix turn(const DenseMatrix& m) {
  DenseMatrix result(m.columns, m.rows);
  for (std::int64_t i = 0; i < m.rows; ++i) {
    for (std::int64_t j = 0; j < m.columns; ++j) result(j, i) = m(i, j);
  }
  return result;
}

// A B, by the definition.
DenseMatrix times(const DenseMatrix& a, const DenseMatrix& b) {
  DenseMatrix c(a.rows, b.columns);
  for (std::int64_t i = 0; i < c.rows; ++i) {
    for (std::int64_t j = 0; j < c.columns; ++j) {
      for (std::int64_t k = 0; k < a.columns; ++k) c(i, j) += a(i, k) * b(k, j);
    }
  }
  return c;
}

DenseMatrix diagonal(const Vector& entries) {
  const auto size = static_cast<std::int64_t>(entries.size());
  DenseMatrix m(size, size);
  for (std::int64_t i = 0; i < size; ++i) m(i, i) = entries[static_cast<std::size_t>(i)];
  return m;
}

DenseMatrix identity(std::int64_t size) {
  return diagonal(Vector(static_cast<std::size_t>(size), 1));
}

DenseMatrix lower_triangle(DenseMatrix m) {
  for (std::int64_t i = 0; i < m.rows; ++i) {
    for (std::int64_t j = i + 1; j < m.columns; ++j) m(i, j) = 0;
  }
  return m;
}

double largest_difference(const DenseMatrix& a, const DenseMatrix& b) {
  if (a.rows != b.rows || a.columns != b.columns) return HUGE_VAL;
  double largest = 0;
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    const double difference = std::abs(a.entries[i] - b.entries[i]);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

// Of numbers around 1 and sums of some hundred.
constexpr double rounding = 1e-12;

const Shape shapes[] = {{1, 1}, {1, 7}, {7, 1}, {3, 3}, {5, 9}, {9, 5}, {40, 33}, {60, 200}};

TEST(Products, AreTheirDefinition) {
  std::mt19937_64 random(1);
  for (const std::int64_t rows : {1, 2, 7, 40}) {
    for (const std::int64_t columns : {1, 3, 8, 50}) {
      for (const std::int64_t inner : {1, 2, 9, 70}) {
        SCOPED_TRACE(::testing::Message() << rows << " x " << inner << " x " << columns);
        const DenseMatrix a = random_matrix({rows, inner}, random);
        const DenseMatrix b = random_matrix({inner, columns}, random);
        const DenseMatrix at = turn(a);
        const DenseMatrix bt = turn(b);
        const DenseMatrix expected = times(a, b);
        EXPECT_LE(largest_difference(product(a, b), expected), rounding);
        EXPECT_LE(largest_difference(product(transposed(at), b), expected), rounding);
        EXPECT_LE(largest_difference(product(a, transposed(bt)), expected), rounding);
        EXPECT_LE(largest_difference(product(transposed(at), transposed(bt)), expected), rounding);

        // Within larger matrices, of which the rest stays as it is.
        DenseMatrix frame(rows + 2, columns + 3);
        MatrixView middle = MatrixView(frame).middle_rows(1, rows).middle_columns(2, columns);
        multiply(a, b, middle);
        add_product(-3, transposed(at), b, middle);
        DenseMatrix framed(rows + 2, columns + 3);
        for (std::int64_t i = 0; i < rows; ++i) {
          for (std::int64_t j = 0; j < columns; ++j) framed(i + 1, j + 2) = -2 * expected(i, j);
        }
        EXPECT_LE(largest_difference(frame, framed), rounding);
        const auto part = ConstMatrixView(frame).middle_rows(1, rows).middle_columns(2, columns);
        DenseMatrix from_part = product(transposed(part), a);
        scale(-0.5, from_part.entries);
        EXPECT_LE(largest_difference(from_part, times(turn(expected), a)), 100 * rounding);

        const Vector x = b.columns == 1 ? b.entries : turn(b).entries;
        const std::span<const double> first(x.data(), static_cast<std::size_t>(inner));
        DenseMatrix column(inner, 1);
        std::copy(first.begin(), first.end(), column.entries.begin());
        const Vector image = times(a, column).entries;
        EXPECT_THAT(product(a, first), Pointwise(DoubleNear(rounding), image));
        Vector sum = image;
        add_product(-1, transposed(at), first, sum);
        EXPECT_THAT(sum, Each(DoubleNear(0, rounding)));

        DenseMatrix gram = identity(rows);
        add_gram(-2, a, gram);
        add_gram(-2, transposed(at), gram);
        DenseMatrix by_loops = times(a, at);
        scale(-4, by_loops.entries);
        add_to_diagonal(1, by_loops);
        EXPECT_LE(largest_difference(gram, by_loops), 10 * rounding);
        EXPECT_EQ(turn(gram).entries, gram.entries);
      }
    }
  }
}

TEST(Products, OfNothingAreZero) {
  const DenseMatrix sum = product(DenseMatrix(2, 0), DenseMatrix(0, 3));
  EXPECT_EQ(sum.entries, Vector(6));
  EXPECT_TRUE(product(DenseMatrix(0, 2), DenseMatrix(2, 3)).entries.empty());
  Vector y{1, 2};
  add_product(1, DenseMatrix(2, 0), Vector{}, y);
  EXPECT_EQ(y, (Vector{1, 2}));
  EXPECT_EQ(dot(Vector{}, Vector{}), 0);
}

// What stood in C before does not matter where nothing is added to it.
TEST(Products, OverwriteNaN) {
  for (const std::int64_t size : {1, 2, 30}) {
    DenseMatrix c(size, size);
    std::fill(c.entries.begin(), c.entries.end(), std::nan(""));
    multiply(identity(size), identity(size), c);
    EXPECT_EQ(c.entries, identity(size).entries);
  }
}

TEST(Vectors, AreAddedAndMultiplied) {
  for (const std::size_t size : {1U, 7U, 8U, 9U, 31U}) {
    Vector x(size);
    for (std::size_t i = 0; i < size; ++i) x[i] = static_cast<double>(i + 1);
    const auto n = static_cast<double>(size);
    EXPECT_EQ(dot(x, Vector(size, 2)), n * (n + 1));
    Vector y(size, 1);
    add_scaled(2, x, y);
    scale(3, y);
    EXPECT_EQ(y.back(), 6 * n + 3);
    EXPECT_EQ(y.front(), 9);
  }
  EXPECT_TRUE(all_finite(Vector{1, -1e308}));
  EXPECT_FALSE(all_finite(Vector{1, HUGE_VAL}));
  EXPECT_FALSE(all_finite(Vector{std::nan(""), 1}));
}

TEST(Gemm, OfBothPrecisionsIsTheSame) {
  std::mt19937_64 random(2);
  for (const Shape shape : shapes) {
    const DenseMatrix a = random_matrix(shape, random);
    const DenseMatrix b = random_matrix({shape.columns, 6}, random);
    const std::vector<float> a_float(a.entries.begin(), a.entries.end());
    const std::vector<float> b_float(b.entries.begin(), b.entries.end());
    DenseMatrix c(shape.rows, 6);
    std::vector<float> c_float(c.entries.size());
    for (const bool accumulate : {false, true}) {
      gemm(Transpose::no, Transpose::no, shape.rows, 6, shape.columns, a.entries.data(),
           b.entries.data(), accumulate, c.entries.data());
      gemm(Transpose::no, Transpose::no, shape.rows, 6, shape.columns, a_float.data(),
           b_float.data(), accumulate, c_float.data());
    }
    DenseMatrix expected = times(a, b);
    scale(2, expected.entries);
    EXPECT_LE(largest_difference(c, expected), rounding);
    EXPECT_THAT(c_float, Pointwise(DoubleNear(1e-3), expected.entries));
  }
}

TEST(Cholesky, GivesATriangleWithWhichItSolves) {
  std::mt19937_64 random(3);
  for (const std::int64_t size : {1, 2, 5, 33, 150}) {
    SCOPED_TRACE(size);
    DenseMatrix a = identity(size);
    add_gram(1, random_matrix({size, size}, random), a);
    DenseMatrix factor = a;
    ASSERT_TRUE(cholesky(factor));
    const DenseMatrix L = lower_triangle(factor);
    EXPECT_LE(largest_difference(times(L, turn(L)), a), rounding * static_cast<double>(size));
    for (std::int64_t i = 0; i < size; ++i) {
      EXPECT_GT(L(i, i), 0);
      for (std::int64_t j = i + 1; j < size; ++j) EXPECT_EQ(factor(i, j), a(i, j));
    }
    const DenseMatrix x = random_matrix({size, 4}, random);
    DenseMatrix b = times(L, x);
    solve_lower(factor, b);
    EXPECT_LE(largest_difference(b, x), 1e-10);
    b = times(turn(L), x);
    solve_lower_transposed(factor, b);
    EXPECT_LE(largest_difference(b, x), 1e-10);

    DenseMatrix y = random_matrix({size, 1}, random);
    Vector c = times(a, y).entries;
    solve_lower(factor, c);
    solve_lower_transposed(factor, c);
    EXPECT_THAT(c, Pointwise(DoubleNear(1e-10), y.entries));
  }
}

TEST(Cholesky, ReportsWhatIsNotPositiveDefinite) {
  for (const std::int64_t size : {1, 3, 40, 200}) {
    for (const std::int64_t place : {std::int64_t{0}, size / 2, size - 1}) {
      for (const double bad : {-1.0, 0.0, std::nan(""), -HUGE_VAL, HUGE_VAL}) {
        DenseMatrix a = identity(size);
        a(place, place) = bad;
        EXPECT_FALSE(cholesky(a)) << size << " " << place << " " << bad;
      }
    }
  }
  DenseMatrix indefinite(2, 2);
  indefinite.entries = {1, 2, 2, 1};
  EXPECT_FALSE(cholesky(indefinite));
  DenseMatrix unknown = identity(40);
  unknown(30, 7) = std::nan("");
  EXPECT_FALSE(cholesky(unknown));
  DenseMatrix none;
  EXPECT_TRUE(cholesky(none));
}

// The triangle alone is read.
TEST(Cholesky, IgnoresWhatIsAboveTheDiagonal) {
  DenseMatrix a(2, 2);
  a.entries = {4, std::nan(""), 2, 5};
  ASSERT_TRUE(cholesky(a));
  EXPECT_EQ(a(0, 0), 2);
  EXPECT_EQ(a(1, 0), 1);
  EXPECT_EQ(a(1, 1), 2);
  Vector b{2, 5};
  solve_lower(a, b);
  EXPECT_EQ(b, (Vector{1, 2}));
  solve_lower_transposed(a, b);
  EXPECT_EQ(b, (Vector{0, 1}));
}

void expect_decomposition(const DenseMatrix& a) {
  const ThinSvd svd = thin_svd(a);
  const std::int64_t rank = std::min(a.rows, a.columns);
  const double size = 1 + std::sqrt(dot(a.entries, a.entries));
  ASSERT_EQ(static_cast<std::int64_t>(svd.singular.size()), rank);
  EXPECT_LE(largest_difference(times(times(svd.U, diagonal(svd.singular)), svd.Vt), a),
            rounding * size);
  EXPECT_LE(largest_difference(times(turn(svd.U), svd.U), identity(rank)), rounding);
  EXPECT_LE(largest_difference(times(svd.Vt, turn(svd.Vt)), identity(rank)), rounding);
  EXPECT_TRUE(std::is_sorted(svd.singular.rbegin(), svd.singular.rend()));
  EXPECT_GE(svd.singular.back(), 0);
  EXPECT_THAT(singular_values(a), Pointwise(DoubleNear(rounding * size), svd.singular));
}

TEST(ThinSvd, MultipliesBackWithOrthonormalVectors) {
  std::mt19937_64 random(4);
  for (const Shape shape : shapes) {
    SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.columns);
    expect_decomposition(random_matrix(shape, random));
    expect_decomposition(DenseMatrix(shape.rows, shape.columns));
    // Of rank one and two.
    const DenseMatrix left = random_matrix({shape.rows, 2}, random);
    const DenseMatrix right = random_matrix({2, shape.columns}, random);
    const DenseMatrix deficient = times(left, right);
    expect_decomposition(deficient);
    const Vector values = singular_values(deficient);
    for (std::size_t i = 2; i < values.size(); ++i) EXPECT_LE(values[i], rounding * values[0]);
    DenseMatrix tiny = random_matrix(shape, random);
    scale(1e-200, tiny.entries);
    expect_decomposition(tiny);
  }
}

TEST(ThinSvd, HasTheRootsOfTheGramMatrixsEigenvalues) {
  std::mt19937_64 random(5);
  const DenseMatrix a = random_matrix({12, 30}, random);
  Vector squares = support::symmetric_eigenvalues(times(a, turn(a)));
  std::reverse(squares.begin(), squares.end());
  for (double& square : squares) square = std::sqrt(square);
  EXPECT_THAT(singular_values(a), Pointwise(DoubleNear(1e-11), squares));
}

TEST(ThinSvd, OfAViewAndOfNothing) {
  DenseMatrix a(3, 4);
  a(1, 1) = 3;
  a(1, 2) = 4;
  a(0, 3) = 100;
  const ThinSvd svd = thin_svd(ConstMatrixView(a).middle_columns(1, 2));
  EXPECT_THAT(svd.singular, Pointwise(DoubleNear(1e-15), Vector{5, 0}));
  EXPECT_TRUE(thin_svd(DenseMatrix(0, 3)).singular.empty());
  EXPECT_TRUE(singular_values(DenseMatrix(3, 0)).empty());
}

TEST(ThinQr, HasOrthonormalRowsThatLeaveATriangle) {
  std::mt19937_64 random(6);
  for (const Shape shape : {Shape{1, 1}, {1, 7}, {3, 3}, {5, 9}, {40, 41}, {60, 200}}) {
    SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.columns);
    DenseMatrix deficient = random_matrix(shape, random);
    for (std::int64_t j = 0; j < shape.columns; ++j) deficient(shape.rows - 1, j) = deficient(0, j);
    for (const DenseMatrix& a :
         {random_matrix(shape, random), deficient, DenseMatrix(shape.rows, shape.columns)}) {
      const DenseMatrix Qt = thin_qr(a);
      EXPECT_LE(largest_difference(times(Qt, turn(Qt)), identity(shape.rows)), rounding);
      const DenseMatrix L = times(a, turn(Qt));
      EXPECT_LE(largest_difference(L, lower_triangle(L)), rounding);
      EXPECT_LE(largest_difference(times(L, Qt), a), rounding);
    }
  }
  EXPECT_TRUE(thin_qr(DenseMatrix(0, 3)).entries.empty());
}

// 2 on the diagonal, -1 beside it: 2 - 2 cos(k pi / (n + 1)), with the sines as vectors.
TEST(TridiagonalEigen, OfTheSecondDifference) {
  for (const std::size_t size : {1U, 2U, 9U, 24U}) {
    SCOPED_TRACE(size);
    const SymmetricEigen found =
        tridiagonal_eigen(Vector(size, 2), Vector(size > 0 ? size - 1 : 0, -1));
    const auto angle = [&](std::size_t k) {
      return static_cast<double>(k) * std::numbers::pi / static_cast<double>(size + 1);
    };
    for (std::size_t k = 1; k <= size; ++k) {
      EXPECT_NEAR(found.values[k - 1], 2 - 2 * std::cos(angle(k)), 1e-14);
      const auto vector = found.vectors.row(static_cast<std::int64_t>(k - 1));
      const double length = std::sqrt(2 / static_cast<double>(size + 1));
      const double sign = std::copysign(1, vector[0]);
      for (std::size_t i = 0; i < size; ++i) {
        EXPECT_NEAR(sign * vector[i], length * std::sin(static_cast<double>(i + 1) * angle(k)),
                    1e-13);
      }
    }
  }
  EXPECT_TRUE(tridiagonal_eigen({}, {}).values.empty());
}

TEST(Decompositions, RefuseWhatIsNotFinite) {
  const auto refused = ThrowsMessage<std::invalid_argument>(
      "a matrix that is to be decomposed has an entry that is not finite");
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    DenseMatrix a(2, 3);
    a(1, 2) = bad;
    EXPECT_THAT([&] { thin_svd(a); }, refused);
    EXPECT_THAT([&] { singular_values(a); }, refused);
    EXPECT_THAT([&] { thin_qr(a); }, refused);
    EXPECT_THAT([&] { tridiagonal_eigen(Vector{1, bad}, Vector{1}); }, refused);
    EXPECT_THAT([&] { tridiagonal_eigen(Vector{1, 2}, Vector{bad}); }, refused);
  }
}

TEST(Products, RefuseSizesBeyondThoseOfBlas) {
  const std::int64_t large = std::int64_t{1} << 31U;
  double entry = 1;
  const MatrixView one_row(&entry, 1, large);
  EXPECT_THAT(
      [&] { multiply(ConstMatrixView(&entry, 1, 1), ConstMatrixView(one_row), one_row); },
      ThrowsMessage<std::length_error>("a matrix with a side of 2147483648 is too large for BLAS"));
}

}  // namespace
}  // namespace smoothbound::linalg
