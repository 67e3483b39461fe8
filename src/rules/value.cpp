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

// What an x > 0 says of the largest eigenvalue of H.
struct Enclosure {
  Magnitude upper;     // max_i (H x)_i / x_i, of Collatz and Wielandt
  Magnitude quotient;  // x^T H x / x^T x, not above it but for rounding
};

Enclosure enclose(std::span<const Magnitude> H, std::span<const Magnitude> x) {
  const std::vector<Magnitude> y = times(H, x);
  Magnitude upper;
  Magnitude xy;
  Magnitude xx;
  for (std::size_t i = 0; i < x.size(); ++i) {
    upper = std::max(upper, y[i] / x[i].turned());
    xy += x[i] * y[i];
    xx += x[i] * x[i];
  }
  return {upper, xy / xx.turned()};
}

void divide_by(LowerBound divisor, std::vector<Magnitude>& all) {
  for (Magnitude& a : all) a = a / divisor;
}

Magnitude sum_of_two(const Magnitude& a, const Magnitude& b) { return a + b; }
Magnitude sum_of_entries(const Magnitude& a, const Magnitude& b, const Magnitude& d) {
  return a + scale(b, 1) + d;
}

}  // namespace

Value::Value(LevelSet levels) : level_set_(levels) {
  T.fill(Magnitude::infinity());
  S.fill(Magnitude::infinity());
}

Value::Value(const Triple& bounds, LevelSet levels)
    : level_set_(levels), labels_(1, rest), l_(1), H_(1) {
  T.fill(Magnitude::infinity());
  S.fill(Magnitude::infinity());
  labels_.reserve(2);
  l_.reserve(2);
  H_.reserve(3);
  m.fill(bounds.m);
  l_[0].fill(bounds.lipschitz);
  H_[0].fill(bounds.smoothness);
  for (std::size_t k = 0; k < numbers(); ++k) {  // the one norm that may be larger
    number(k)[sum_of_columns] = Magnitude::infinity();
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
  for (Value& cell : cells_) cell.find_or_add(label);
  return found;
}

void Value::set_label(std::size_t group, Label label) {
  labels_[group] = label;
  for (Value& cell : cells_) cell.set_label(group, label);
}

void Value::divide(std::shared_ptr<const PositionClasses> classes) {
  cells_.clear();
  classes_ = nullptr;
  if (classes == nullptr) return;
  cells_.assign(classes->cells(), *this);
  classes_ = std::move(classes);
}

void Value::set_cells(std::shared_ptr<const PositionClasses> classes, std::vector<Value> cells) {
  classes_ = std::move(classes);
  cells_ = std::move(cells);
}

void Value::set_blocks(std::vector<BlockBound> blocks) {
  knows_blocks_ = true;
  blocks_ = std::move(blocks);
}

void Value::add_block(std::uint32_t block, const Magnitude& radius) {
  if (!knows_blocks_) return;
  blocks_.push_back({block, radius, {}, {}});
  for (Value& cell : cells_) cell.add_block(block, radius);
}

void Value::forget_blocks() {
  knows_blocks_ = false;
  blocks_.clear();
  for (Value& cell : cells_) cell.forget_blocks();
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
  join(i, j, hypotenuse, [](const Magnitude& a, const Magnitude& b, const Magnitude& d) {
    return largest_eigenvalue(a, b, d);
  });
}

void Value::join_by_triangle(std::size_t i, std::size_t j) {
  join(i, j, sum_of_two, sum_of_entries);
}

void Value::join(std::size_t i, std::size_t j, Join of_l, JoinPair of_H) {
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (!level_set_.has(level)) continue;
    l_[i][level] = of_l(l_[i][level], l_[j][level]);
    H(i, i)[level] = of_H(H(i, i)[level], H(i, j)[level], H(j, j)[level]);
    for (std::size_t k = 0; k < groups(); ++k) {
      if (k != i && k != j) H(i, k)[level] = of_l(H(i, k)[level], H(j, k)[level]);
    }
  }
  remove(j);
  for (Value& cell : cells_) cell.join(i, j, of_l, of_H);
}

