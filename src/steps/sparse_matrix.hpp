// A matrix of few entries that are not 0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound::linalg {

class SparseMatrix {
 public:
  struct Entry {
    std::int64_t row;
    double value;
  };
  struct Triplet {
    std::int64_t row;
    std::int64_t column;
    double value;
  };

  SparseMatrix() = default;
  /// At most one triplet for each place.
  SparseMatrix(std::int64_t rows, std::int64_t columns, const std::vector<Triplet>& triplets);

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t columns() const {
    return static_cast<std::int64_t>(begin_.size()) - 1;
  }
  [[nodiscard]] std::span<const Entry> column(std::int64_t j) const {
    const std::size_t first = begin_[static_cast<std::size_t>(j)];
    return {entries_.data() + first, begin_[static_cast<std::size_t>(j) + 1] - first};
  }
  [[nodiscard]] bool is_finite() const;

 private:
  std::int64_t rows_ = 0;
  std::vector<std::size_t> begin_{0};  // of each column in entries_, and the end
  std::vector<Entry> entries_;
};

/// M S
DenseMatrix product(const DenseMatrix& M, const SparseMatrix& S);
/// S^T M
DenseMatrix transposed_product(const SparseMatrix& S, const DenseMatrix& M);
/// S x
std::vector<double> product(const SparseMatrix& S, std::span<const double> x);
/// S^T x
std::vector<double> transposed_product(const SparseMatrix& S, std::span<const double> x);
/// M += S
void add(const SparseMatrix& S, DenseMatrix& M);

}  // namespace smoothbound::linalg
