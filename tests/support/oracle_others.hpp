// What components that the plain network does not write out do at each level, by section 3 of
// docs/theory.md. Their constants for a batch are the catalogue's.
#pragma once

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "oracle_statements.hpp"
#include "reference_maps.hpp"

namespace smoothbound::support::oracle {

/// Inputs that each output is made of, once for each tap.
inline AxisReads pairs_along(const ConvTransposed& conv, std::size_t axis, std::int64_t input,
                             std::int64_t output) {
  const auto spatial = static_cast<int>(axis);
  const std::int64_t stride = conv.window.stride.is_given() ? conv.window.stride[spatial] : 1;
  const std::int64_t pad = conv.window.padding.sizes[spatial];
  AxisReads reads{input, std::vector<Sizes>(static_cast<std::size_t>(output)), {}};
  for (std::int64_t i = 0; i < input; ++i) {
    for (std::int64_t t = 0; t < conv.window.kernel[spatial]; ++t) {
      const std::int64_t o = i * stride + t * conv.window.dilation[spatial] - pad;
      if (o >= 0 && o < output) reads.reads[static_cast<std::size_t>(o)].push_back(i);
    }
  }
  return reads;
}
inline Passage pairs(const ConvTransposed& conv, const Sizes& input, const Sizes& output) {
  return along_positions(input, [&](std::size_t axis) {
    return pairs_along(conv, axis, input[axis + 1], output[axis + 1]);
  });
}
/// The largest number of pairs of an input and a tap that give the same output.
inline std::int64_t largest_number_of(const Passage& pairs) {
  std::size_t largest = 0;
  for (const auto& reads : pairs.gathering->reads) largest = std::max(largest, reads.size());
  return static_cast<std::int64_t>(largest);
}

/// Means over floor(o n / k) to ceil((o + 1) n / k).
inline Passage adaptive_windows(const Sizes& input, const Sizes& output) {
  return along_positions(input, [&](std::size_t axis) {
    const std::int64_t n = input[axis + 1];
    const std::int64_t k = output[axis + 1];
    AxisReads reads;
    for (std::int64_t o = 0; o < k; ++o) {
      Sizes& read = reads.reads.emplace_back();
      for (std::int64_t i = 0; i < n; ++i) {
        if ((i + 1) * k > o * n && i * k < (o + 1) * n) read.push_back(i);
      }
      reads.divisors.push_back(static_cast<std::int64_t>(read.size()));
    }
    return reads;
  });
}

inline Ball largest_of(const std::vector<SignedReal>& numbers) {
  Ball largest;
  for (const SignedReal& number : numbers)
    largest = larger(largest, Ball::of(number.magnitude.upper));
  return largest;
}

/// x^y for x > 0.
inline Ball power(const Ball& x, const Ball& y) {
  Ball result;
  arb_pow(result.raw(), x.raw(), y.raw(), Ball::precision);
  return result;
}

/// sup |x_c| D_c^-beta, where D_c is k + a x_c^2 at least.
inline Ball entry_bound(const LocalResponseNorm& norm) {
  const Ball beta = Ball::of(norm.beta.upper);
  const Ball half = ratio(1, 2);
  if (certainly_less(beta, half)) return Ball::infinity();
  Ball a = Ball::of(norm.alpha.upper);
  if (LocalResponseNorm::kinds.at(norm.alpha_of) == "mean") a = a / Ball(norm.size);
  const Ball above = difference(beta, half);
  // D = k + a x^2 with a x^2 = k/(2 beta - 1): x^2 D^(-2 beta)
  const Ball k = Ball::of(norm.k.upper);
  const Ball square = k / (Ball(2) * above * a);
  const Ball D = k * Ball(2) * beta / (Ball(2) * above);
  return square_root(square) / power(D, beta);
}

/// Of the affine part of a component, from its input's and output's shape; `batch`: what it does to
/// a batch.
inline AffineStatements other_affine_statements(const Component& component,
                                                const OracleAffine& batch, const Sizes& input,
                                                const Sizes& output, std::int64_t batch_size) {
  const Counts counts = Counts::of(output, batch_size);
  if (const auto* conv = std::get_if<ConvTransposed>(&component)) {
    const Passage passage = pairs(*conv, input, output);
    const std::int64_t most = largest_number_of(passage);
    AffineStatements b =
        patches(conv->bias, most, most, most * input.front() / conv->groups, counts);
    b.passage = passage;
    return with_centred(b);
  }
  AffineStatements b = same_at_levels(batch);
  if (std::holds_alternative<Parameter>(component)) {
    b.passage = {};
    for (std::size_t A = 0; A < plain_level_count; ++A) {
      b[A]->parameters = root(Counts{batch_size, 1, 1}.outside(A));
    }
    return with_centred(b);
  }
  if (std::holds_alternative<Embedding>(component)) {
    // A row of the table stands for each of the tokens at most.
    b.passage = {};
    for (std::size_t A = 0; A < plain_level_count; ++A) {
      b[A]->parameters = root(Counts{batch_size, input.front(), 1}.outside(A));
    }
    return with_centred(b, true);
  }
  if (const auto* prelu = std::get_if<Prelu>(&component)) {
    // u + alpha w + c (1 - alpha), or x_+ + alpha x_-
    b.is_linear = false;
    const Ball c = prelu->is_smooth ? Ball::log_two() / Ball::of(prelu->beta.upper) : Ball();
    for (std::size_t A = 0; A < plain_level_count; ++A) {
      const std::int64_t scalars = counts.outside(A);
      const bool per_channel = prelu->per == 0 && A != of_entry;
      b[A]->offset = c * root(scalars);
      b[A]->parameters = c * root(per_channel ? scalars / counts.channels : scalars);
    }
    return with_centred(b);
  }
  throw std::invalid_argument(std::string(name_of(component)) + " is not written out");
}

/// z + c, or c: numbers c in each sample of norm `sample`, at each of its positions of norm
/// `position`, and `entry` at most.
inline Levels repeated(const Ball& sample, const Ball& position, const Ball& entry,
                       std::int64_t batch_size) {
  return {root(batch_size) * sample, sample, root(batch_size) * position, position, entry};
}
inline MapStatements translated(const Levels& by) {
  MapStatements a = linear_statements(1, Ball(1));
  a.inner = of_entry;
  for (std::size_t A = 0; A < plain_level_count; ++A) a.at[A]->at_zero = by[A];
  return a;
}

inline Ball norm_of(const std::vector<SignedReal>& numbers) {
  Ball squares;
  for (const SignedReal& number : numbers)
    squares = squares + square(Ball::of(number.magnitude.upper));
  return square_root(squares);
}

inline MapStatements state_response_norm(const LocalResponseNorm& norm, const OracleMap& batch,
                                         const Counts& counts) {
  MapStatements a =
      of_groups(batch, {of_batch, of_sample, of_position, of_token}, of_token, counts);
  // Of channels that are not in one window each may be as large as one alone.
  const std::int64_t run = (norm.size + 1) / 2;
  const std::int64_t runs = (counts.channels + run - 1) / run;
  for (const std::size_t A : {of_batch, of_sample, of_position, of_token}) {
    const std::int64_t positions = counts.outside(A) / counts.channels;
    a.at[A]->bound = root(runs * positions) * entry_bound(norm);
  }
  a.passage = Passage::same();
  a.at[of_entry] = {batch, Reading::of(of_token).or_of(of_entry, root(counts.channels))};
  a.at[of_entry]->bound = entry_bound(norm);
  return a;
}

inline MapStatements state_instance_norm(const InstanceNorm& norm, const OracleMap& catalogue,
                                         const Counts& counts) {
  const Ball epsilon = Ball::of(norm.epsilon.upper);
  OracleMap batch = catalogue;
  batch.bound = root(counts.outside(of_batch));
  MapStatements a = of_groups(batch, {of_batch, of_sample}, of_sample, counts);
  a.growth = normalized_norm(counts, epsilon);
  const std::int64_t g = counts.positions;
  const Ball slope = root(g - 1) / root(g) / square_root(epsilon);
  const OracleMap entry{root(g - 1), slope, batch.smoothness, 0, slope};
  a.at[of_entry] = {entry, Reading::of(of_sample).or_of(of_entry, root(g))};
  return a;
}

/// Of a map; `batch`: what it does to a batch.
inline MapStatements other_map_statements(const Component& component, const OracleMap& batch,
                                          const Sizes& input, const Sizes& output,
                                          std::int64_t batch_size) {
  const Counts counts = Counts::of(output, batch_size);
  if (std::holds_alternative<AdaptiveAveragePool>(component)) {
    return state_means(batch.lipschitz, adaptive_windows(input, output));
  }
  if (std::holds_alternative<Upsample>(component)) {
    return linear_statements(batch.lipschitz, Ball(1));
  }
  if (std::holds_alternative<GlobalMaxPool>(component)) {
    const std::int64_t positions = positions_of(input);
    return state_maxima(1, root(positions), over_all(positions, false));
  }
  if (std::holds_alternative<Prelu>(component)) {
    MapStatements a = linear_statements(1, Ball(1));
    a.inner = of_entry;
    a.passage = Passage::same();
    for (auto& at : a.at) {
      if (at) at->smoothness = batch.smoothness;
    }
    return a;
  }
  if (const auto* scale = std::get_if<FixedScale>(&component)) {
    const Ball largest = largest_of(scale->by);
    MapStatements a = linear_statements(largest, largest, largest);
    a.passage = Passage::same();
    return a;
  }
  if (const auto* shift = std::get_if<FixedShift>(&component)) {
    const Ball all = norm_of(shift->by);
    const Ball position = shift->by.size() == 1 ? root(counts.channels) * all : all;
    MapStatements a = translated(
        repeated(root(counts.positions) * position, position, largest_of(shift->by), batch_size));
    a.passage = Passage::same();
    return a;
  }
  if (const auto* mask = std::get_if<Mask>(&component)) {
    // Of a position no more is known than of its sample.
    const Shape scores{std::span(input)};
    const Ball sample = Ball::of(mask->by.upper) * root(mask->masked(scores));
    MapStatements a = translated(
        repeated(sample, sample, sample.is_zero() ? Ball() : Ball::of(mask->by.upper), batch_size));
    a.passage = Passage::same();
    return a;
  }
  if (const auto* constant = std::get_if<FixedValue>(&component)) {
    const bool is_one = constant->values.size() == 1;
    const Ball sample = norm_of(constant->values) * root(is_one ? product_of(output) : 1);
    MapStatements a =
        translated(repeated(sample, sample, largest_of(constant->values), batch_size));
    for (auto& at : a.at) {
      at->lipschitz = at->slope_at_zero = 0;
      at->bound = at->at_zero;
    }
    return a;
  }
  if (const auto* norm = std::get_if<LocalResponseNorm>(&component)) {
    return state_response_norm(*norm, batch, counts);
  }
  if (const auto* norm = std::get_if<InstanceNorm>(&component)) {
    return state_instance_norm(*norm, batch, counts);
  }
  throw std::invalid_argument(std::string(name_of(component)) + " is not written out");
}

/// Whether each position of the output copies entries of one position of the input, each of them
/// once.
inline bool reads_single_positions(const std::vector<std::int64_t>& places, const Sizes& input,
                                   const Sizes& output) {
  const std::int64_t from = positions_of(input);
  const std::int64_t to = positions_of(output);
  for (std::int64_t position = 0; position < to; ++position) {
    std::set<std::int64_t> entries;
    std::set<std::int64_t> positions;
    for (std::int64_t channel = 0; channel < output.front(); ++channel) {
      const std::int64_t place = places[static_cast<std::size_t>(channel * to + position)];
      if (place < 0) continue;
      if (!entries.insert(place).second) return false;
      positions.insert(place % from);
    }
    if (positions.size() > 1) return false;
  }
  return true;
}

/// Whether the entries along the last axis are the same in both, in the same order.
inline bool has_same_rows(const std::vector<std::int64_t>& places, const Sizes& input,
                          const Sizes& output) {
  if (Counts::row_of(input) != Counts::row_of(output)) return false;
  if (product_of(input) != static_cast<std::int64_t>(places.size())) return false;
  std::int64_t next = 0;
  return std::all_of(places.begin(), places.end(),
                     [&](std::int64_t place) { return place == next++; });
}

}  // namespace smoothbound::support::oracle