void Value::lower_to_form() {
  for (PerLevel<Magnitude>& h : H_) {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      h[level] = std::min(h[level], T[level]);
    }
  }
  for (PerLevel<Magnitude>& l : l_) {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      l[level] = std::min(l[level], S[level]);
    }
  }
  for (Value& cell : cells_) cell.lower_to_form();
}

void Value::lower_forms() {
  // Of earlier blocks and one more it says nothing that joining these does not.
  const bool is_shared = std::any_of(labels_.begin(), labels_.end(),
                                     [](Label label) { return label != rest && label != own; });
  if ((cells_.empty() && !is_shared) || groups() > most_groups_with_form) return;
  const auto lower = [](Value& value) {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (value.level_set_.has(level)) value.T[level] = value.smoothness(level);
    }
  };
  for (Value& cell : cells_) lower(cell);
  lower(*this);
}

Magnitude Value::lipschitz(std::size_t level) const {
  Magnitude all;
  if (!cells_.empty() && tells_positions(level)) {
    for (const Value& cell : cells_) all = std::max(all, cell.lipschitz(level));
    return all;
  }
  for (const PerLevel<Magnitude>& l : l_) all = hypotenuse(all, l[level]);
  return std::min(all, S[level]);
}

Magnitude Value::smoothness(std::size_t level) const {
  if (!cells_.empty() && tells_positions(level)) {
    Magnitude largest;
    for (const Value& cell : cells_) largest = std::max(largest, cell.smoothness(level));
    return largest;
  }
  switch (groups()) {
    case 0:
      return {};
    case 1:
      return std::min(H_[0][level], T[level]);
    case 2:
      return std::min(largest_eigenvalue(H_[0][level], H_[1][level], H_[2][level]), T[level]);
    default:
      break;
  }
  std::vector<Magnitude> matrix;
  matrix.reserve(groups() * groups());
  for (std::size_t i = 0; i < groups(); ++i) {
    for (std::size_t j = 0; j < groups(); ++j) matrix.push_back(H(i, j)[level]);
  }
  return std::min(largest_eigenvalue(matrix, groups()), T[level]);
}

Triple Value::total(std::size_t level) const {
  return {m[level], lipschitz(level), smoothness(level)};
}

Magnitude read(const Reading& reading, const PerLevel<Magnitude>& numbers) {
  Magnitude least = Magnitude::infinity();
  for (std::size_t level = 0; level < levels.size(); ++level) {
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
  return std::min(scale(a + d + root, -1), sum_of_entries(a, b, d));
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
  Magnitude least = enclose(H, x).upper;
  if (least.is_infinite()) return least;
  std::vector<Magnitude> M = H;
  divide_by(least.turned(), M);
  for (std::size_t i = 0; i < size; ++i) M[i * size + i] += scale(Magnitude::from_count(1), -1);
  // A square takes as many steps at once as there were before it: with 60 any gap between
  // eigenvalues that rounding leaves is wide. Of many rows it costs too much.
  constexpr std::size_t most_products = 8192;
  const std::size_t squarings = std::min<std::size_t>(most_products / (size * size * size), 60);
  const std::size_t applications = squarings == 0 ? 16 : 3;
  const Magnitude settled = Magnitude::from_count(1) + scale(Magnitude::from_count(1), -52);
  for (std::size_t k = 0; k <= squarings; ++k) {
    if (k > 0) {
      M = squared(M, size);
      divide_by(std::max_element(M.begin(), M.end())->turned(), M);
    }
    for (std::size_t i = 0; i < applications; ++i) x = times(M, x);
    const Enclosure found = enclose(H, x);
    least = std::min(least, found.upper);
    if (found.upper <= settled * found.quotient) break;
  }
  return least;
}

}  // namespace smoothbound::rules

namespace smoothbound {

Magnitude Extents::outside(std::size_t level) const {
  Magnitude product = Magnitude::from_count(1);
  if (!levels[level].samples) product *= Magnitude::from_count(samples);
  if (!levels[level].positions) product *= Magnitude::from_count(positions);
  if (!levels[level].channels) product *= Magnitude::from_count(channels);
  return product;
}

}  // namespace smoothbound
