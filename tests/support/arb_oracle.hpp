// An independent evaluation of the bounds in ball arithmetic: the paper's method by the rules for
// single nodes of which Prop 4.4 is the consequence, the sharp one by carrying the gradient's and
// the Hessian's blocks, disjoint parameters by comparing sets of them.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "oracle_constants.hpp"

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

/// What is known of a value at the maximum norm, besides the Euclidean bounds.
struct OracleValue {
  OracleTriple two, max;
};

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
  explicit PaperNode(const OracleValue& value) : z(value.two) {}

  void apply(const OracleAffine& b, const OracleAffine& /*at_maximum*/, const Ball& radius) {
    const OracleTriple v{radius, 1, 0};
    z = added(added(multiplied(b.bilinear, v, z), scaled(b.parameters, v)),
              added(scaled(b.input, z), {b.offset, 0, 0}));
  }
  void apply(const OracleMap& a, const OracleMap& /*at_maximum*/) {
    const OracleMinima least = minima(a, z.m, false);
    z = {least.m, least.l * z.l, least.l * z.L + a.smoothness * square(z.l)};
  }
  [[nodiscard]] OracleValue result() const { return {z, z}; }
};

/// The sharp rules at one norm: (g1, g2) bound the gradient's blocks for earlier and own
/// parameters, the matrix H the Hessian's.
struct OracleBlocks {
  Ball m, g1, g2, h11, h12, h22;

  static OracleBlocks of(const OracleTriple& z) { return {z.m, z.l, 0, z.L, 0, 0}; }
  [[nodiscard]] OracleTriple result() const {
    return {m, square_root(square(g1) + square(g2)), largest_eigenvalue(h11, h12, h22)};
  }
  void apply(const OracleAffine& b, const OracleTriple& z, const Ball& radius) {
    const Ball A = b.bilinear * radius + b.input;
    const Ball B = square_root(square(b.bilinear * z.m) + square(b.parameters));
    *this = {radius * B + b.input * z.m + b.offset, A * z.l, B, A * z.L, b.bilinear * z.l, 0};
  }
  void apply(const OracleMap& a, const OracleBlocks& z) {
    const OracleMinima least = minima(a, z.m, true);
    *this = {least.m,
             least.l * z.g1,
             least.l * z.g2,
             least.l * z.h11 + a.smoothness * z.g1 * z.g1,
             least.l * z.h12 + a.smoothness * z.g1 * z.g2,
             least.l * z.h22 + a.smoothness * z.g2 * z.g2};
  }
};

inline Ball read(const OracleReading& reads, const Ball& two, const Ball& max) {
  const Ball by_two = reads.euclidean.is_infinite() ? reads.euclidean : reads.euclidean * two;
  const Ball by_max = reads.maximum.is_infinite() ? reads.maximum : reads.maximum * max;
  return smaller(by_two, by_max);
}

/// Both norms side by side.
struct SharpNode {
  OracleBlocks two, max;

  explicit SharpNode(const OracleValue& z)
      : two(OracleBlocks::of(z.two)), max(OracleBlocks::of(z.max)) {}

  void apply(const OracleAffine& b, const OracleAffine& at_maximum, const Ball& radius) {
    const OracleValue z = result();
    const auto seen = [&](Ball OracleTriple::*entry) {
      return read(at_maximum.reads, z.two.*entry, z.max.*entry);
    };
    two.apply(b, z.two, radius);
    max.apply(at_maximum, {seen(&OracleTriple::m), seen(&OracleTriple::l), seen(&OracleTriple::L)},
              radius);
  }
  void apply(const OracleMap& a, const OracleMap& at_maximum) {
    OracleBlocks seen;
    for (const auto entry : {&OracleBlocks::m, &OracleBlocks::g1, &OracleBlocks::g2,
                             &OracleBlocks::h11, &OracleBlocks::h12, &OracleBlocks::h22}) {
      seen.*entry = read(at_maximum.reads, two.*entry, max.*entry);
    }
    two.apply(a, two);
    max.apply(at_maximum, seen);
  }
  [[nodiscard]] OracleValue result() const { return lowered(two.result(), max.result()); }

