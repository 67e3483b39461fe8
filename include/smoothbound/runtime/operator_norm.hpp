// Certified upper bounds of norms of matrices whose entries are given as doubles, section 6 of
// docs/theory.md. Numbers that are not finite have the bound inf.
#pragma once

#include <cstdint>
#include <span>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// ||values||, at most 1e-12 above.
Magnitude norm_bound(std::span<const double> values);

/// max |value|, exactly.
Magnitude largest_absolute(std::span<const double> values);

/// The largest sum of absolute values of a row, and of a column, of a row-major matrix.
struct AbsoluteSums {
  Magnitude row;     // ||W||_inf
  Magnitude column;  // ||W||_1
};
AbsoluteSums absolute_sums(std::span<const double> matrix, std::int64_t rows, std::int64_t columns);

/// The smaller side up to which `operator_norm_bound` takes powers of the Gram matrix.
constexpr std::int64_t most_gram_rows = 512;

/// The spectral norm of a row-major matrix: the smallest of the Frobenius norm, sqrt(||W||_1
/// ||W||_inf) and, if the smaller side is at most `most_gram`, the Frobenius norm of a high power
/// of its Gram matrix, which is at most 1% above the spectral norm, or 5% beyond `most_gram_rows`.
Magnitude operator_norm_bound(std::span<const double> matrix, std::int64_t rows,
                              std::int64_t columns, std::int64_t most_gram = most_gram_rows);

}  // namespace smoothbound
