// BLAS and LAPACK: OpenBLAS with 32-bit integers, for matrices in columns. Only
// linear_algebra.cpp calls it.
#pragma once

namespace smoothbound::linalg {

/// Fortran would pass the lengths of strings behind the other arguments; they are left out, as is
/// usual in C: nobody reads them, as all strings are one letter.
struct Blas {
  void (*dgemm)(const char* transpose_a, const char* transpose_b, const int* rows,
                const int* columns, const int* inner, const double* alpha, const double* a,
                const int* stride_a, const double* b, const int* stride_b, const double* beta,
                double* c, const int* stride_c);
  void (*dgemv)(const char* transpose, const int* rows, const int* columns, const double* alpha,
                const double* a, const int* stride, const double* x, const int* step_x,
                const double* beta, double* y, const int* step_y);
  void (*dsyrk)(const char* triangle, const char* transpose, const int* size, const int* inner,
                const double* alpha, const double* a, const int* stride_a, const double* beta,
                double* c, const int* stride_c);
  void (*dtrsm)(const char* side, const char* triangle, const char* transpose, const char* diagonal,
                const int* rows, const int* columns, const double* alpha, const double* a,
                const int* stride_a, double* b, const int* stride_b);
  void (*dtrsv)(const char* triangle, const char* transpose, const char* diagonal, const int* size,
                const double* a, const int* stride, double* x, const int* step);
  void (*dpotrf)(const char* triangle, const int* size, double* a, const int* stride, int* info);
  void (*dgeqrf)(const int* rows, const int* columns, double* a, const int* stride, double* tau,
                 double* work, const int* work_size, int* info);
  void (*dorgqr)(const int* rows, const int* columns, const int* reflectors, double* a,
                 const int* stride, const double* tau, double* work, const int* work_size,
                 int* info);
  void (*dgesdd)(const char* job, const int* rows, const int* columns, double* a, const int* stride,
                 double* singular, double* u, const int* stride_u, double* vt, const int* stride_vt,
                 double* work, const int* work_size, int* integer_work, int* info);
  void (*dstev)(const char* job, const int* size, double* diagonal, double* below, double* vectors,
                const int* stride, double* work, int* info);
};

/// Loads it at the first call: its constructor takes 128 MiB of address space for each thread, and
/// where a limit denies them it asks again for ever. Throws ResourceError in its place, also where
/// the library is missing.
const Blas& blas();

}  // namespace smoothbound::linalg
