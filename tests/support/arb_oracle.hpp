// An independent evaluation of the bounds in ball arithmetic: the paper's method by the rules for
// single nodes of which Prop 4.4 is the consequence, the sharp one by carrying the gradient's and
// the Hessian's blocks, disjoint parameters by comparing sets of them.
#pragma once

#include <algorithm>
#include <set>

#include "oracle_constants.hpp"
#include "reference_maps.hpp"

namespace smoothbound::support {

/// Bounds of a function of the parameters.
struct OracleTriple {
  Ball m, l, L;
};

/// The largest eigenvalue of [a b; b d].
inline Ball largest_eigenvalue(const Ball& a, const Ball& b, const Ball& d) {
  if (a.is_infinite() || b.is_infinite() || d.is_infinite()) return Ball::infinity();
  return (a + d + square_root(square(difference(a, d)) + Ball(4) * square(b))) / Ball(2);
}

/// What a map makes of m and l: the minima of Prop 4.4 (i) and (ii).
struct OracleMinima {
  Ball m, l;
};
inline OracleMinima minima(const OracleMap& a, const Ball& m, bool sharp) {
  const Ball curvature = sharp ? a.smoothness / Ball(2) : a.smoothness;
  const Ball by_slope = a.at_zero + a.lipschitz * m;
  const Ball by_curvature = a.at_zero + (a.slope_at_zero + curvature * m) * m;
  return {smaller(a.bound, smaller(by_slope, by_curvature)),
          smaller(a.lipschitz, a.slope_at_zero + a.smoothness * m)};
}

/// The paper's rules for nodes: sums, bilinear maps and maps of triples.
struct PaperNode {
  OracleTriple z;

  static OracleTriple scaled(const Ball& c, const OracleTriple& u) {
    return {c * u.m, c * u.l, c * u.L};
  }
  static OracleTriple added(const OracleTriple& u, const OracleTriple& v) {
    return {u.m + v.m, u.l + v.l, u.L + v.L};
  }
  static OracleTriple multiplied(const Ball& c, const OracleTriple& u, const OracleTriple& v) {
    return {c * u.m * v.m, c * (u.m * v.l + v.m * u.l),
            c * (u.m * v.L + v.m * u.L + Ball(2) * u.l * v.l)};
  }
  void apply(const OracleAffine& b, const Ball& radius) {
    const OracleTriple v{radius, 1, 0};
    z = added(added(multiplied(b.bilinear, v, z), scaled(b.parameters, v)),
              added(scaled(b.input, z), {b.offset, 0, 0}));
  }
  void apply(const OracleMap& a) {
    const OracleMinima least = minima(a, z.m, false);
    z = {least.m, least.l * z.l, least.l * z.L + a.smoothness * square(z.l)};
  }
  [[nodiscard]] OracleTriple result() const { return z; }
};

/// The sharp rules: (g1, g2) bound the gradient's blocks for earlier and own parameters, the matrix
/// H the Hessian's.
struct SharpNode {
  OracleTriple z;
  Ball g1 = z.l, g2 = 0, h11 = z.L, h12 = 0, h22 = 0;

  void apply(const OracleAffine& b, const Ball& radius) {
    z = result();
    const Ball A = b.bilinear * radius + b.input;
    const Ball B = square_root(square(b.bilinear * z.m) + square(b.parameters));
    z.m = radius * B + b.input * z.m + b.offset;
    g1 = A * z.l;
    g2 = B;
    h11 = A * z.L;
    h12 = b.bilinear * z.l;
    h22 = 0;
  }
  void apply(const OracleMap& a) {
    const OracleMinima least = minima(a, z.m, true);
    h11 = least.l * h11 + a.smoothness * g1 * g1;
    h12 = least.l * h12 + a.smoothness * g1 * g2;
    h22 = least.l * h22 + a.smoothness * g2 * g2;
    g1 = least.l * g1;
    g2 = least.l * g2;
    z.m = least.m;
  }
  [[nodiscard]] OracleTriple result() const {
    return {z.m, square_root(square(g1) + square(g2)), largest_eigenvalue(h11, h12, h22)};
  }
};

struct OracleObjective {
  Ball l, L;
};

class Oracle {
 public:
  Oracle(const PlainNetwork& network, bool sharp, std::int64_t batch, const std::string& norm)
      : network_(network),
        sharp_(sharp),
        batch_(batch),
        input_{Ball::decimal(norm), 0, 0},
        done_(network.layers.size()) {
    for (std::size_t i = 0; i < done_.size(); ++i) evaluate(static_cast<int>(i));
  }
  Oracle(const PlainNetwork& network, bool sharp)
      : Oracle(network, sharp, network.batch, network.norm) {}

