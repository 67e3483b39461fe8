#include "at_level.hpp"

namespace smoothbound::rules {
namespace {

// Of a level between the Euclidean and the maximum norm.
Magnitude norm_at(const Repeated& norm, std::size_t level, const Extents& extents) {
  if (!levels[level].positions) return norm.sample;
  if (levels[level].samples) return norm.position;
  return norm.position * square_root(Magnitude::from_count(extents.samples));
}

}  // namespace

std::optional<AffineAtLevel> at_level(const AffineConstants& b, std::size_t level,
                                      const Extents& extents) {
  if (levels[level].centred) {
    // Subtracting the mean over samples commutes with what does the same to each of them.
    if (!b.of_sample) return std::nullopt;
    auto at = at_level(b, level_before_centring(level), extents);
    if (!at) return at;
    for (const std::size_t uncentred : {euclidean, per_position}) {
      std::swap(at->reads[uncentred], at->reads[centred_level(uncentred)]);
    }
    if (b.of_sample->is_same_for_all) at->linear_parameters = at->offset = {};
    return at;
  }
  if (level == euclidean) {
    return AffineAtLevel{reading_of(euclidean), b.bilinear.value, b.linear_parameters.value,
                         b.linear_input.value,  b.offset.value,   b.at_point};
  }
  if (level == maximum) return b.at_maximum;
  if (level == largest_of_rows) return b.at_rows;
  if (level == sum_of_columns) return std::nullopt;
  if (!b.of_sample) return std::nullopt;
  const AffineOfSample& one = *b.of_sample;
  AffineAtLevel at{reading_of(level),
                   b.bilinear.value,
                   norm_at(one.linear_parameters, level, extents),
                   b.linear_input.value,
                   norm_at(one.offset, level, extents),
                   b.at_point};
  if (!levels[level].positions) return at;
  if (one.taps.is_infinite()) return std::nullopt;
  const Magnitude unit = Magnitude::from_count(1);
  at.reads = reading_of(level, one.taps);
  at.reads[levels[level].samples ? per_sample : euclidean] = unit;
  at.bilinear = b.bilinear.value.is_zero() ? Magnitude() : unit;
  at.linear_input = one.linear_input;
  at.at_point = one.at_point;
  return at;
}

std::optional<MapAtLevel> at_level(const MapConstants& a, std::size_t level,
                                   const Extents& extents) {
  if (level == maximum) return a.at_maximum;
  if (level == largest_of_rows) return a.at_rows;
  if (level == sum_of_columns) return a.at_columns;
  MapAtLevel at{
      reading_of(level),     a.bound.value, a.lipschitz.value, a.smoothness.value, a.at_zero.value,
      a.slope_at_zero.value, a.inner};
  if (a.centres_samples) {
    at.reads = reading_of(centred_level(level));
    at.inner = centred_position;
  }
  if (level == euclidean) return at;
  at.bound = norm_at(a.bound_of, level, extents);
  at.at_zero = norm_at(a.at_zero_of, level, extents);
  if (is_finer(a.inner, level)) return at;
  if (!levels[level].positions || a.at_positions.is_infinite()) return std::nullopt;
  at.lipschitz = at.slope_at_zero = a.at_positions;
  at.inner = level;
  return at;
}

}  // namespace smoothbound::rules
