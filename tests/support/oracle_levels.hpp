// The norms in which the sharp half of the oracle bounds a value, and what they say of each other.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ball.hpp"
#include "oracle_positions.hpp"
#include "plain_network.hpp"

namespace smoothbound::support {

/// Ideas beyond the rules at one norm, each of which can be left out.
struct OracleRefinements {
  bool levels = true;
  bool growth = true;
  bool joint = true;
  bool loss = true;
  bool centred = true;
  bool maps = true;
  bool cauchy = true;
  bool radial = true;
  bool attention = true;
};

/// A number at each level: the batch's norm 2, suprema over samples, positions, both, and entries;
/// then the first and the third one of what is left without the mean over samples. Of matrices
/// along the last two axes, each sample by itself, the norm of the largest entries of their rows,
/// and the largest sum of magnitudes of a column.
using Levels = std::array<Ball, 9>;

namespace oracle {

enum Level : std::size_t {
  of_batch,
  of_sample,
  of_position,
  of_token,
  of_entry,
  centred_of_batch,
  centred_of_position,
  of_rows,
  of_columns
};
inline constexpr std::size_t level_count = 9;
inline constexpr std::size_t plain_level_count = 5;
inline constexpr std::array centred_levels{centred_of_batch, centred_of_position};
inline const std::array<std::string, level_count> level_names{"2",  "s",  "p", "sp", "inf",
                                                              "2c", "pc", "t", "1"};

constexpr bool is_of_matrices(std::size_t A) { return A == of_rows || A == of_columns; }
constexpr bool is_centred(std::size_t A) { return A >= plain_level_count && !is_of_matrices(A); }
constexpr std::size_t without_centring(std::size_t A) {
  return A == centred_of_batch ? of_batch : A == centred_of_position ? of_position : A;
}
constexpr bool has_samples(std::size_t A) {
  return A == of_sample || A == of_token || A == of_entry;
}
constexpr bool has_positions(std::size_t A) {
  return without_centring(A) >= of_position && !is_of_matrices(A);
}
/// Whether there is a number for each position.
constexpr bool is_by_position(std::size_t A) { return has_positions(A) && A != of_entry; }

inline Levels all_of(const Ball& number) {
  Levels all;
  all.fill(number);
  return all;
}

/// How many there are of a value.
struct Counts {
  std::int64_t samples = 1, positions = 1, channels = 1;
  std::int64_t row = 1;  // entries along the last axis, if that is not the channels

  static Counts of(const Sizes& shape, std::int64_t batch) {
    return {batch, positions_of(shape), shape.front(), row_of(shape)};
  }
  static std::int64_t row_of(const Sizes& shape) { return shape.size() == 1 ? 1 : shape.back(); }
  [[nodiscard]] std::int64_t rows() const { return channels * positions / row; }
  /// Scalars that a level adds up.
  [[nodiscard]] std::int64_t outside(std::size_t A) const {
    return (has_samples(A) ? 1 : samples) * (has_positions(A) ? 1 : positions) *
           (A == of_entry ? 1 : channels);
  }
};

/// Which levels there are; the others have the number of the next coarser one.
struct ActiveLevels {
  bool axes = true;  // samples and positions
  bool entries = true;
  bool centred = true;
  bool matrices = true;

  [[nodiscard]] bool has(std::size_t A) const {
    if (is_of_matrices(A)) return matrices;
    return A == of_batch || (is_centred(A) ? centred : A == of_entry ? entries : axes);
  }
};

/// A level, and a kind of positions at those that tell them apart.
struct Slot {
  std::size_t level;
  std::size_t kind;
};

inline std::vector<Slot> slots_of(const Positions& positions) {
  std::vector<Slot> slots;
  for (std::size_t A = 0; A < level_count; ++A) {
    const std::size_t kinds = is_by_position(A) ? positions.size() : 1;
    for (std::size_t kind = 0; kind < kinds; ++kind) slots.push_back({A, kind});
  }
  return slots;
}

/// A number at each level, for each kind of positions where it tells them apart. Without positions
/// it is 0.
class Numbers {
 public:
  Numbers() = default;
  explicit Numbers(const Positions& positions, const Ball& number = {}) {
    for (std::size_t A = 0; A < level_count; ++A) {
      of_[A].assign(is_by_position(A) ? positions.size() : 1, number);
    }
  }
  [[nodiscard]] bool is_given() const { return !of_.front().empty(); }
  Ball& operator[](const Slot& slot) { return of_[slot.level][slot.kind]; }
  Ball& at(std::size_t A, std::size_t kind = 0) { return of_[A][kind]; }
  [[nodiscard]] std::vector<Ball>& by_kind(std::size_t A) { return of_[A]; }

