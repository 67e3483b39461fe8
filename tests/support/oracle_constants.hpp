// The local constants of every component as balls, by the formulas of the theory and with overlaps
// counted one by one. Those of activations, and of components and losses that nobody has written
// out here, are the catalogue's: of them the oracle holds what composition makes, and other tests
// the constants, activations in tests/layers/activation_exact_test.cpp row by row.
#pragma once

#include <string>

#include "ball.hpp"
#include "catalogue.hpp"
#include "plain_network.hpp"
#include "smoothbound/losses/loss.hpp"

namespace smoothbound::support {

/// |z|_read = min{euclidean ||z||, maximum max |z_i|}: what a part reads of z at the maximum norm.
struct OracleReading {
  Ball euclidean = 1;
  Ball maximum = Ball::infinity();
};

struct OracleAffine {
  Ball bilinear;  // L_beta
  Ball parameters;
  Ball input;
  Ball offset;
  OracleReading reads{};
  bool on_different_entries = false;  // beta and beta^z: the larger one counts, not the sum
};

struct OracleMap {
  Ball bound = Ball::infinity();
  Ball lipschitz;
  Ball smoothness;
  Ball at_zero;
  Ball slope_at_zero;
  OracleReading reads{};
};

/// Of a loss as a function of the predictions.
struct OracleLoss {
  Ball l, L;
};

namespace oracle {

inline Ball ratio(std::int64_t a, std::int64_t b) { return Ball(a) / Ball(b); }
inline Ball root(std::int64_t n) { return square_root(Ball(n)); }
inline Method method_of(bool sharp) { return sharp ? Method::sharp : Method::paper; }

/// Of the scalar function.
inline OracleMap activation(const PlainPart& part, bool sharp) {
  const ActivationRow& row = *find_activation(part.kind);
  const std::string_view parameter =
      part.parameter.empty() ? row.parameter.default_value : part.parameter;
  const ScalarConstants f =
      row.constants(method_of(sharp), parameter.empty() ? Real{} : Real::from_decimal(parameter));
  return {Ball::of(f.bound.value), Ball::of(f.lipschitz.value), Ball::of(f.smoothness.value),
          Ball::of(f.at_zero.value), Ball::of(f.slope_at_zero.value)};
}

inline OracleMap linear(const Ball& norm) { return {Ball::infinity(), norm, 0, 0, norm}; }

inline bool is_normalization(const PlainPart& part) { return part.kind.ends_with("_norm"); }

inline std::int64_t count_overlap(const PlainPart& part, const Sizes& input) {
  std::int64_t overlap = 1;
  for (std::size_t axis = 0; axis + 1 < input.size(); ++axis) {
    const auto window = plain_axis(part.window, is_pooling(part), axis, input[axis + 1]);
    overlap *= window.value().count_overlap();
  }
  return overlap;
}

/// How many scalars of the whole batch one feature has.
inline std::int64_t group_of(const PlainPart& part, const Sizes& shape, std::int64_t batch) {
  const std::int64_t scalars = product_of(shape);
  if (part.kind == "group_norm") return scalars / part.size;
  if (part.per == "position") return shape.front();
  if (part.kind != "batch_norm") return scalars;
  return (part.per == "element" ? 1 : positions_of(shape)) * batch;
}

/// How many scalars of the whole batch one pair of scale and shift acts on.
inline std::int64_t scalars_per_pair(const PlainPart& part, const Sizes& shape,
                                     std::int64_t batch) {
  const bool per_channel = part.kind == "group_norm" || part.per == "position" ||
                           (part.kind == "batch_norm" && part.per != "element");
  return (per_channel ? positions_of(shape) : 1) * batch;
}

inline OracleMap normalization(const PlainPart& part, const Sizes& shape, std::int64_t batch,
                               bool sharp) {
  const Ball epsilon = Ball::decimal(part.epsilon.empty() ? "1e-5" : part.epsilon);
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

/// What its entries read: themselves.
inline OracleReading maximum_alone() { return {Ball::infinity(), 1}; }

/// Of a non-affine part at the maximum norm; `a`: its Euclidean constants.
inline OracleMap map_at_maximum(const PlainPart& part, const OracleMap& a, const Sizes& input,
                                const Sizes& output, std::int64_t batch) {
  if (find_activation(part.kind) != nullptr) {
    OracleMap entry = activation(part, true);
    entry.reads = maximum_alone();
    return entry;
  }
  if (part.kind == "softmax") {
    const Ball k(input[part.axis]);
    return {1,           root(2) / Ball(4), Ball(1) / (Ball(3) * root(3)),
            Ball(1) / k, root(2) / k,       {1, root(2)}};
  }
  if (is_pooling(part) || part.kind == "global_average_pool") {
    OracleMap entry = linear(1);
    entry.smoothness = a.smoothness;
    entry.reads = maximum_alone();
    return entry;
  }
  if (!is_normalization(part)) throw std::invalid_argument(part.kind + " is not written out");
  const std::int64_t g = group_of(part, output, batch);
  const bool centred = part.kind != "rms_norm";
  const Ball slope = centred ? root(g - 1) / root(g) * a.lipschitz : a.lipschitz;
  return {centred ? root(g - 1) : root(g), slope, a.smoothness, 0, slope, {1, root(g)}};
}

inline OracleAffine affine_of(const AffineConstants& b) {
  return {Ball::of(b.bilinear.value),
          Ball::of(b.linear_parameters.value),
          Ball::of(b.linear_input.value),
          Ball::of(b.offset.value),
          {},
          b.acts_on_different_entries};
}

inline OracleMap map_of(const MapConstants& a) {
  return {Ball::of(a.bound.value), Ball::of(a.lipschitz.value), Ball::of(a.smoothness.value),
          Ball::of(a.at_zero.value), Ball::of(a.slope_at_zero.value)};
}

/// Of a dense or convolutional part at the maximum norm: a row of weights and bias has a norm of at
/// most ||v||.
inline OracleAffine affine_at_maximum(const PlainPart& part, const Sizes& input) {
  std::int64_t fan_in = product_of(input);
  if (part.kind == "conv") {
    fan_in = input.front() / part.groups * product_of(part.window.kernel);
  }
  return {1, part.bias ? 1 : 0, 0, 0, {1, root(fan_in)}};
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

inline bool is_mean(const PlainNetwork& network) { return find_loss(network.loss)->is_mean(); }

/// Of all samples, whose predictions have norms of at most m.
/// `shape`: of the predictions for one of them.
inline OracleLoss loss(const PlainNetwork& network, const Ball& m, std::int64_t batch, bool sharp,
                       const Sizes& shape) {
  const std::string& name = network.loss;
  const Ball inf = Ball::infinity();
  if (name == "k_means" || name == "spectral_clustering") return {inf, inf};
  if (name == "convex_clustering") {
    const Ball others = Ball(batch - 1) / Ball(2);
    // Of two samples, the paper's is below the true one.
    return {Ball(batch) * (sharp || batch == 2 ? square_root(others) : others), 1};
  }
  Ball positions(1);
  for (std::size_t axis = 1; axis < shape.size(); ++axis) positions = positions * Ball(shape[axis]);
  const Ball scalars = positions * Ball(shape.front());
  Ball terms(1);  // of a sample
  OracleLoss f;
  if (name == "logistic") {
    terms = positions;
    f = sharp ? OracleLoss{root(2), ratio(1, 2)} : OracleLoss{2, 2};
  } else if (name == "square") {
    f = {m + Ball::decimal(network.label_radius), 1};
  } else if (name == "binary_logistic") {
    terms = scalars;
    f = {1, ratio(1, 4)};
  } else if (name == "huber") {
    terms = scalars;
    f = {smaller(1, (m + Ball::decimal(network.label_radius)) / square_root(scalars)), 1};
  } else {
    const LossConstants other = find_loss(name)->constants(
        {method_of(sharp), batch, m.not_above(), Magnitude::from_decimal(network.label_radius)});
    f = {Ball::of(other.lipschitz.value), Ball::of(other.smoothness.value)};
  }
  if (sharp && is_mean(network)) {
    terms = terms * Ball(batch);
    f = {f.l / square_root(terms), f.L / terms};
  }
  return f;
}

}  // namespace oracle
}  // namespace smoothbound::support
