#include "smoothbound/runtime/linear_algebra.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <oneapi/dnnl/dnnl.hpp>
#include <stdexcept>

#include "blas.hpp"
#include "smoothbound/runtime/parallel.hpp"

namespace smoothbound::linalg {
namespace {

constexpr int one = 1;

int to_int(std::int64_t size) {
  if (size > std::numeric_limits<int>::max()) {
    throw std::length_error(fmt::format("a matrix with a side of {} is too large for BLAS", size));
  }
  return static_cast<int>(size);
}

// BLAS wants strides of at least 1.
int stride_of(std::int64_t stride) { return to_int(std::max<std::int64_t>(stride, 1)); }

std::size_t to_size(std::int64_t size) { return static_cast<std::size_t>(size); }

// The operation on a row-major matrix, which LAPACK takes for its transpose.
const char* letter(Transpose transpose) { return transpose == Transpose::yes ? "T" : "N"; }
const char* opposite(Transpose transpose) { return transpose == Transpose::yes ? "N" : "T"; }

void scale_rows(double beta, MatrixView C) {
  for (std::int64_t i = 0; i < C.rows; ++i) {
    double* const row = C.data + i * C.stride;
    for (std::int64_t j = 0; j < C.columns; ++j) row[j] = beta == 0 ? 0 : beta * row[j];
  }
}

// y = alpha A x + beta y, x and y with steps between their numbers.
void multiply_vector(double alpha, const Factor& A, const double* x, std::int64_t step_x,
                     double beta, double* y, std::int64_t step_y) {
  const int rows = to_int(A.matrix.columns);
  const int columns = to_int(A.matrix.rows);
  const int stride = stride_of(A.matrix.stride);
  const int along_x = stride_of(step_x);
  const int along_y = stride_of(step_y);
  blas().dgemv(opposite(A.transpose), &rows, &columns, &alpha, A.matrix.data, &stride, x, &along_x,
               &beta, y, &along_y);
}

// Products so small that a call of BLAS costs more.
constexpr std::int64_t tiny = 256;

void multiply_tiny(double alpha, const Factor& A, const Factor& B, double beta, MatrixView C) {
  const auto steps = [](const Factor& factor) {
    const bool turned = factor.transpose == Transpose::yes;
    return std::pair(turned ? 1 : factor.matrix.stride, turned ? factor.matrix.stride : 1);
  };
  const auto [down_a, along_a] = steps(A);
  const auto [down_b, along_b] = steps(B);
  for (std::int64_t i = 0; i < C.rows; ++i) {
    double* const row = C.data + i * C.stride;
    for (std::int64_t j = 0; j < C.columns; ++j) {
      const double* a = A.matrix.data + i * down_a;
      const double* b = B.matrix.data + j * along_b;
      double sum = 0;
      for (std::int64_t k = 0; k < A.columns(); ++k, a += along_a, b += down_b) sum += *a * *b;
      row[j] = alpha * sum + (beta == 0 ? 0 : beta * row[j]);
    }
  }
}

// C = alpha A B + beta C
void multiply(double alpha, const Factor& A, const Factor& B, double beta, MatrixView C) {
  if (C.rows == 0 || C.columns == 0) return;
  if (A.columns() == 0) return scale_rows(beta, C);
  if (C.rows * C.columns * A.columns() <= tiny) return multiply_tiny(alpha, A, B, beta, C);
  const auto step = [](const Factor& vector, bool is_column) {
    return is_column == (vector.transpose == Transpose::no) ? vector.matrix.stride : 1;
  };
  if (C.columns == 1) {
    return multiply_vector(alpha, A, B.matrix.data, step(B, true), beta, C.data, C.stride);
  }
  if (C.rows == 1) {
    const Factor turned(B.matrix, B.transpose == Transpose::no ? Transpose::yes : Transpose::no);
    return multiply_vector(alpha, turned, A.matrix.data, step(A, false), beta, C.data, 1);
  }
  const int rows = to_int(C.columns);
  const int columns = to_int(C.rows);
  const int inner = to_int(A.columns());
  const int stride_a = stride_of(B.matrix.stride);
  const int stride_b = stride_of(A.matrix.stride);
  const int stride_c = stride_of(C.stride);
  blas().dgemm(letter(B.transpose), letter(A.transpose), &rows, &columns, &inner, &alpha,
               B.matrix.data, &stride_a, A.matrix.data, &stride_b, &beta, C.data, &stride_c);
}

void mirror_lower(MatrixView C) {
  constexpr std::int64_t tile = 32;
  parallel_for((C.rows + tile - 1) / tile, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t first = begin * tile; first < std::min(end * tile, C.rows); first += tile) {
      const std::int64_t last = std::min(first + tile, C.rows);
      for (std::int64_t i = first; i < C.rows; ++i) {
        for (std::int64_t j = first; j < std::min(last, i); ++j) {
          C.data[j * C.stride + i] = C.data[i * C.stride + j];
        }
      }
    }
  });
}