  /// Of those positions, at levels that tell them apart.
  [[nodiscard]] Ball at(const Slot& slot) const { return of(slot.level, slot.kind); }
  [[nodiscard]] Ball of(std::size_t A, std::size_t kind) const {
    if (!is_given()) return {};
    return is_by_position(A) ? of_[A][kind] : of_[A].front();
  }
  [[nodiscard]] Ball largest(std::size_t A) const {
    Ball largest;
    for (const Ball& number : of_[A]) largest = larger(largest, number);
    return largest;
  }
  [[nodiscard]] Levels largest() const {
    Levels all;
    for (std::size_t A = 0; A < level_count; ++A) all[A] = largest(A);
    return all;
  }
  static Numbers of(const Levels& levels, const Positions& positions) {
    Numbers numbers(positions);
    for (std::size_t A = 0; A < level_count; ++A) {
      std::fill(numbers.of_[A].begin(), numbers.of_[A].end(), levels[A]);
    }
    return numbers;
  }

 private:
  std::array<std::vector<Ball>, level_count> of_;
};

/// The least numbers that follow: a finer norm is at most a coarser one, the square of a coarser
/// one at most the sum of those of its parts. First what is known of each position, then of all of
/// them, and back.
inline void relax_plain(Numbers& z, const Positions& positions, const Counts& counts,
                        const ActiveLevels& active) {
  const auto lower = [](Ball& a, const Ball& b) { a = smaller(a, b); };
  const auto root_of = [](std::int64_t n, const Ball& x) { return square_root(Ball(n)) * x; };
  const auto of_all = [&](std::size_t A) {
    Ball squares;
    for (std::size_t k = 0; k < positions.size(); ++k) {
      squares = squares + Ball(positions.counts[k]) * square(z.at(A, k));
    }
    return square_root(squares);
  };
  if (active.axes) {
    for (std::size_t k = 0; k < positions.size(); ++k) {
      if (active.entries) lower(z.at(of_token, k), root_of(counts.channels, z.at(of_entry)));
      lower(z.at(of_position, k), root_of(counts.samples, z.at(of_token, k)));
      lower(z.at(of_token, k), z.at(of_position, k));
    }
    lower(z.at(of_sample), of_all(of_token));
    lower(z.at(of_batch), of_all(of_position));
    lower(z.at(of_batch), root_of(counts.samples, z.at(of_sample)));
    lower(z.at(of_sample), z.at(of_batch));
    for (std::size_t k = 0; k < positions.size(); ++k) {
      lower(z.at(of_position, k), z.at(of_batch));
      lower(z.at(of_token, k), z.at(of_position, k));
      lower(z.at(of_token, k), z.at(of_sample));
    }
  } else {
    if (active.entries) {
      lower(z.at(of_batch), root_of(counts.outside(of_batch), z.at(of_entry)));
    }
    z.at(of_sample) = z.at(of_batch);
    for (const std::size_t A : {of_position, of_token}) {
      std::fill(z.by_kind(A).begin(), z.by_kind(A).end(), z.at(of_batch));
    }
  }
  if (active.entries) {
    lower(z.at(of_entry), z.largest(of_token));
  } else {
    z.at(of_entry) = z.largest(of_token);
  }
  if (!active.centred) {
    z.at(centred_of_batch) = z.at(of_batch);
    z.by_kind(centred_of_position) = z.by_kind(of_position);
    return;
  }
  for (std::size_t k = 0; k < positions.size(); ++k) {
    lower(z.at(centred_of_position, k), z.at(of_position, k));
  }
  lower(z.at(centred_of_batch), z.at(of_batch));
  lower(z.at(centred_of_batch), of_all(centred_of_position));
  for (std::size_t k = 0; k < positions.size(); ++k) {
    lower(z.at(centred_of_position, k), z.at(centred_of_batch));
  }
}

/// What those of matrices and the others say of each other. What a position has is in rows of its
/// own; a column adds up as many entries as there are rows at most.
inline void relax_matrices(Numbers& z, const Counts& counts) {
  const auto lower = [](Ball& a, const Ball& b) { a = smaller(a, b); };
  const Ball of_all = square_root(Ball(counts.rows()));
  lower(z.at(of_entry), z.at(of_columns));
  lower(z.at(of_rows), smaller(z.at(of_sample), of_all * z.at(of_entry)));
  lower(z.at(of_rows), of_all * z.largest(of_token));
  for (Ball& token : z.by_kind(of_token)) lower(token, z.at(of_rows));
  lower(z.at(of_sample), square_root(Ball(counts.row)) * z.at(of_rows));
  lower(z.at(of_columns), of_all * z.at(of_rows));
}

/// All of these, as often as they could follow from each other.
inline void relax(Numbers& z, const Positions& positions, const Counts& counts,
                  const ActiveLevels& active) {
  if (!z.is_given()) return;
  relax_plain(z, positions, counts, active);
  for (int round = 0; active.matrices && round < 3; ++round) {
    relax_matrices(z, counts);
    relax_plain(z, positions, counts, active);
  }
  if (active.matrices) return;
  z.at(of_rows) = z.at(of_sample);
  z.at(of_columns) = Ball::infinity();
}

/// What stands for |z| in a part's statement: the smallest of factor times |z|_A.
struct Reading {
  Levels factors = all_of(Ball::infinity());

