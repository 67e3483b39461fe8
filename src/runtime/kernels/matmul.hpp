// The rule of enclosures of products of matrices.
#pragma once

#include <memory>

#include "smoothbound/layers/matmul.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/taylor.hpp"

namespace smoothbound::kernels {

/// y = scale op(A) op(B), matrix by matrix: `stack` of them in each sample.
struct MatrixProduct {
  MatMul::Sizes sizes;
  std::int64_t samples = 1;
  double scale = 1;
  bool turns_first = false;
  bool turns_second = false;

  [[nodiscard]] std::int64_t matrices() const { return samples * sizes.stack; }
  [[nodiscard]] std::int64_t first() const { return matrices() * sizes.rows * sizes.inner; }
  [[nodiscard]] std::int64_t second() const { return matrices() * sizes.inner * sizes.columns; }
  [[nodiscard]] std::int64_t outputs() const { return matrices() * sizes.rows * sizes.columns; }

  static linalg::Transpose turned(bool is_turned) {
    return is_turned ? linalg::Transpose::yes : linalg::Transpose::no;
  }
  /// y = op(A) op(B), or y += that.
  template <class Scalar>
  void multiply(const Scalar* a, const Scalar* b, bool accumulate, Scalar* y) const {
    const auto [stack, rows, inner, columns] = sizes;
    for (std::int64_t i = 0; i < matrices(); ++i) {
      linalg::gemm(turned(turns_first), turned(turns_second), rows, columns, inner,
                   a + i * rows * inner, b + i * inner * columns, accumulate,
                   y + i * rows * columns);
    }
  }
};

std::unique_ptr<TaylorRule> matmul_rule(const MatrixProduct& product);

}  // namespace smoothbound::kernels