void solve(ConstMatrixView L, const char* transpose, MatrixView B) {
  if (B.rows == 0 || B.columns == 0) return;
  const int rows = to_int(B.columns);
  const int columns = to_int(B.rows);
  const int stride_l = stride_of(L.stride);
  const int stride_b = stride_of(B.stride);
  const double alpha = 1;
  blas().dtrsm("R", "U", transpose, "N", &rows, &columns, &alpha, L.data, &stride_l, B.data,
               &stride_b);
}

void solve(ConstMatrixView L, const char* transpose, std::span<double> b) {
  if (b.empty()) return;
  const int size = to_int(L.rows);
  const int stride = stride_of(L.stride);
  blas().dtrsv("U", transpose, "N", &size, L.data, &stride, b.data(), &one);
}

// LAPACK's `info`; negative values are mistakes in calls.
void require_success(int info, const char* what) {
  if (info == 0) return;
  throw std::runtime_error(fmt::format("{} did not succeed: LAPACK says {}", what, info));
}

DenseMatrix finite_copy(ConstMatrixView A) {
  DenseMatrix copy(A.rows, A.columns);
  for (std::int64_t i = 0; i < A.rows; ++i) {
    const double* const row = A.data + i * A.stride;
    std::copy(row, row + A.columns, copy.row(i).begin());
  }
  if (!all_finite(copy.entries)) {
    throw std::invalid_argument(
        "a matrix that is to be decomposed has an entry that is not finite");
  }
  return copy;
}

// Calls function(work, work_size), for the size of `work` first.
template <class Function>
void with_work(const Function& function) {
  constexpr int ask = -1;
  double wanted = 0;
  function(&wanted, &ask);
  const int size = static_cast<int>(wanted);
  std::vector<double> work(to_size(size));
  function(work.data(), &size);
}

// With U and Vt of the decomposition where these are not empty.
std::vector<double> decompose(ConstMatrixView A, DenseMatrix& U, DenseMatrix& Vt) {
  DenseMatrix copy = finite_copy(A);
  const std::int64_t rank = std::min(A.rows, A.columns);
  std::vector<double> singular(to_size(rank));
  if (rank == 0) return singular;
  const char* const job = U.entries.empty() ? "N" : "S";
  const int rows = to_int(A.columns);
  const int columns = to_int(A.rows);
  const int stride_vt = to_int(rank);
  std::vector<int> integers(to_size(8 * rank));
  int info = 0;
  with_work([&](double* work, const int* work_size) {
    blas().dgesdd(job, &rows, &columns, copy.entries.data(), &rows, singular.data(),
                  Vt.entries.data(), &rows, U.entries.data(), &stride_vt, work, work_size,
                  integers.data(), &info);
    require_success(info, "a singular value decomposition");
  });
  return singular;
}

}  // namespace

// oneDNN's code is generated for the machine at hand.
template <>
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t rows, std::int64_t columns,
          std::int64_t inner, const float* a, const float* b, bool accumulate, float* c,
          std::int64_t stride_c) {
  const bool ta = transpose_a == Transpose::yes;
  const bool tb = transpose_b == Transpose::yes;
  dnnl::sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', rows, columns, inner, 1.0F, a, ta ? rows : inner, b,
              tb ? inner : columns, accumulate ? 1.0F : 0.0F, c, stride_c > 0 ? stride_c : columns);
}

template <>
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t rows, std::int64_t columns,
          std::int64_t inner, const double* a, const double* b, bool accumulate, double* c,
          std::int64_t stride_c) {
  const auto factor = [](Transpose transpose, const double* data, std::int64_t height,
                         std::int64_t width) {
    const bool turned = transpose == Transpose::yes;
    return Factor({data, turned ? width : height, turned ? height : width}, transpose);
  };
  MatrixView C(c, rows, columns);
  if (stride_c > 0) C.stride = stride_c;
  multiply(1, factor(transpose_a, a, rows, inner), factor(transpose_b, b, inner, columns),
           accumulate ? 1 : 0, C);
}

void multiply(const Factor& A, const Factor& B, MatrixView C) { multiply(1, A, B, 0, C); }

DenseMatrix product(const Factor& A, const Factor& B) {
  DenseMatrix result(A.rows(), B.columns());
  multiply(1, A, B, 0, result);
  return result;
}

void add_product(double alpha, const Factor& A, const Factor& B, MatrixView C) {
  multiply(alpha, A, B, 1, C);
}

void multiply(const Factor& A, std::span<const double> x, std::span<double> y) {
  multiply(1, A, ConstMatrixView(x.data(), A.columns(), 1), 0, {y.data(), A.rows(), 1});
}

