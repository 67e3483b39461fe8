// The norms in which the sharp half of the oracle bounds a value, and what they say of each other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ball.hpp"
#include "plain_network.hpp"

namespace smoothbound::support {

/// Ideas beyond the rules at one norm, each of which can be left out.
struct OracleRefinements {
  bool levels = true;
  bool growth = true;
  bool joint = true;
  bool loss = true;
  bool centred = true;
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
inline constexpr std::array matrix_levels{of_rows, of_columns};
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

/// What those of matrices and the others say of each other. What a position has is in rows of its
/// own; a column adds up as many entries as there are rows at most.
inline void relax_matrices(Levels& z, const Counts& counts) {
  const Ball of_all = square_root(Ball(counts.rows()));
  z[of_entry] = smaller(z[of_entry], z[of_columns]);
  z[of_rows] = smaller(z[of_rows], smaller(z[of_sample], of_all * z[of_entry]));
  z[of_rows] = smaller(z[of_rows], of_all * z[of_token]);
  z[of_token] = smaller(z[of_token], z[of_rows]);
  z[of_sample] = smaller(z[of_sample], square_root(Ball(counts.row)) * z[of_rows]);
  z[of_columns] = smaller(z[of_columns], of_all * z[of_rows]);
}

/// The least numbers that follow: a finer norm is at most a coarser one, and this at most the root
/// of the number of parts times as much.
inline void relax_plain(Levels& z, const Counts& counts, const ActiveLevels& active) {
  const auto is_finer = [&](std::size_t fine, std::size_t coarse) {
    const bool is_within = (has_samples(fine) || !has_samples(coarse)) &&
                           (has_positions(fine) || !has_positions(coarse)) && fine > coarse;
    return is_within && active.has(fine) && active.has(coarse);
  };
  for (std::size_t fine = plain_level_count; fine-- > 0;) {
    for (std::size_t coarse = 0; coarse < fine; ++coarse) {
      if (!is_finer(fine, coarse) || z[fine].is_infinite()) continue;
      const std::int64_t parts = counts.outside(coarse) / counts.outside(fine);
      z[coarse] = smaller(z[coarse], square_root(Ball(parts)) * z[fine]);
    }
  }
  for (std::size_t coarse = 0; coarse < plain_level_count; ++coarse) {
    for (std::size_t fine = coarse + 1; fine < plain_level_count; ++fine) {
      if (is_finer(fine, coarse)) z[fine] = smaller(z[fine], z[coarse]);
    }
  }
}

/// All of these, as often as they could follow from each other.
inline void relax(Levels& z, const Counts& counts, const ActiveLevels& active) {
  relax_plain(z, counts, active);
  for (int round = 0; active.matrices && round < 3; ++round) {
    relax_matrices(z, counts);
    relax_plain(z, counts, active);
  }
  if (!active.matrices) {
    z[of_rows] = z[active.axes ? of_sample : of_batch];
    z[of_columns] = Ball::infinity();
  }
  if (!active.axes) z[of_sample] = z[of_position] = z[of_token] = z[of_batch];
  if (!active.entries) z[of_entry] = z[of_token];
  if (!active.centred) {
    z[centred_of_batch] = z[of_batch];
    z[centred_of_position] = z[of_position];
    return;
  }
  const Ball of_positions = square_root(Ball(counts.positions)) * z[centred_of_position];
  z[centred_of_batch] = smaller(z[centred_of_batch], smaller(z[of_batch], of_positions));
  z[centred_of_position] =
      smaller(z[centred_of_position], smaller(z[of_position], z[centred_of_batch]));
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
  [[nodiscard]] Ball read(const Levels& z) const {
    Ball least = Ball::infinity();
    for (std::size_t A = 0; A < level_count; ++A) {
      if (!factors[A].is_infinite()) least = smaller(least, factors[A] * z[A]);
    }
    return least;
  }
};

/// What a part states at each level; nothing where it says nothing.
template <class Statement>
using AtLevels = std::array<std::optional<Statement>, level_count>;

}  // namespace oracle
}  // namespace smoothbound::support