  /// The maximum norm is the smaller one.
  static OracleValue lowered(const OracleTriple& two, const OracleTriple& max) {
    return {two, {smaller(max.m, two.m), smaller(max.l, two.l), smaller(max.L, two.L)}};
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

  [[nodiscard]] const OracleTriple& layer(std::size_t index) const {
    return done_[index].bounds.two;
  }
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
    OracleValue bounds;
    Sizes shape;
    std::set<int> blocks;  // of parameters on which the layer depends
  };

  Done of_input() const { return {true, {input_, input_}, network_.input, {}}; }

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
    const OracleValue merged = layer.merge.empty() ? inputs.front().bounds : merge(layer, inputs);
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
  OracleValue run(Node node, const PlainLayer& layer, Done& done) {
    for (const PlainPart& part : layer.parts) {
      const Sizes before = done.shape;
      done.shape = shape_after(part, before).value();
      if (part.kind == "opaque") {
        // Prop 4.3 as Prop 4.4 with b(v, z) = (v; z).
        couples_ = true;
        const OracleAffine pair{0, 1, 1, 0};
        node.apply(pair, pair, block("", layer, done));
        const Ball inf = Ball::infinity();
        const Ball l = Ball::decimal(part.lipschitz);
        const OracleMap phi{part.bound.empty() ? inf : Ball::decimal(part.bound), l,
                            Ball::decimal(part.smoothness),
                            part.at_zero.empty() ? inf : Ball::decimal(part.at_zero), l};
        node.apply(phi, phi);
        continue;
      }
      if (!is_written_out(part.kind) && find_activation(part.kind) == nullptr) {
        apply_other(node, part.kind, before, layer, done);
        continue;
      }
      if (oracle::is_affine(part)) {
        node.apply(oracle::affine_constants(part, before, done.shape, batch_, sharp_),
                   oracle::affine_at_maximum(part, before), block("", layer, done));
        continue;
      }
      const OracleMap a = oracle::map_constants(part, before, done.shape, batch_, sharp_);
      node.apply(a, oracle::map_at_maximum(part, a, before, done.shape, batch_));
      if (part.kind == "batch_norm") couples_ = true;
      if (part.affine) {
        OracleAffine scale;
        scale.bilinear = 1;
        if (part.shift) {
          scale.parameters = oracle::root(oracle::scalars_per_pair(part, done.shape, batch_));
        }
        node.apply(scale, {1, part.shift ? 1 : 0, 0, 0, oracle::maximum_alone()},
                   block(part.affine_radius, layer, done));
      }
    }
    return node.result();
  }

  // A component of the catalogue that is not written out here: of its affine and map parts.
  template <class Node>
  void apply_other(Node& node, const std::string& kind, const Sizes& before,
                   const PlainLayer& layer, Done& done) {
    const OtherComponent& other = other_component(kind);
    const Shape input{std::span(before)};
    const Site site{{&input, 1}, Shape{std::span(done.shape)}, batch_};
    const bool has_block = block_of(other.component, site).has_value();
    const Ball radius = has_block ? block("", layer, done) : Ball();
    couples_ = couples_ || smoothbound::couples_samples(other.component);
    for (const Part& part : other.parts(site, oracle::method_of(sharp_))) {
      if (const auto* affine = std::get_if<AffineConstants>(&part)) {
        node.apply(oracle::affine_of(*affine), oracle::affine_at_maximum_of(*affine), radius);
      } else {
        const auto& a = std::get<MapConstants>(part);
        node.apply(oracle::map_of(a), oracle::map_at_maximum_of(a));
      }
    }
  }

  OracleValue merge(const PlainLayer& layer, const std::vector<Done>& inputs) const {
    if (!sharp_) return merge_paper(layer, inputs);
    const std::vector<int> groups = groups_of(inputs);
    std::vector<OracleValue> branches;
    for (const Done& input : inputs) branches.push_back(input.bounds);
    if (layer.merge == "multiply") return multiply_sharp(inputs, groups);
    if (layer.merge == "matmul") return matmul_sharp(layer, inputs, groups);
    const bool is_sum = layer.merge == "add";
    const auto both = [&](OracleTriple OracleValue::*norm, bool within) {
      return merge_by_groups(branches, groups, norm, is_sum, within);
    };
    return SharpNode::lowered(both(&OracleValue::two, false), both(&OracleValue::max, !is_sum));
  }