std::vector<double> product(const Factor& A, std::span<const double> x) {
  std::vector<double> result(to_size(A.rows()));
  multiply(A, x, result);
  return result;
}

void add_product(double alpha, const Factor& A, std::span<const double> x, std::span<double> y) {
  multiply(alpha, A, ConstMatrixView(x.data(), A.columns(), 1), 1, {y.data(), A.rows(), 1});
}

void add_gram(double alpha, const Factor& A, MatrixView C) {
  if (C.rows == 0 || A.columns() == 0) return;
  const int size = to_int(C.rows);
  const int inner = to_int(A.columns());
  const int stride_a = stride_of(A.matrix.stride);
  const int stride_c = stride_of(C.stride);
  const double beta = 1;
  blas().dsyrk("U", opposite(A.transpose), &size, &inner, &alpha, A.matrix.data, &stride_a, &beta,
               C.data, &stride_c);
  mirror_lower(C);
}

// In eight sums, for vector units.
double dot(std::span<const double> x, std::span<const double> y) {
  constexpr std::size_t width = 8;
  std::array<double, width> sums{};
  std::size_t i = 0;
  for (; i + width <= x.size(); i += width) {
    for (std::size_t j = 0; j < width; ++j) sums[j] += x[i + j] * y[i + j];
  }
  for (; i < x.size(); ++i) sums[i % width] += x[i] * y[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

void add_scaled(double alpha, std::span<const double> x, std::span<double> y) {
  for (std::size_t i = 0; i < x.size(); ++i) y[i] += alpha * x[i];
}

void scale(double alpha, std::span<double> x) {
  for (double& entry : x) entry *= alpha;
}

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

void add_to_diagonal(double alpha, MatrixView A) {
  for (std::int64_t i = 0; i < A.rows; ++i) A.data[i * A.stride + i] += alpha;
}

bool cholesky(MatrixView A) {
  if (A.rows == 0) return true;
  const int size = to_int(A.rows);
  const int stride = stride_of(A.stride);
  int info = 0;
  blas().dpotrf("U", &size, A.data, &stride, &info);
  if (info != 0) return false;
  // A NaN gets past LAPACK, but not past the diagonal of its row.
  for (std::int64_t i = 0; i < A.rows; ++i) {
    const double pivot = A.data[i * A.stride + i];
    if (!(pivot > 0) || !std::isfinite(pivot)) return false;
  }
  return true;
}

void solve_lower(ConstMatrixView L, MatrixView B) { solve(L, "N", B); }
void solve_lower(ConstMatrixView L, std::span<double> b) { solve(L, "T", b); }
void solve_lower_transposed(ConstMatrixView L, MatrixView B) { solve(L, "T", B); }
void solve_lower_transposed(ConstMatrixView L, std::span<double> b) { solve(L, "N", b); }

ThinSvd thin_svd(ConstMatrixView A) {
  const std::int64_t rank = std::min(A.rows, A.columns);
  ThinSvd svd{DenseMatrix(A.rows, rank), {}, DenseMatrix(rank, A.columns)};
  svd.singular = decompose(A, svd.U, svd.Vt);
  return svd;
}

std::vector<double> singular_values(ConstMatrixView A) {
  DenseMatrix none(1, 0);
  return decompose(A, none, none);
}

DenseMatrix thin_qr(ConstMatrixView A) {
  DenseMatrix Q = finite_copy(A);
  if (Q.entries.empty()) return Q;
  const int rows = to_int(A.columns);
  const int columns = to_int(A.rows);
  std::vector<double> tau(to_size(columns));
  int info = 0;
  with_work([&](double* work, const int* work_size) {
    blas().dgeqrf(&rows, &columns, Q.entries.data(), &rows, tau.data(), work, work_size, &info);
    require_success(info, "a QR factorization");
  });
  with_work([&](double* work, const int* work_size) {
    blas().dorgqr(&rows, &columns, &columns, Q.entries.data(), &rows, tau.data(), work, work_size,
                  &info);
    require_success(info, "a QR factorization");
  });
  return Q;
}

SymmetricEigen tridiagonal_eigen(std::span<const double> diagonal, std::span<const double> below) {
  if (!all_finite(diagonal) || !all_finite(below)) {
    throw std::invalid_argument(
        "a matrix that is to be decomposed has an entry that is not finite");
  }
  const auto size = static_cast<std::int64_t>(diagonal.size());
  SymmetricEigen result{{diagonal.begin(), diagonal.end()}, DenseMatrix(size, size)};
  if (size == 0) return result;
  const int order = to_int(size);
  std::vector<double> rest(below.begin(), below.end());
  std::vector<double> work(2 * diagonal.size());
  int info = 0;
  blas().dstev("V", &order, result.values.data(), rest.data(), result.vectors.entries.data(),
               &order, work.data(), &info);
  require_success(info, "an eigenvalue decomposition");
  return result;
}

}  // namespace smoothbound::linalg
