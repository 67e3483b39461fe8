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

Magnitude sum_of_two(const Magnitude& a, const Magnitude& b) { return a + b; }
Magnitude sum_of_entries(const Magnitude& a, const Magnitude& b, const Magnitude& d) {
  return a + scale(b, 1) + d;
}

}  // namespace

Value::Value(LevelSet levels) : level_set_(levels) { T.fill(Magnitude::infinity()); }

Value::Value(const Triple& bounds, LevelSet levels)
    : level_set_(levels), labels_(1, rest), l_(1), H_(1) {
  T.fill(Magnitude::infinity());
  labels_.reserve(2);
  l_.reserve(2);
  H_.reserve(3);
  m.fill(bounds.m);
  l_[0].fill(bounds.lipschitz);
  H_[0].fill(bounds.smoothness);
  for_each_number([](PerLevel<Magnitude>& numbers) {  // the one norm that may be larger
    numbers[sum_of_columns] = Magnitude::infinity();
  });
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
}

void Value::lower_to_form() {
  for (PerLevel<Magnitude>& h : H_) {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      h[level] = std::min(h[level], T[level]);
    }
  }
}

Magnitude Value::lipschitz(std::size_t level) const {
  Magnitude all;
  for (const PerLevel<Magnitude>& l : l_) all = hypotenuse(all, l[level]);
  return all;
}

Magnitude Value::smoothness(std::size_t level) const {
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

namespace {

void fill_from_coarser(const LevelSet& kept, PerLevel<Magnitude>& numbers) {
  if (!kept.has(per_sample)) numbers[per_sample] = numbers[euclidean];
  if (!kept.has(per_position)) numbers[per_position] = numbers[euclidean];
  if (!kept.has(per_token)) {
    numbers[per_token] = std::min(numbers[per_sample], numbers[per_position]);
  }
  if (!kept.has(maximum)) numbers[maximum] = numbers[per_token];
  if (!kept.has(centred_euclidean)) numbers[centred_euclidean] = numbers[euclidean];
  if (!kept.has(centred_position)) numbers[centred_position] = numbers[per_position];
  if (!kept.has(largest_of_rows)) numbers[largest_of_rows] = numbers[per_sample];
  if (!kept.has(sum_of_columns)) numbers[sum_of_columns] = Magnitude::infinity();
}

}  // namespace

void Value::fill_others() {
  for_each_number([&](PerLevel<Magnitude>& numbers) { fill_from_coarser(level_set_, numbers); });
}

void Value::relax(const Extents& extents) {
  if (level_set_.is_euclidean_alone()) return fill_others();
  const Magnitude root_samples = square_root(Magnitude::from_count(extents.samples));
  const Magnitude root_positions = square_root(Magnitude::from_count(extents.positions));
  const Magnitude root_channels = square_root(Magnitude::from_count(extents.channels));
  const Magnitude root_row = square_root(Magnitude::from_count(extents.row));
  const Magnitude root_rows = square_root(Magnitude::from_count(extents.channels) *
                                          Magnitude::from_count(extents.positions / extents.row));
  const bool has_rows = level_set_.has(largest_of_rows);
  for_each_number([&](PerLevel<Magnitude>& numbers) {
    fill_from_coarser(level_set_, numbers);
    const auto lower = [&](std::size_t level, const Magnitude& bound) {
      numbers[level] = std::min(numbers[level], bound);
    };
    // From the finest one up, then down: the closure of all inequalities.
    if (level_set_.has(sum_of_columns)) lower(maximum, numbers[sum_of_columns]);
    if (level_set_.has(maximum)) lower(per_token, root_channels * numbers[maximum]);
    if (has_rows) {
      if (level_set_.has(maximum)) lower(largest_of_rows, root_rows * numbers[maximum]);
      lower(largest_of_rows, root_rows * numbers[per_token]);
      lower(per_token, numbers[largest_of_rows]);
      lower(per_sample, root_row * numbers[largest_of_rows]);
    }
    lower(per_sample, root_positions * numbers[per_token]);
    lower(per_position, root_samples * numbers[per_token]);
    lower(euclidean, root_samples * numbers[per_sample]);
    lower(euclidean, root_positions * numbers[per_position]);
    lower(per_sample, numbers[euclidean]);
    lower(per_position, numbers[euclidean]);
    lower(per_token, std::min(numbers[per_sample], numbers[per_position]));
    if (has_rows) {
      lower(largest_of_rows, std::min(numbers[per_sample], root_rows * numbers[per_token]));
      lower(sum_of_columns, root_rows * numbers[largest_of_rows]);
    }
    lower(maximum, numbers[per_token]);
    if (level_set_.has(centred_euclidean)) {
      lower(centred_euclidean,
            std::min(numbers[euclidean], root_positions * numbers[centred_position]));
      lower(centred_position, std::min(numbers[per_position], numbers[centred_euclidean]));
    }
    fill_from_coarser(level_set_, numbers);
  });
}

PackedValue::PackedValue(Value value) {
  for (std::size_t i = 0; i < value.groups(); ++i) labels_.push_back(value.label(i));
  value.for_each_number([&](const PerLevel<Magnitude>& numbers) {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (value.level_set().has(level)) numbers_.push_back(numbers[level]);
    }
  });
}

Value PackedValue::unpack(LevelSet level_set) const {
  Value value(level_set);
  for (const Label label : labels_) value.find_or_add(label);
  auto next = numbers_.begin();
  value.for_each_number([&](PerLevel<Magnitude>& numbers) {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (level_set.has(level)) numbers[level] = *next++;
    }
  });
  value.fill_others();
  return value;
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

namespace smoothbound {

Magnitude Extents::outside(std::size_t level) const {
  Magnitude product = Magnitude::from_count(1);
  if (!levels[level].samples) product *= Magnitude::from_count(samples);
  if (!levels[level].positions) product *= Magnitude::from_count(positions);
  if (!levels[level].channels) product *= Magnitude::from_count(channels);
  return product;
}

}  // namespace smoothbound