  [[nodiscard]] static OracleValue merge_paper(const PlainLayer& layer,
                                               const std::vector<Done>& inputs) {
    OracleTriple all = inputs.front().bounds.two;
    if (layer.merge == "matmul") {
      const Ball scale = Ball::decimal(layer.scale.empty() ? "1" : layer.scale);
      all = PaperNode::multiplied(scale, all, inputs[1].bounds.two);
      return {all, all};
    }
    OracleTriple squares;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const OracleTriple& z = inputs[i].bounds.two;
      squares = PaperNode::added(squares, {square(z.m), square(z.l), square(z.L)});
      if (i == 0) continue;
      all = layer.merge == "multiply" ? PaperNode::multiplied(1, all, z) : PaperNode::added(all, z);
    }
    if (layer.merge == "concat") {
      all = {square_root(squares.m), square_root(squares.l), square_root(squares.L)};
    }
    return {all, all};
  }

  // Of each branch the first one of its group, in which a chain of branches shares parameters.
  static std::vector<int> groups_of(const std::vector<Done>& inputs) {
    std::vector<int> groups(inputs.size());
    std::vector<std::set<int>> blocks;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      groups[i] = static_cast<int>(i);
      blocks.push_back(inputs[i].blocks);
    }
    const auto share = [](const std::set<int>& a, const std::set<int>& b) {
      return std::any_of(a.begin(), a.end(), [&](int block) { return b.count(block) > 0; });
    };
    for (bool changes = true; changes;) {
      changes = false;
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          if (groups[i] == groups[j] || !share(blocks[i], blocks[j])) continue;
          const int from = std::max(groups[i], groups[j]);
          const int to = std::min(groups[i], groups[j]);
          std::replace(groups.begin(), groups.end(), from, to);
          changes = true;
        }
      }
    }
    return groups;
  }

  // A sum or a concatenation at one norm. `within`: that takes the supremum over the channels.
  static OracleTriple merge_by_groups(const std::vector<OracleValue>& branches,
                                      const std::vector<int>& groups,
                                      OracleTriple OracleValue::*norm, bool is_sum, bool within) {
    const auto combined = [&](const Ball& a, const Ball& b) {
      if (is_sum) return a + b;
      return within ? larger(a, b) : square_root(square(a) + square(b));
    };
    Ball m;
    std::map<int, OracleTriple> of_group;
    for (std::size_t i = 0; i < branches.size(); ++i) {
      const OracleTriple& z = branches[i].*norm;
      m = combined(m, z.m);
      OracleTriple& group = of_group[groups[i]];
      group.l = combined(group.l, z.l);
      group.L = combined(group.L, z.L);
    }
    OracleTriple all{m, 0, 0};
    for (const auto& [name, group] : of_group) {
      all.l = is_sum ? square_root(square(all.l) + square(group.l)) : larger(all.l, group.l);
      all.L = larger(all.L, group.L);
    }
    return all;
  }

  // Bounds of a value by groups, at one norm.
  struct Grouped {
    Ball m;
    std::map<int, Ball> l;
    std::map<std::pair<int, int>, Ball> H;  // both orders
  };
  struct GroupedPair {
    Grouped two, max;
  };

  static Grouped grouped(const OracleTriple& z, int group) {
    return {z.m, {{group, z.l}}, {{{group, group}, z.L}}};
  }

  // N(x, y) of two norms of each: Euclidean, maximum.
  using Bilinear =
      std::function<Ball(const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8)>;

  // Term by term of the product rule, with ||beta(x, y)|| <= two and its maximum norm <= max.
  static GroupedPair multiplied(const GroupedPair& x, const GroupedPair& y, const Bilinear& two,
                                const Bilinear& max) {
    const auto at = [](const auto& numbers, const auto& key) {
      const auto found = numbers.find(key);
      return found == numbers.end() ? Ball() : found->second;
    };
    GroupedPair product;
    for (const bool is_two : {true, false}) {
      const Bilinear& N = is_two ? two : max;
      Grouped& z = is_two ? product.two : product.max;
      z.m = N(x.two.m, x.max.m, y.two.m, y.max.m);
      std::set<int> groups;
      for (const auto& [group, l] : x.two.l) groups.insert(group);
      for (const auto& [group, l] : y.two.l) groups.insert(group);
      const auto first = [&](const Grouped& f, int i) { return at(f.l, i); };
      for (const int i : groups) {
        z.l[i] = N(first(x.two, i), first(x.max, i), y.two.m, y.max.m) +
                 N(x.two.m, x.max.m, first(y.two, i), first(y.max, i));
        for (const int j : groups) {
          const std::pair pair(i, j);
          z.H[pair] = N(at(x.two.H, pair), at(x.max.H, pair), y.two.m, y.max.m) +
                      N(x.two.m, x.max.m, at(y.two.H, pair), at(y.max.H, pair)) +
                      N(first(x.two, i), first(x.max, i), first(y.two, j), first(y.max, j)) +
                      N(first(x.two, j), first(x.max, j), first(y.two, i), first(y.max, i));
        }
      }
    }
    // The maximum norm is the smaller one.
    product.max.m = smaller(product.max.m, product.two.m);
    for (auto& [group, l] : product.max.l) l = smaller(l, product.two.l[group]);
    for (auto& [pair, h] : product.max.H) h = smaller(h, product.two.H[pair]);
    return product;
  }

  // The groups become one, one after the other in the order of their first branches.
  static OracleTriple joined(Grouped z) {
    while (z.l.size() > 1) {
      const int a = z.l.begin()->first;
      const int b = std::next(z.l.begin())->first;
      z.H[{a, a}] = largest_eigenvalue(z.H[{a, a}], z.H[{a, b}], z.H[{b, b}]);
      z.l[a] = square_root(square(z.l[a]) + square(z.l[b]));
      for (const auto& [c, l] : z.l) {
        if (c == a || c == b) continue;
        z.H[{a, c}] = z.H[{c, a}] = square_root(square(z.H[{a, c}]) + square(z.H[{b, c}]));
      }
      z.l.erase(b);
    }
    const int last = z.l.begin()->first;
    return {z.m, z.l[last], z.H[{last, last}]};
  }

  static OracleValue multiply_sharp(const std::vector<Done>& inputs,
                                    const std::vector<int>& groups) {
    const auto factor = [&](std::size_t i) {
      const OracleValue& z = inputs[i].bounds;
      return GroupedPair{grouped(z.two, groups[i]), grouped(z.max, groups[i])};
    };
    GroupedPair all = factor(0);
    Sizes shape = inputs.front().shape;
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      const Sizes result = plain_broadcast(shape, inputs[i].shape).value();
      const auto root_of_repeats = [&](const Sizes& part) {
        return oracle::root(product_of(result) / product_of(part));
      };
      const Ball root_x = root_of_repeats(shape);
      const Ball root_y = root_of_repeats(inputs[i].shape);
      // Factors that have been repeated, which takes the roots of their repeats, or as they were.
      all = multiplied(
          all, factor(i),
          [&](const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8) {
            return smaller(x2 * y2, smaller(root_x * x2 * y8, x8 * (root_y * y2)));
          },
          [](const Ball&, const Ball& x8, const Ball&, const Ball& y8) { return x8 * y8; });
      shape = result;
    }
    return SharpNode::lowered(joined(all.two), joined(all.max));
  }

  // ||A B|| <= ||A|| ||B|| in Frobenius norms, of one factor that of one matrix; an entry is a row
  // times a column.
  static OracleValue matmul_sharp(const PlainLayer& layer, const std::vector<Done>& inputs,
                                  const std::vector<int>& groups) {
    const PlainProduct sizes =
        plain_product(layer.transpose, inputs[0].shape, inputs[1].shape).value();
    const Ball scale = Ball::decimal(layer.scale.empty() ? "1" : layer.scale);
    const Ball root_inner = oracle::root(sizes.inner);
    const Ball root_first = oracle::root(sizes.rows * sizes.inner);
    const Ball root_second = oracle::root(sizes.inner * sizes.columns);
    const auto factor = [&](std::size_t i) {
      const OracleValue& z = inputs[i].bounds;
      return GroupedPair{grouped(z.two, groups[i]), grouped(z.max, groups[i])};
    };
    const GroupedPair product = multiplied(
        factor(0), factor(1),
        [&](const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8) {
          return scale *
                 smaller(x2 * smaller(y2, root_second * y8), smaller(x2, root_first * x8) * y2);
        },
        [&](const Ball& x2, const Ball& x8, const Ball& y2, const Ball& y8) {
          return scale * (smaller(x2, root_inner * x8) * smaller(y2, root_inner * y8));
        });
    return SharpNode::lowered(joined(product.two), joined(product.max));
  }

  [[nodiscard]] OracleObjective compose_loss() const {
    const OracleTriple& psi = done_.back().bounds.two;
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