  [[nodiscard]] const OracleTriple& layer(std::size_t index) const { return done_[index].bounds; }
  [[nodiscard]] bool couples_samples() const { return couples_; }

  /// Prop 4.2, the better of both ways; of a mean there are two.
  [[nodiscard]] OracleObjective objective() const {
    OracleObjective f = compose_loss();
    if (sharp_ && oracle::is_mean(network_) && !couples_) {
      const std::string& norm = network_.sample_norm.empty() ? network_.norm : network_.sample_norm;
      const OracleObjective single = Oracle(network_, true, 1, norm).compose_loss();
      f = {smaller(f.l, single.l), smaller(f.L, single.L)};
    }
    return f;
  }

 private:
  struct Done {
    bool is_done = false;
    OracleTriple bounds;
    Sizes shape;
    std::set<int> blocks;  // of parameters on which the layer depends
  };

  Done of_input() const { return {true, input_, network_.input, {}}; }

  const Done& evaluate(int index) {
    Done& done = done_[static_cast<std::size_t>(index)];
    if (done.is_done) return done;
    const PlainLayer& layer = network_.layers[static_cast<std::size_t>(index)];
    std::vector<Done> inputs;
    for (const int input : layer.inputs) {
      inputs.push_back(input < 0 ? of_input() : evaluate(input));
      done.blocks.insert(inputs.back().blocks.begin(), inputs.back().blocks.end());
    }
    std::vector<Sizes> shapes;
    for (const Done& input : inputs) shapes.push_back(input.shape);
    done.shape = merged_shape(layer, shapes);
    const OracleTriple merged = layer.merge.empty() ? inputs.front().bounds : merge(layer, inputs);
    done.bounds =
        sharp_ ? run(SharpNode{merged}, layer, done) : run(PaperNode{merged}, layer, done);
    done.is_done = true;
    return done;
  }

  // A parameter block with its radius, known to belong to `done`.
  Ball block(const std::string& own, const PlainLayer& layer, Done& done) {
    const std::string& radius = !own.empty()            ? own
                                : !layer.radius.empty() ? layer.radius
                                                        : network_.radius;
    done.blocks.insert(next_block_++);
    squared_parameter_norm_ = squared_parameter_norm_ + square(Ball::decimal(radius));
    return Ball::decimal(radius);
  }

  template <class Node>
  OracleTriple run(Node node, const PlainLayer& layer, Done& done) {
    for (std::size_t p = 0; p < layer.parts.size(); ++p) {
      const PlainPart& part = layer.parts[p];
      if (is_copying(part)) {
        // A run of index maps is one: ||A||^2 is the largest number of copies of an entry.
        std::vector<std::int64_t> places = copied_places(part, done.shape, {});
        while (p + 1 < layer.parts.size() && is_copying(layer.parts[p + 1])) {
          places = copied_places(layer.parts[++p], done.shape, places);
        }
        const Ball l = square_root(Ball(most_copies(places)));
        node.apply(OracleMap{Ball::infinity(), l, 0, 0, l});
        continue;
      }
      const Sizes before = done.shape;
      done.shape = shape_after(part, before).value();
      if (part.kind == "opaque") {
        // Prop 4.3 as Prop 4.4 with b(v, z) = (v; z).
        couples_ = true;
        node.apply(OracleAffine{0, 1, 1, 0}, block("", layer, done));
        const Ball inf = Ball::infinity();
        const Ball l = Ball::decimal(part.lipschitz);
        node.apply(OracleMap{part.bound.empty() ? inf : Ball::decimal(part.bound), l,
                             Ball::decimal(part.smoothness),
                             part.at_zero.empty() ? inf : Ball::decimal(part.at_zero), l});
        continue;
      }
      if (!is_written_out(part.kind) && find_activation(part.kind) == nullptr) {
        apply_other(node, other_of(part), before, layer, done);
        continue;
      }
      if (oracle::is_affine(part)) {
        node.apply(oracle::affine_constants(part, before, done.shape, batch_, sharp_),
                   block("", layer, done));
        continue;
      }
      node.apply(oracle::map_constants(part, before, done.shape, batch_, sharp_));
      if (part.kind == "batch_norm") couples_ = true;
      if (part.affine) {
        OracleAffine scale;
        scale.bilinear = 1;
        if (part.shift) {
          scale.parameters = oracle::root(oracle::scalars_per_pair(part, done.shape, batch_));
        }
        node.apply(scale, block(part.affine_radius, layer, done));
      }
    }
    return node.result();
  }

