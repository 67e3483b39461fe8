#include "smoothbound/runtime/gemm.hpp"

#include <Eigen/Core>
#include <oneapi/dnnl/dnnl.hpp>

namespace smoothbound {

// oneDNN's code is generated for the machine at hand.
template <>
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t rows, std::int64_t columns,
          std::int64_t inner, const float* a, const float* b, bool accumulate, float* c) {
  const bool ta = transpose_a == Transpose::yes;
  const bool tb = transpose_b == Transpose::yes;
  dnnl::sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', rows, columns, inner, 1.0F, a, ta ? rows : inner, b,
              tb ? inner : columns, accumulate ? 1.0F : 0.0F, c, columns);
}

template <>
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t rows, std::int64_t columns,
          std::int64_t inner, const double* a, const double* b, bool accumulate, double* c) {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using View = Eigen::Map<const Matrix>;
  Eigen::Map<Matrix> result(c, rows, columns);
  const auto multiply = [&](const auto& left, const auto& right) {
    if (accumulate) {
      result.noalias() += left * right;
    } else {
      result.noalias() = left * right;
    }
  };
  const bool ta = transpose_a == Transpose::yes;
  const bool tb = transpose_b == Transpose::yes;
  const View A(a, ta ? inner : rows, ta ? rows : inner);
  const View B(b, tb ? columns : inner, tb ? inner : columns);
  if (ta && tb) return multiply(A.transpose(), B.transpose());
  if (ta) return multiply(A.transpose(), B);
  if (tb) return multiply(A, B.transpose());
  multiply(A, B);
}

}  // namespace smoothbound
