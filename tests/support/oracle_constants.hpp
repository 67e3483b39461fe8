// The constants of every component for a batch as balls, by the formulas of the theory and with
// overlaps counted one by one. Those of most activations are the catalogue's: of them the oracle
// holds what composition makes, and tests/layers/activation_exact_test.cpp the constants, row by
// row.
#pragma once

#include <algorithm>
#include <string>

#include "ball.hpp"
#include "catalogue.hpp"
#include "oracle_positions.hpp"
#include "plain_network.hpp"

namespace smoothbound::support {

struct OracleAffine {
  Ball bilinear;  // L_beta
  Ball parameters;
  Ball input;
  Ball offset;
  bool on_different_entries = false;  // beta and beta^z: the larger one counts, not the sum
};

struct OracleMap {
  Ball bound = Ball::infinity();
  Ball lipschitz;
  Ball smoothness;
  Ball at_zero;
  Ball slope_at_zero;
};

namespace oracle {

inline Ball ratio(std::int64_t a, std::int64_t b) { return Ball(a) / Ball(b); }
inline Ball root(std::int64_t n) { return square_root(Ball(n)); }
inline Ball root(const Ball& n) { return square_root(n); }
inline Method method_of(bool sharp) { return sharp ? Method::sharp : Method::paper; }

/// The parameter of an activation; "": its default, or it has none.
inline std::string parameter_of(const PlainPart& part) {
  return part.parameter.empty() ? std::string(find_activation(part.kind)->parameter.default_value)
                                : part.parameter;
}

/// Of the scalar function.
inline OracleMap activation(const PlainPart& part, bool sharp) {
  const std::string parameter = parameter_of(part);
  if (part.kind == "softplus") {
    const Ball scale = Ball::decimal(parameter);
    return {Ball::infinity(), 1, scale / Ball(4), Ball::log_two() / scale, ratio(1, 2)};
  }
  if (part.kind == "tanh" && sharp) return {1, 1, Ball(4) / (Ball(3) * root(3)), 0, 1};
  const ScalarConstants f = find_activation(part.kind)->constants(
      method_of(sharp), parameter.empty() ? Real{} : Real::from_decimal(parameter));
  return {Ball::of(f.bound.value), Ball::of(f.lipschitz.value), Ball::of(f.smoothness.value),
          Ball::of(f.at_zero.value), Ball::of(f.slope_at_zero.value)};
}

inline OracleMap linear(const Ball& norm) { return {Ball::infinity(), norm, 0, 0, norm}; }

inline bool is_normalization(const PlainPart& part) { return part.kind.ends_with("_norm"); }

/// The product over the axes of what `count` tells of a window.
template <class Count>
std::int64_t along_axes(const PlainPart& part, const Sizes& input, Count&& count) {
  std::int64_t product = 1;
  for (std::size_t axis = 0; axis + 1 < input.size(); ++axis) {
    const auto window = plain_axis(part.window, is_pooling(part), axis, input[axis + 1]);
    product *= count(window.value());
  }
  return product;
}
inline std::int64_t count_overlap(const PlainPart& part, const Sizes& input) {
  return along_axes(part, input, [](const PlainAxis& axis) { return axis.count_overlap(); });
}
/// The largest number of positions of the input in a patch.
inline std::int64_t count_patch(const PlainPart& part, const Sizes& input) {
  return along_axes(part, input, [](const PlainAxis& axis) { return axis.count_patch(); });
}

/// How many scalars of the whole batch one feature has.
inline std::int64_t group_of(const PlainPart& part, const Sizes& shape, std::int64_t batch) {
  const std::int64_t scalars = product_of(shape);
  if (part.kind == "group_norm") return scalars / part.size;
  if (part.per == "position") return shape.front();
  if (part.kind != "batch_norm") return scalars;
  return (part.per == "element" ? 1 : positions_of(shape)) * batch;
}

/// Whether a batch norm takes each scalar of a sample by itself: channels of one position are
/// those.
inline bool is_batch_norm_of_elements(const PlainPart& part, const Sizes& shape) {
  return part.kind == "batch_norm" && (part.per == "element" || positions_of(shape) == 1);
}

/// Whether scale and shift are those of a channel, and not of a scalar of the sample.
inline bool has_pair_per_channel(const PlainPart& part) {
  return part.kind == "group_norm" || part.per == "position" ||
         (part.kind == "batch_norm" && part.per != "element");
}

inline Ball epsilon_of(const PlainPart& part) {
  return Ball::decimal(part.epsilon.empty() ? "1e-5" : part.epsilon);
}

inline OracleMap normalization(const PlainPart& part, const Sizes& shape, std::int64_t batch,
                               bool sharp) {
  const Ball epsilon = epsilon_of(part);
  const Ball scalars = Ball(product_of(shape)) * Ball(batch);
  const Ball slope = Ball(1) / square_root(epsilon);
  const Ball curvature = Ball(1) / (root(group_of(part, shape, batch)) * epsilon);
  if (!sharp) return {scalars, Ball(2) * slope, Ball(2) * curvature, 0, slope};
  return {square_root(scalars), slope, Ball(48) / (Ball(25) * root(5)) * curvature, 0, slope};
}

/// Of a non-affine part, from its input's and output's shape.
inline OracleMap map_constants(const PlainPart& part, const Sizes& input, const Sizes& output,
                               std::int64_t batch, bool sharp) {
  if (part.kind == "softmax") {
    const std::int64_t k = input[part.axis];
    const Ball r = Ball(product_of(input) / k) * Ball(batch);
    const Ball at_zero = square_root(r / Ball(k));
    if (!sharp) return {Ball::infinity(), 2, 4, at_zero, ratio(1, k)};
    return {square_root(r), ratio(1, 2), root(2) / (Ball(3) * root(3)), at_zero, ratio(1, k)};
  }
  if (part.kind == "average_pool") {
    if (part.window.ceil || !part.count_padding) {
      const Passage means = windows(part, input, true);
      return linear(root(largest_weight(*means.gathering, positions_of(input))));
    }
    if (!sharp) return linear(1);
    return linear(root(count_overlap(part, input)) / root(product_of(part.window.kernel)));
  }
  if (part.kind == "max_pool") {
    OracleMap a = linear(root(count_overlap(part, input)));
    a.smoothness = Ball::infinity();
    return a;
  }
  if (part.kind == "global_average_pool") {
    return linear(sharp ? Ball(1) / root(positions_of(input)) : Ball(1));
  }
  if (is_normalization(part)) return normalization(part, output, batch, sharp);
  OracleMap a = activation(part, sharp);
  const Ball root_n = square_root(Ball(product_of(output)) * Ball(batch));
  a.bound = a.bound * root_n;
  a.at_zero = a.at_zero * root_n;
  return a;
}

inline bool is_affine(const PlainPart& part) { return part.kind == "dense" || part.kind == "conv"; }

inline OracleAffine affine_of(const AffineConstants& b) {
  return {Ball::of(b.bilinear.value), Ball::of(b.linear_parameters.value),
          Ball::of(b.linear_input.value), Ball::of(b.offset.value), b.acts_on_different_entries};
}

inline OracleMap map_of(const MapConstants& a) {
  return {Ball::of(a.bound.value), Ball::of(a.lipschitz.value), Ball::of(a.smoothness.value),
          Ball::of(a.at_zero.value), Ball::of(a.slope_at_zero.value)};
}

/// Of a dense or convolutional part.
inline OracleAffine affine_constants(const PlainPart& part, const Sizes& input, const Sizes& output,
                                     std::int64_t batch, bool sharp) {
  const std::int64_t patches = part.kind == "dense" ? 1 : positions_of(output);
  OracleAffine b;
  b.bilinear = 1;
  if (part.kind == "conv") b.bilinear = root(sharp ? count_overlap(part, input) : patches);
  if (part.bias) b.parameters = square_root(Ball(patches) * Ball(batch));
  return b;
}

/// Scale and shift behind a normalization.
inline OracleAffine scale_and_shift(const PlainPart& part, const Sizes& shape, std::int64_t batch) {
  OracleAffine b;
  (part.scale ? b.bilinear : b.input) = 1;
  const std::int64_t of_sample = has_pair_per_channel(part) ? positions_of(shape) : 1;
  if (part.shift) b.parameters = square_root(Ball(of_sample) * Ball(batch));
  return b;
}

}  // namespace oracle
}  // namespace smoothbound::support
