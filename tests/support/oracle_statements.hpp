// What components that the plain network writes out do at each level: section 3 of docs/theory.md,
// by hand. The constants of the batch stand in oracle_constants.hpp.
#pragma once

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "oracle_constants.hpp"
#include "oracle_levels.hpp"

namespace smoothbound::support::oracle {

struct AffineStatement : OracleAffine {
  Reading reads{};
};
struct AffineStatements : AtLevels<AffineStatement> {
  Passage passage{};
  bool is_linear = true;  // in what it reads, and in its block
};

/// Adds what is left without the mean over samples, of each of which the part makes the same:
/// nothing of its bias, but for where samples pick their own parameters.
inline AffineStatements with_centred(AffineStatements b, bool picks_parameters = false) {
  for (const std::size_t A : centred_levels) {
    b[A] = b[without_centring(A)];
    if (!b[A]) continue;
    b[A]->reads = b[A]->reads.centred();
    b[A]->offset = {};
    if (!picks_parameters) b[A]->parameters = {};
  }
  return b;
}

struct MapStatement : OracleMap {
  Reading reads{};
  /// The second derivative for different directions, if the other one is for equal ones alone.
  std::optional<Ball> of_pairs{};
};
/// A map whose second derivative is large where its scalars are small only.
struct Unsaturated {
  enum class Kind : std::uint8_t {
    none,
    softplus,  // share times softplus, and a linear map; alone if share is 1
    softmax,
  };
  Kind kind = Kind::none;
  Ball scale = 1;
  Ball share = 1;
  std::int64_t entries = 1;      // of a group
  std::size_t inner = of_token;  // the finest level without entries that has groups as a whole
};
/// A map by levels, and what is known of it on balls.
struct MapStatements {
  AtLevels<MapStatement> at{};
  /// The finest level in whose norms groups of scalars that act on each other lie as a whole.
  std::size_t inner = of_batch;
  /// sup |a(z)|_A over |z|_A <= M, and sup |f'| on [-M, M]; null: not known.
  std::function<Ball(std::size_t A, const Ball& M)> growth{};
  std::function<Ball(const Ball& M)> slope{};
  /// c with |f' x + f'' y|^2 <= (l x)^2 + (c y)^2.
  Ball joint = Ball::infinity();
  /// sup |f'''| of maps of scalars.
  Ball third = Ball::infinity();
  /// Whether it does the same to each sample.
  bool is_of_samples = true;
  Passage passage{};
  Unsaturated unsaturated{};

