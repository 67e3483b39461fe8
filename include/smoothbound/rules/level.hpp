// The norms in which values are bounded.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// A norm of a value with the axes samples, positions and channels: the supremum, over the axes
/// that are named, of the Euclidean norm over the others.
struct Level {
  std::string_view name;
  bool samples = false;
  bool positions = false;
  bool channels = false;
  bool centred = false;      // of the value less its mean over the samples
  bool of_matrices = false;  // another norm, along the last two axes
};

/// The list. The first one is the Euclidean norm, in which bounds are reported; "inf" is the
/// smallest of all but the centred ones: max |z_i|. The last two see a sample as matrices, along
/// its last two axes ([n] as [n, 1]), and are suprema over samples: "t" of the Euclidean norm of
/// what is the largest entry of each row, "1" of the largest sum of magnitudes of a column.
inline constexpr std::array levels{
    Level{"2"},
    Level{"s", true},
    Level{"p", false, true},
    Level{"sp", true, true},
    Level{"inf", true, true, true},
    Level{"2c", false, false, false, true},
    Level{"pc", false, true, false, true},
    Level{"t", true, false, false, false, true},
    Level{"1", true, false, false, false, true},
};
inline constexpr std::size_t euclidean = 0;
inline constexpr std::size_t per_sample = 1;
inline constexpr std::size_t per_position = 2;
inline constexpr std::size_t per_token = 3;  // of each position of each sample
inline constexpr std::size_t maximum = 4;
inline constexpr std::size_t centred_euclidean = 5;
inline constexpr std::size_t centred_position = 6;
inline constexpr std::size_t largest_of_rows = 7;
inline constexpr std::size_t sum_of_columns = 8;

/// The centred form of the Euclidean level and of that of positions.
constexpr std::size_t centred_level(std::size_t level) {
  return level == euclidean ? centred_euclidean : centred_position;
}
/// What a centred level is the centred form of.
constexpr std::size_t level_before_centring(std::size_t level) {
  return level == centred_euclidean ? euclidean : per_position;
}

/// Whether bounds at the level may differ by the position.
constexpr bool tells_positions(std::size_t level) {
  return levels[level].positions && !levels[level].channels;
}

/// Whether |z|_fine <= |z|_coarse, as the supremum is taken over more axes; neither is centred.
/// Levels of matrices are not compared.
constexpr bool is_finer(std::size_t fine, std::size_t coarse) {
  const Level& f = levels.at(fine);
  const Level& c = levels.at(coarse);
  if (f.of_matrices || c.of_matrices) return fine == coarse;
  return (f.samples || !c.samples) && (f.positions || !c.positions) && (f.channels || !c.channels);
}

/// Those of the list at which bounds are carried. All others are bounded by them: |z|_A is at most
/// the norm of the next coarser one.
class LevelSet {
 public:
  constexpr LevelSet() = default;
  static constexpr LevelSet all() {
    LevelSet set;
    for (std::size_t level = 0; level < levels.size(); ++level) set.add(level);
    return set;
  }
  constexpr void add(std::size_t level) { bits_ |= std::uint16_t(1U << level); }
  [[nodiscard]] constexpr bool has(std::size_t level) const { return (bits_ >> level & 1U) != 0; }
  [[nodiscard]] constexpr bool is_euclidean_alone() const { return bits_ == 1; }

 private:
  std::uint16_t bits_ = 1;
};

template <class T>
using PerLevel = std::array<T, levels.size()>;

/// A norm by others: |z| <= min over A of factor[A] |z|_A.
using Reading = PerLevel<Magnitude>;

/// Of one level alone, times `factor`.
constexpr Reading reading_of(std::size_t level,
                             const Magnitude& factor = Magnitude::from_count(1)) {
  Reading reading;
  reading.fill(Magnitude::infinity());
  reading[level] = factor;
  return reading;
}

/// How many entries a value has along each of its axes.
struct Extents {
  std::int64_t samples = 1;
  std::int64_t positions = 1;
  std::int64_t channels = 1;
  std::int64_t row = 1;  // of the positions, those along the last axis

  /// Entries along the axes that level A sums over; not of matrices.
  [[nodiscard]] Magnitude outside(std::size_t level) const;
};

}  // namespace smoothbound
