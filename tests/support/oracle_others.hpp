// What components that the plain network does not write out do at the maximum norm, by section 3 of
// docs/theory.md. Their Euclidean constants are the catalogue's.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "oracle_constants.hpp"

namespace smoothbound::support::oracle {

/// The largest number of pairs of an input and a tap that give the same output, counted.
inline std::int64_t count_pairs(const ConvTransposed& conv, const Sizes& input,
                                const Sizes& output) {
  std::int64_t pairs = 1;
  for (std::size_t axis = 0; axis + 1 < input.size(); ++axis) {
    const auto spatial = static_cast<int>(axis);
    const std::int64_t stride = conv.window.stride.is_given() ? conv.window.stride[spatial] : 1;
    const std::int64_t pad = conv.window.padding.sizes[spatial];
    Sizes of_output(static_cast<std::size_t>(output[axis + 1]));
    for (std::int64_t i = 0; i < input[axis + 1]; ++i) {
      for (std::int64_t t = 0; t < conv.window.kernel[spatial]; ++t) {
        const std::int64_t o = i * stride + t * conv.window.dilation[spatial] - pad;
        if (o >= 0 && o < output[axis + 1]) ++of_output[static_cast<std::size_t>(o)];
      }
    }
    pairs *= *std::max_element(of_output.begin(), of_output.end());
  }
  return pairs;
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

/// Of an affine part, from its input's and output's shape.
inline OracleAffine other_affine_at_maximum(const Component& component, const Sizes& input,
                                            const Sizes& output) {
  if (const auto* conv = std::get_if<ConvTransposed>(&component)) {
    const std::int64_t fan_in = count_pairs(*conv, input, output) * input.front() / conv->groups;
    return {1, conv->bias ? 1 : 0, 0, 0, {1, root(fan_in)}};
  }
  if (std::holds_alternative<Parameter>(component)) return {0, 1, 0, 0, maximum_alone()};
  if (const auto* prelu = std::get_if<Prelu>(&component)) {
    // One entry of u + alpha w + c (1 - alpha), or of x_+ + alpha x_-.
    const Ball c = prelu->is_smooth ? Ball::log_two() / Ball::of(prelu->beta.upper) : Ball();
    return {1, c, 1, c, maximum_alone(), true};
  }
  throw std::invalid_argument(std::string(name_of(component)) + " is not written out");
}

/// Of a map; `a`: its Euclidean constants.
inline OracleMap other_map_at_maximum(const Component& component, const OracleMap& a,
                                      const Sizes& input) {
  OracleMap entry = linear(1);
  entry.smoothness = a.smoothness;
  entry.reads = maximum_alone();
  if (std::holds_alternative<AdaptiveAveragePool>(component) ||
      std::holds_alternative<GlobalMaxPool>(component) ||
      std::holds_alternative<Upsample>(component) || std::holds_alternative<Prelu>(component)) {
    return entry;
  }
  if (const auto* scale = std::get_if<FixedScale>(&component)) {
    entry.lipschitz = entry.slope_at_zero = largest_of(scale->by);
    return entry;
  }
  if (const auto* shift = std::get_if<FixedShift>(&component)) {
    entry.at_zero = largest_of(shift->by);
    return entry;
  }
  if (const auto* mask = std::get_if<Mask>(&component)) {
    if (!a.at_zero.is_zero()) entry.at_zero = Ball::of(mask->by.upper);
    return entry;
  }
  if (const auto* constant = std::get_if<FixedValue>(&component)) {
    const Ball largest = largest_of(constant->values);
    return {largest, 0, 0, largest, 0, maximum_alone()};
  }
  if (const auto* norm = std::get_if<LocalResponseNorm>(&component)) {
    entry = a;
    entry.bound = entry_bound(*norm);
    entry.reads = {1, root(input.front())};
    return entry;
  }
  if (const auto* norm = std::get_if<InstanceNorm>(&component)) {
    const std::int64_t g = positions_of(input);
    const Ball slope = root(g - 1) / root(g) / square_root(Ball::of(norm->epsilon.upper));
    return {root(g - 1), slope, a.smoothness, 0, slope, {1, root(g)}};
  }
  throw std::invalid_argument(std::string(name_of(component)) + " is not written out");
}

}  // namespace smoothbound::support::oracle