  /// Linear, but for numbers that are added.
  [[nodiscard]] bool is_linear() const {
    return std::all_of(at.begin(), at.end(),
                       [](const auto& a) { return !a || a->smoothness.is_zero(); });
  }
};

/// Linear maps: norms for a batch and a sample, for both levels with positions (nothing: nothing is
/// known), and at the maximum norm.
inline MapStatements linear_statements(const Ball& norm, const std::optional<Ball>& with_positions,
                                       const Ball& of_entries = 1) {
  MapStatements a;
  for (const std::size_t A : {of_batch, of_sample}) a.at[A] = {linear(norm), Reading::of(A)};
  for (const std::size_t A : {of_position, of_token}) {
    if (with_positions) a.at[A] = {linear(*with_positions), Reading::of(A)};
  }
  a.at[of_entry] = {linear(of_entries), Reading::of(of_entry)};
  return a;
}

inline MapStatements state_means(const Ball& norm, const Passage& passage) {
  MapStatements a = linear_statements(norm, Ball(1));
  a.passage = passage;
  return a;
}

/// Each channel of each sample picks a position of those that it reads for itself, of `largest` at
/// most.
inline MapStatements state_maxima(const Ball& norm, const Ball& largest, const Passage& passage) {
  MapStatements a = linear_statements(norm, Ball(1));
  for (const std::size_t A : {of_position, of_token}) a.at[A]->reads = Reading::of(A, largest);
  for (auto& at : a.at) {
    if (at) at->smoothness = Ball::infinity();
  }
  a.passage = passage;
  return a;
}

/// Maps of scalars, each by itself: `f` of one.
inline MapStatements elementwise(const OracleMap& f, const Counts& counts) {
  MapStatements a;
  a.inner = of_entry;
  a.passage = Passage::same();
  for (std::size_t A = 0; A < plain_level_count; ++A) {
    MapStatement at{f, Reading::of(A)};
    at.bound = f.bound * root(counts.outside(A));
    at.at_zero = f.at_zero * root(counts.outside(A));
    a.at[A] = at;
  }
  return a;
}

/// G_n(M), sup ||log(1 + e^u)|| over ||u|| <= M: equal entries are best up to x* each, and beyond
/// it F(t) = log(1 + e^sqrt(t))^2 is below its tangent t + k* there. A single one is M at most.
inline Ball largest_softplus(std::int64_t n, const Ball& M) {
  static const Ball x = Ball::decimal("0.8299335208328565065223330248071447634392 +/- 1e-40");
  static const Ball k = Ball::decimal("0.7317155801213473199879056225558669976765 +/- 1e-40");
  if (n == 1) return softplus_of(M);
  if (certainly_less(x * root(n), M)) return square_root(square(M) + Ball(n) * k);
  return root(n) * softplus_of(M / root(n));
}

/// Adds what activations do on balls.
inline void state_growth(const PlainPart& part, const Counts& counts, MapStatements& a) {
  const std::string& f = part.kind;
  const std::string parameter = parameter_of(part);
  const auto scalars = [counts](std::size_t A) { return counts.outside(A); };
  if (f == "softplus") {
    const Ball scale = Ball::decimal(parameter);
    a.growth = [=](std::size_t A, const Ball& M) {
      return largest_softplus(scalars(A), scale * M) / scale;
    };
    a.slope = [=](const Ball& M) { return logistic_sigmoid(scale * M); };
    const Ball s = difference(root(5), 1) / Ball(2);  // where s^2 (1-s)/(1+s) is largest
    a.joint = scale * s * root(difference(1, s) / (Ball(1) + s));
    // s (1-s) (1-2s) is largest at (1-2s)^2 = 1/3
    a.third = square(scale) / (Ball(6) * root(3));
    a.unsaturated = {Unsaturated::Kind::softplus, scale, 1};
  }
  if (f == "smooth_leaky_relu" && !certainly_less(1, Ball::decimal(parameter))) {
    a.unsaturated = {Unsaturated::Kind::softplus, 1, difference(1, Ball::decimal(parameter))};
  }
  if (f == "tanh") {
    a.growth = [=](std::size_t A, const Ball& M) {
      const Ball n = root(scalars(A));
      return n * hyperbolic_tangent(M / n);
    };
    a.joint = root(2);
    a.third = 2;
  }
  if (f == "gelu" || f == "gelu_tanh" || f == "silu" || f == "mish" || f == "hard_swish" ||
      (f == "elu" && !certainly_less(1, Ball::decimal(parameter)))) {
    a.growth = [](std::size_t, const Ball& M) { return M; };
  }
  if (f == "sigmoid") {
    a.joint = Ball(1) / root(32);
    a.third = ratio(1, 8);
  }
  if (f == "sin") a.joint = a.third = 1;
  if (f == "erf") a.joint = root(Ball(8) / Ball::pi());
  if (f == "atan") a.joint = root(2);
}

/// Groups of scalars inside the norms of the levels `acting`: the constants of all groups of a
/// batch are those of the groups that a level adds up.
inline MapStatements of_groups(const OracleMap& batch, std::initializer_list<std::size_t> acting,
                               std::size_t inner, const Counts& counts) {
  MapStatements a;
  a.inner = inner;
  for (const std::size_t A : acting) {
    MapStatement at{batch, Reading::of(A)};
    const Ball part = root(ratio(counts.outside(A), counts.outside(of_batch)));
    at.bound = batch.bound * part;
    at.at_zero = batch.at_zero * part;
    a.at[A] = at;
  }
  return a;
}

/// |nu(z)|^2 over n scalars in groups: largest where all of them have the same root mean square.
inline auto normalized_norm(const Counts& counts, const Ball& epsilon) {
  return [=](std::size_t A, const Ball& M) {
    const Ball n(counts.outside(A));
    if (A == of_entry || M.is_infinite()) return Ball::infinity();
    return M / square_root(square(M) / n + epsilon);
  };
}

inline MapStatements state_softmax(const PlainPart& part, const OracleMap& batch,
                                   const Sizes& input, const Counts& counts) {
  const bool of_channels = part.axis == 0;
  MapStatements a =
      of_channels ? of_groups(batch, {of_batch, of_sample, of_position, of_token}, of_token, counts)
                  : of_groups(batch, {of_batch, of_sample}, of_sample, counts);
  const Ball k(input[part.axis]);
  a.passage = of_channels ? Passage::same() : Passage{};
  a.unsaturated = {Unsaturated::Kind::softmax, 1, 1, input[part.axis], a.inner};
  const OracleMap entry{1, root(2) / Ball(4), Ball(1) / (Ball(3) * root(3)), Ball(1) / k,
                        root(2) / k};
  a.at[of_entry] = {entry, Reading::of(a.inner).or_of(of_entry, root(2))};
  if (part.axis + 2 == input.size() || input.size() == 1) {
    // Probabilities, and their changes under directions of a range of 2.
    const OracleMap law{1, 1, Ball(4) / (Ball(3) * root(3)), 1, 1};
    a.at[of_columns] = {law, Reading::of(of_entry).or_of(of_sample, Ball(1) / root(2)), Ball(1)};
  }
  return a;
}

inline MapStatements state_normalization(const PlainPart& part, const OracleMap& batch,
                                         const Sizes& shape, const Counts& counts) {
  const auto groups = [&] {
    if (is_batch_norm_of_elements(part, shape)) {
      return of_groups(batch, {of_batch, of_position}, of_position, counts);
    }
    if (part.kind == "batch_norm") return of_groups(batch, {of_batch}, of_batch, counts);
    if (part.per == "position") {
      return of_groups(batch, {of_batch, of_sample, of_position, of_token}, of_token, counts);
    }
    return of_groups(batch, {of_batch, of_sample}, of_sample, counts);
  };
  MapStatements a = groups();
  if (part.per == "position" || is_batch_norm_of_elements(part, shape)) a.passage = Passage::same();
  a.is_of_samples = part.kind != "batch_norm";
  a.growth = normalized_norm(counts, epsilon_of(part));
  const std::int64_t g = group_of(part, shape, counts.samples);
  const bool centred = part.kind != "rms_norm";
  const Ball slope = centred ? root(g - 1) / root(g) * batch.lipschitz : batch.lipschitz;
  const OracleMap entry{centred ? root(g - 1) : root(g), slope, batch.smoothness, 0, slope};
  a.at[of_entry] = {entry, Reading::of(a.inner).or_of(of_entry, root(g))};
  if (is_batch_norm_of_elements(part, shape)) {
    // It sees nothing of the mean over samples.
    for (const std::size_t A : {of_batch, of_position}) a.at[A]->reads = a.at[A]->reads.centred();
    a.inner = centred_of_position;
  }
  return a;
}

/// Of a non-affine part.
inline MapStatements map_statements(const PlainPart& part, const Sizes& input, const Sizes& output,
                                    std::int64_t batch_size) {
  const Counts counts = Counts::of(output, batch_size);
  if (find_activation(part.kind) != nullptr) {
    MapStatements a = elementwise(activation(part, true), counts);
    state_growth(part, counts, a);
    return a;
  }
  const OracleMap batch = map_constants(part, input, output, batch_size, true);
  if (part.kind == "softmax") return state_softmax(part, batch, input, counts);
  if (is_normalization(part)) return state_normalization(part, batch, output, counts);
  if (part.kind == "max_pool") {
    return state_maxima(batch.lipschitz, root(count_patch(part, input)),
                        windows(part, input, false));
  }
  if (part.kind == "average_pool") {
    return state_means(batch.lipschitz, windows(part, input, true));
  }
  if (part.kind == "global_average_pool") {
    return state_means(batch.lipschitz, over_all(positions_of(input), true));
  }
  throw std::invalid_argument(part.kind + " is not written out");
}

/// An opaque part, and what it makes of a block and its input: known for a batch alone.
inline MapStatements of_batch_alone(const OracleMap& a) {
  MapStatements statements;
  statements.is_of_samples = false;
  statements.at[of_batch] = {a, Reading::of(of_batch)};
  return statements;
}
inline AffineStatements of_batch_alone(const OracleAffine& b) {
  AffineStatements statements{};
  statements[of_batch] = {b, Reading::of(of_batch)};
  return statements;
}

/// Weights that read patches: `overlap` of them read an input, of `patch` positions and
/// `fan_in` scalars at most.
inline AffineStatements patches(bool bias, std::int64_t overlap, std::int64_t patch,
                                std::int64_t fan_in, const Counts& output) {
  AffineStatements b{};
  for (std::size_t A = 0; A < plain_level_count; ++A) {
    AffineStatement at;
    at.bilinear = has_positions(A) ? Ball(1) : root(overlap);
    if (bias) at.parameters = root(output.outside(A) / (A == of_entry ? 1 : output.channels));
    at.reads = Reading::of(A);
    b[A] = at;
  }
  b[of_position]->reads = Reading::of(of_position, root(patch)).or_of(of_batch);
  b[of_token]->reads = Reading::of(of_token, root(patch)).or_of(of_sample);
  b[of_entry]->reads =
      Reading::of(of_sample).or_of(of_token, root(patch)).or_of(of_entry, root(fan_in));
  // Along a row, if that is all of a channel, the same weights and bias stand at each place.
  if (output.rows() == output.channels) b[of_rows] = b[of_entry];
  return b;
}

/// Of a dense or convolutional part.
inline AffineStatements affine_statements(const PlainPart& part, const Sizes& input,
                                          const Sizes& output, std::int64_t batch) {
  const Counts counts = Counts::of(output, batch);
  if (part.kind == "conv") {
    const std::int64_t fan_in = input.front() / part.groups * product_of(part.window.kernel);
    AffineStatements b =
        patches(part.bias, count_overlap(part, input), count_patch(part, input), fan_in, counts);
    b.passage = windows(part, input, false);
    return with_centred(b);
  }
  // The whole sample is one patch: what a level with positions knows of it is that of all of them.
  AffineStatements b = patches(part.bias, 1, 1, product_of(input), counts);
  b[of_position] = b[of_token] = std::nullopt;
  b[of_entry]->reads = Reading::of(of_sample).or_of(of_entry, root(product_of(input)));
  b[of_rows] = b[of_entry];
  return with_centred(b);
}

/// The same at each level, but for the parameters' part.
inline AffineStatements same_at_levels(const OracleAffine& b) {
  AffineStatements statements{};
  statements.passage = Passage::same();
  for (std::size_t A = 0; A < plain_level_count; ++A) statements[A] = {b, Reading::of(A)};
  return statements;
}

inline AffineStatements scale_statements(const PlainPart& part, const Sizes& shape,
                                         std::int64_t batch) {
  AffineStatements b = same_at_levels(scale_and_shift(part, shape, batch));
  const std::int64_t positions = has_pair_per_channel(part) ? positions_of(shape) : 1;
  for (std::size_t A = 0; A < plain_level_count; ++A) {
    if (part.shift) b[A]->parameters = root(Counts{batch, positions, 1}.outside(A));
  }
  return with_centred(b);
}

}  // namespace smoothbound::support::oracle