  static Reading of(std::size_t A, const Ball& factor = 1) { return Reading{}.or_of(A, factor); }
  [[nodiscard]] Reading or_of(std::size_t A, const Ball& factor = 1) const {
    Reading both = *this;
    both.factors[A] = factor;
    return both;
  }
  /// The same of what is left without the mean over samples.
  [[nodiscard]] Reading centred() const {
    Reading reading;
    for (const std::size_t A : centred_levels) reading.factors[A] = factors[without_centring(A)];
    return reading;
  }
  /// The level A if nothing but |z|_A is read.
  [[nodiscard]] std::optional<std::size_t> only() const {
    std::optional<std::size_t> level;
    for (std::size_t A = 0; A < level_count; ++A) {
      if (factors[A].is_infinite()) continue;
      if (level) return std::nullopt;
      level = A;
    }
    return level;
  }
  /// Of all positions.
  [[nodiscard]] Ball read(const Numbers& z) const {
    Ball least = Ball::infinity();
    if (!z.is_given()) return {};
    for (std::size_t A = 0; A < level_count; ++A) {
      if (!factors[A].is_infinite()) least = smaller(least, factors[A] * z.largest(A));
    }
    return least;
  }
  /// For what `route` leads to `slot`. Positions that are gathered count as often as they are read,
  /// which is what the factor says of the largest of them.
  [[nodiscard]] Ball read(const Numbers& z, const Route& route, const Slot& slot) const {
    if (!is_by_position(slot.level) || route.kind == Passage::Kind::all || !z.is_given()) {
      return read(z);
    }
    Ball least = Ball::infinity();
    for (std::size_t A = 0; A < level_count; ++A) {
      if (factors[A].is_infinite()) continue;
      if (route.kind == Passage::Kind::same) {
        least = smaller(least, factors[A] * z.of(A, slot.kind));
      } else if (is_by_position(A)) {
        least = smaller(least, gathered(z, A, route, slot.kind));
      } else {
        least = smaller(least, factors[A] * z.largest(A));
      }
    }
    return least;
  }

 private:
  static Ball gathered(const Numbers& z, std::size_t A, const Route& route, std::size_t kind) {
    const bool is_mean = !route.divisors.empty();
    Ball sum;
    for (const auto& [read, taps] : route.taps[kind]) {
      const Ball number = z.of(A, read);
      sum = sum + Ball(taps) * (is_mean ? number : square(number));
    }
    return is_mean ? sum / Ball(route.divisors[kind]) : square_root(sum);
  }
};

/// What a part states at each level; nothing where it says nothing.
template <class Statement>
using AtLevels = std::array<std::optional<Statement>, level_count>;

}  // namespace oracle
}  // namespace smoothbound::support
