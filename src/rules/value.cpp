#include "smoothbound/rules/value.hpp"

#include <algorithm>

namespace smoothbound::rules {
namespace {

// Without rows of zeros, which by symmetry are columns of zeros: they add the eigenvalue 0.
std::vector<Magnitude> without_zeros(std::span<const Magnitude> matrix, std::size_t& size) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < size; ++i) {
    const auto row = matrix.subspan(i * size, size);
    if (!std::all_of(row.begin(), row.end(), [](const Magnitude& a) { return a.is_zero(); })) {
      kept.push_back(i);
    }
  }
  std::vector<Magnitude> smaller;
  smaller.reserve(kept.size() * kept.size());
  for (const std::size_t i : kept) {
    for (const std::size_t j : kept) smaller.push_back(matrix[i * size + j]);
  }
  size = kept.size();
  return smaller;
}

std::vector<Magnitude> times(std::span<const Magnitude> matrix, std::span<const Magnitude> x) {
  std::vector<Magnitude> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) y[i] += matrix[i * x.size() + j] * x[j];
  }
  return y;
}

// Of a symmetric matrix.
std::vector<Magnitude> squared(std::span<const Magnitude> matrix, std::size_t size) {
  std::vector<Magnitude> square(matrix.size());
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      Magnitude sum;
      for (std::size_t k = 0; k < size; ++k) sum += matrix[i * size + k] * matrix[j * size + k];
      square[i * size + j] = square[j * size + i] = sum;
    }
  }
  return square;
}

// max_i (H x)_i / x_i for finite x > 0
Magnitude collatz_wielandt(std::span<const Magnitude> H, std::span<const Magnitude> x) {
  const std::vector<Magnitude> y = times(H, x);
  Magnitude largest;
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, y[i] / x[i].turned());
  return largest;
}

}  // namespace

Value::Value(const Triple& bounds, std::size_t level_count)
    : level_count_(level_count), labels_(1, rest), l_(1), H_(1) {
  labels_.reserve(2);
  l_.reserve(2);
  H_.reserve(3);
  for (std::size_t level = 0; level < level_count_; ++level) {
    m[level] = bounds.m;
    l_[0][level] = bounds.lipschitz;
    H_[0][level] = bounds.smoothness;
  }
}

std::size_t Value::find(Label label) const {
  return static_cast<std::size_t>(std::find(labels_.begin(), labels_.end(), label) -
                                  labels_.begin());
}

std::size_t Value::find_or_add(Label label) {
  const std::size_t found = find(label);
  if (found < groups()) return found;
  labels_.push_back(label);
  l_.emplace_back();
  H_.resize(H_.size() + groups());
  return found;
}

void Value::remove(std::size_t group) {
  // Pairs in the order of their places: what is behind moves up.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < groups(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      if (i != group && j != group) H_[kept++] = H_[place(i, j)];
    }
  }
  H_.resize(kept);
  labels_.erase(labels_.begin() + static_cast<std::ptrdiff_t>(group));
  l_.erase(l_.begin() + static_cast<std::ptrdiff_t>(group));
}

void Value::join(std::size_t i, std::size_t j) {
  for (std::size_t level = 0; level < level_count_; ++level) {
    l_[i][level] = hypotenuse(l_[i][level], l_[j][level]);
  }
  join_second_derivatives(i, j);
}

void Value::join_second_derivatives(std::size_t i, std::size_t j) {
  for (std::size_t level = 0; level < level_count_; ++level) {
    H(i, i)[level] = largest_eigenvalue(H(i, i)[level], H(i, j)[level], H(j, j)[level]);
    for (std::size_t k = 0; k < groups(); ++k) {
      if (k != i && k != j) H(i, k)[level] = hypotenuse(H(i, k)[level], H(j, k)[level]);
    }
  }
  remove(j);
}

Triple Value::total(std::size_t level) const {
  Triple all{m[level], {}, {}};
  for (const PerLevel<Magnitude>& l : l_) all.lipschitz = hypotenuse(all.lipschitz, l[level]);
  std::vector<Magnitude> matrix;
  matrix.reserve(groups() * groups());
  for (std::size_t i = 0; i < groups(); ++i) {
    for (std::size_t j = 0; j < groups(); ++j) matrix.push_back(H(i, j)[level]);
  }
  all.smoothness = largest_eigenvalue(matrix, groups());
  return all;
}

void Value::lower_to(const Magnitude& norm) {
  for (std::size_t level = 0; level < level_count_; ++level) m[level] = std::min(m[level], norm);
}

void Value::relax() {
  const auto lower = [&](PerLevel<Magnitude>& numbers) {
    for (std::size_t level = 0; level < level_count_; ++level) {
      numbers[level] = std::min(numbers[level], numbers[euclidean]);
    }
  };
  lower(m);
  for (PerLevel<Magnitude>& l : l_) lower(l);
  for (PerLevel<Magnitude>& h : H_) lower(h);
}

Magnitude read(const Reading& reading, const PerLevel<Magnitude>& numbers,
               std::size_t level_count) {
  Magnitude least = Magnitude::infinity();
  for (std::size_t level = 0; level < level_count; ++level) {
    if (reading[level].is_finite()) least = std::min(least, reading[level] * numbers[level]);
  }
  return least;
}

Magnitude largest_eigenvalue(const Magnitude& a, const Magnitude& b, const Magnitude& d) {
  // It increases in every entry, so upper bounds of the entries give one, and |a - d| may be taken
  // of those.
  if (b.is_zero()) return std::max(a, d);
  const Magnitude root = hypotenuse(distance(a, d), scale(b, 1));
  // Rounding does not lift it above the sum of the entries, the paper's bound; but a + d + root may
  // be beyond the largest number where the sum is not.
  return std::min(scale(a + d + root, -1), a + scale(b, 1) + d);
}

Magnitude largest_eigenvalue(std::span<const Magnitude> matrix, std::size_t size) {
  if (size == 0) return {};
  if (size == 1) return matrix[0];
  if (size == 2) return largest_eigenvalue(matrix[0], matrix[1], matrix[3]);
  if (std::any_of(matrix.begin(), matrix.end(), [](const auto& h) { return h.is_infinite(); })) {
    return Magnitude::infinity();
  }
  const std::vector<Magnitude> H = without_zeros(matrix, size);
  if (size == 0) return {};
  // x from power steps of H plus a shift, so that it does not alternate; any positive x is right.
  // It begins as (1, ..., 1), where the bound is the largest row sum.
  std::vector<Magnitude> x(size, Magnitude::from_count(1));
  const Magnitude by_rows = collatz_wielandt(H, x);
  std::vector<Magnitude> M = H;
  for (std::size_t i = 0; i < size; ++i) M[i * size + i] += scale(by_rows, -1);
  constexpr std::size_t small = 4;
  constexpr int applications = 6;
  const int squarings = size <= small ? 3 : 1;  // eight steps at once, or two
  for (int i = 0; i < squarings; ++i) M = squared(M, size);
  for (int i = 0; i < applications; ++i) x = times(M, x);
  if (std::any_of(x.begin(), x.end(), [](const auto& e) { return e.is_infinite(); })) {
    return by_rows;
  }
  return std::min(by_rows, collatz_wielandt(H, x));
}

}  // namespace smoothbound::rules
