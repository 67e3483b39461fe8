// Dense linear algebra on plain arrays: the one door to BLAS and LAPACK. Matrices are row-major.
//
// Sizes have to fit, as in any product; they are not checked. A size beyond 2^31 - 1 throws
// std::length_error. Results depend on the arguments and the number of threads alone.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace smoothbound::linalg {

struct DenseMatrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<double> entries;

  DenseMatrix() = default;
  DenseMatrix(std::int64_t row_count, std::int64_t column_count)
      : rows(row_count),
        columns(column_count),
        entries(static_cast<std::size_t>(row_count * column_count)) {}
  double& operator()(std::int64_t row, std::int64_t column) {
    return entries[static_cast<std::size_t>(row * columns + column)];
  }
  double operator()(std::int64_t row, std::int64_t column) const {
    return entries[static_cast<std::size_t>(row * columns + column)];
  }
  [[nodiscard]] std::span<double> row(std::int64_t i) {
    return {entries.data() + i * columns, static_cast<std::size_t>(columns)};
  }
  [[nodiscard]] std::span<const double> row(std::int64_t i) const {
    return {entries.data() + i * columns, static_cast<std::size_t>(columns)};
  }
};

/// A matrix, or a rectangle of one, that belongs to someone else.
template <class Number>
struct MatrixSpan {
  using Owner = std::conditional_t<std::is_const_v<Number>, const DenseMatrix, DenseMatrix>;

  Number* data;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t stride;  // from a row to the next one

  MatrixSpan(Number* first, std::int64_t row_count, std::int64_t column_count)
      : data(first), rows(row_count), columns(column_count), stride(column_count) {}
  MatrixSpan(Owner& owner) : MatrixSpan(owner.entries.data(), owner.rows, owner.columns) {}
  template <class Other>
  MatrixSpan(const MatrixSpan<Other>& other)
      : data(other.data), rows(other.rows), columns(other.columns), stride(other.stride) {}

  [[nodiscard]] MatrixSpan middle_rows(std::int64_t first, std::int64_t count) const {
    MatrixSpan part = *this;
    part.data += first * stride;
    part.rows = count;
    return part;
  }
  [[nodiscard]] MatrixSpan middle_columns(std::int64_t first, std::int64_t count) const {
    MatrixSpan part = *this;
    part.data += first;
    part.columns = count;
    return part;
  }
};
using MatrixView = MatrixSpan<double>;
using ConstMatrixView = MatrixSpan<const double>;

enum class Transpose : bool { no, yes };

/// What stands in a product: a matrix or its transpose.
struct Factor {
  ConstMatrixView matrix;
  Transpose transpose = Transpose::no;

  Factor(ConstMatrixView of, Transpose how = Transpose::no) : matrix(of), transpose(how) {}
  Factor(const DenseMatrix& of) : matrix(of) {}
  [[nodiscard]] std::int64_t rows() const {
    return transpose == Transpose::yes ? matrix.columns : matrix.rows;
  }
  [[nodiscard]] std::int64_t columns() const {
    return transpose == Transpose::yes ? matrix.rows : matrix.columns;
  }
};
inline Factor transposed(ConstMatrixView matrix) { return {matrix, Transpose::yes}; }

/// C = op(A) op(B), or C += that; C is rows x columns, `inner` the shared dimension, each matrix
/// dense with rows one behind the other, those of C `stride_c` apart (0: no gap). float or double.
template <class Scalar>
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t rows, std::int64_t columns,
          std::int64_t inner, const Scalar* a, const Scalar* b, bool accumulate, Scalar* c,
          std::int64_t stride_c = 0);

/// C = A B
void multiply(const Factor& A, const Factor& B, MatrixView C);
DenseMatrix product(const Factor& A, const Factor& B);
/// C += alpha A B
void add_product(double alpha, const Factor& A, const Factor& B, MatrixView C);
/// y = A x
void multiply(const Factor& A, std::span<const double> x, std::span<double> y);
std::vector<double> product(const Factor& A, std::span<const double> x);
/// y += alpha A x
void add_product(double alpha, const Factor& A, std::span<const double> x, std::span<double> y);
/// C += alpha A A^T, for symmetric C: what is above the diagonal becomes what is below it.
void add_gram(double alpha, const Factor& A, MatrixView C);

double dot(std::span<const double> x, std::span<const double> y);
/// y += alpha x
void add_scaled(double alpha, std::span<const double> x, std::span<double> y);
void scale(double alpha, std::span<double> x);
bool all_finite(std::span<const double> values);
void add_to_diagonal(double alpha, MatrixView A);

/// A = L L^T, by the lower triangle of A, which becomes L; what is above it stays as it is. False
/// if A is not positive definite, with NaN for instance: then it is of no use any more.
[[nodiscard]] bool cholesky(MatrixView A);
/// B = L^-1 B, by the lower triangle of L alone, whose diagonal must not have a zero.
void solve_lower(ConstMatrixView L, MatrixView B);
void solve_lower(ConstMatrixView L, std::span<double> b);
/// B = L^-T B
void solve_lower_transposed(ConstMatrixView L, MatrixView B);
void solve_lower_transposed(ConstMatrixView L, std::span<double> b);

/// A = U S V^T with r = min(rows, columns) singular values.
struct ThinSvd {
  DenseMatrix U;                 // rows x r, orthonormal columns
  std::vector<double> singular;  // decreasing
  DenseMatrix Vt;                // r x columns, orthonormal rows
};

/// The functions below throw std::invalid_argument if a number is not finite, and
/// std::runtime_error if LAPACK's iteration does not converge.
ThinSvd thin_svd(ConstMatrixView A);
std::vector<double> singular_values(ConstMatrixView A);

/// A^T = Q R: Q^T, rows x columns, for A with no more rows than columns. Its rows are orthonormal,
/// A = R^T Q^T, and R^T = A Q is a lower triangle.
DenseMatrix thin_qr(ConstMatrixView A);

struct SymmetricEigen {
  std::vector<double> values;  // increasing
  DenseMatrix vectors;         // a row for each
};

/// Of the symmetric matrix with this diagonal and, one number less, what is below it.
SymmetricEigen tridiagonal_eigen(std::span<const double> diagonal, std::span<const double> below);

}  // namespace smoothbound::linalg
