#include "sparse_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "smoothbound/runtime/parallel.hpp"

namespace smoothbound::linalg {
namespace {

constexpr std::int64_t rows_of_a_part = 16;

double column_product(const SparseMatrix& S, std::int64_t j, std::span<const double> x) {
  double sum = 0;
  for (const SparseMatrix::Entry& entry : S.column(j)) {
    sum += entry.value * x[static_cast<std::size_t>(entry.row)];
  }
  return sum;
}

}  // namespace

SparseMatrix::SparseMatrix(std::int64_t rows, std::int64_t columns,
                           const std::vector<Triplet>& triplets)
    : rows_(rows), begin_(static_cast<std::size_t>(columns) + 1), entries_(triplets.size()) {
  for (const Triplet& triplet : triplets) ++begin_[static_cast<std::size_t>(triplet.column) + 1];
  std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
  std::vector<std::size_t> next = begin_;
  for (const Triplet& triplet : triplets) {
    entries_[next[static_cast<std::size_t>(triplet.column)]++] = {triplet.row, triplet.value};
  }
}

bool SparseMatrix::is_finite() const {
  return std::all_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return std::isfinite(entry.value); });
}

DenseMatrix product(const DenseMatrix& M, const SparseMatrix& S) {
  DenseMatrix result(M.rows, S.columns());
  parallel_for(M.rows, rows_of_a_part, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::span<const double> row = M.row(i);
      const std::span<double> to = result.row(i);
      for (std::size_t j = 0; j < to.size(); ++j) {
        to[j] = column_product(S, static_cast<std::int64_t>(j), row);
      }
    }
  });
  return result;
}

DenseMatrix transposed_product(const SparseMatrix& S, const DenseMatrix& M) {
  DenseMatrix result(S.columns(), M.columns);
  parallel_for(result.rows, rows_of_a_part, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t j = begin; j < end; ++j) {
      for (const SparseMatrix::Entry& entry : S.column(j)) {
        add_scaled(entry.value, M.row(entry.row), result.row(j));
      }
    }
  });
  return result;
}

std::vector<double> product(const SparseMatrix& S, std::span<const double> x) {
  std::vector<double> result(static_cast<std::size_t>(S.rows()));
  for (std::int64_t j = 0; j < S.columns(); ++j) {
    for (const SparseMatrix::Entry& entry : S.column(j)) {
      result[static_cast<std::size_t>(entry.row)] += entry.value * x[static_cast<std::size_t>(j)];
    }
  }
  return result;
}

std::vector<double> transposed_product(const SparseMatrix& S, std::span<const double> x) {
  std::vector<double> result(static_cast<std::size_t>(S.columns()));
  for (std::size_t j = 0; j < result.size(); ++j) {
    result[j] = column_product(S, static_cast<std::int64_t>(j), x);
  }
  return result;
}

void add(const SparseMatrix& S, DenseMatrix& M) {
  for (std::int64_t j = 0; j < S.columns(); ++j) {
    for (const SparseMatrix::Entry& entry : S.column(j)) M(entry.row, j) += entry.value;
  }
}

}  // namespace smoothbound::linalg
