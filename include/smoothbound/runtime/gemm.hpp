// The one matrix product.
#pragma once

#include <cstdint>

namespace smoothbound {

enum class Transpose : bool { no, yes };

/// C = op(A) op(B), or C += that; row-major, C is rows x columns, `inner` the shared dimension,
/// each matrix dense with rows one behind the other.
template <class Scalar>
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t rows, std::int64_t columns,
          std::int64_t inner, const Scalar* a, const Scalar* b, bool accumulate, Scalar* c);

}  // namespace smoothbound