  static bool is_copying(const PlainPart& part) {
    return !is_written_out(part.kind) && is_index_map(other_of(part).component);
  }
  // The entries of what a run reads that are copied behind `part`; `places`: those before it.
  static std::vector<std::int64_t> copied_places(const PlainPart& part, Sizes& sizes,
                                                 const std::vector<std::int64_t>& places) {
    const Shape input{std::span(sizes)};
    sizes = shape_after(part, sizes).value();
    const Shape output{std::span(sizes)};
    const Component& map = other_of(part).component;
    const auto* upsample = std::get_if<Upsample>(&map);
    const auto sources = upsample != nullptr
                             ? reference_sources(*upsample, input, output)
                             : reference_sources(std::get<Rearrangement>(map), input, output);
    return places.empty() ? sources : composed(places, sources);
  }

  // A component of the catalogue that is not written out here: of its affine and map parts.
  template <class Node>
  void apply_other(Node& node, const OtherComponent& other, const Sizes& before,
                   const PlainLayer& layer, Done& done) {
    const Shape input{std::span(before)};
    const Site site{{&input, 1}, Shape{std::span(done.shape)}, batch_};
    const bool has_block = block_of(other.component, site).has_value();
    const Ball radius = has_block ? block("", layer, done) : Ball();
    couples_ = couples_ || smoothbound::couples_samples(other.component);
    for (const Part& part : other.parts(site, oracle::method_of(sharp_))) {
      if (const auto* affine = std::get_if<AffineConstants>(&part)) {
        node.apply(oracle::affine_of(*affine), radius);
      } else {
        node.apply(oracle::map_of(std::get<MapConstants>(part)));
      }
    }
  }

  OracleTriple merge(const PlainLayer& layer, const std::vector<Done>& inputs) const {
    OracleTriple all = inputs.front().bounds;
    if (layer.merge == "multiply") {
      for (std::size_t i = 1; i < inputs.size(); ++i) {
        all = PaperNode::multiplied(1, all, inputs[i].bounds);
      }
      return all;
    }
    if (layer.merge == "concat") {
      OracleTriple squares;
      for (const Done& input : inputs) {
        const OracleTriple& z = input.bounds;
        squares = PaperNode::added(squares, {square(z.m), square(z.l), square(z.L)});
      }
      return {square_root(squares.m), square_root(squares.l), square_root(squares.L)};
    }
    if (sharp_) return add_sharp(inputs);
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      all = PaperNode::added(all, inputs[i].bounds);
    }
    return all;
  }

  // Collects branches into groups while one shares a parameter with what the group has.
  static OracleTriple add_sharp(const std::vector<Done>& inputs) {
    std::vector<Done> groups;
    for (const Done& input : inputs) {
      Done group = input;
      std::vector<Done> apart;
      for (const Done& other : groups) {
        const bool shares = std::any_of(other.blocks.begin(), other.blocks.end(),
                                        [&](int block) { return group.blocks.count(block) > 0; });
        if (!shares) {
          apart.push_back(other);
          continue;
        }
        group.bounds = PaperNode::added(group.bounds, other.bounds);
        group.blocks.insert(other.blocks.begin(), other.blocks.end());
      }
      apart.push_back(group);
      groups = apart;
    }
    OracleTriple all;
    for (const Done& group : groups) {
      all.m = all.m + group.bounds.m;
      all.l = all.l + square(group.bounds.l);
      all.L = larger(all.L, group.bounds.L);
    }
    all.l = square_root(all.l);
    return all;
  }

  [[nodiscard]] OracleObjective compose_loss() const {
    const OracleTriple& psi = done_.back().bounds;
    const OracleLoss f = oracle::loss(network_, psi.m, batch_, sharp_);
    const Ball lambda = Ball::decimal(network_.regularizer);
    return {psi.l * f.l + lambda * square_root(squared_parameter_norm_),
            psi.L * f.l + square(psi.l) * f.L + lambda};
  }

  const PlainNetwork& network_;
  bool sharp_;
  std::int64_t batch_;
  OracleTriple input_;
  std::vector<Done> done_;
  Ball squared_parameter_norm_;
  int next_block_ = 0;
  bool couples_ = false;
};

}  // namespace smoothbound::support
