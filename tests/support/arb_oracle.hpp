// An independent evaluation of the bounds in ball arithmetic: the paper's method by the rules for
// single nodes of which Prop 4.4 is the consequence, the sharp one by carrying the gradient's and
// the Hessian's blocks, those of shared parameters among them, disjoint parameters by comparing
// sets of them.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "oracle_merges.hpp"
#include "oracle_others.hpp"
#include "reference_maps.hpp"

namespace smoothbound::support {

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
        done_(network.layers.size()),
        used_(network.layers.size()) {
    find_shared();
    for (std::size_t i = 0; i < done_.size(); ++i) evaluate(static_cast<int>(i));
  }
  Oracle(const PlainNetwork& network, bool sharp)
      : Oracle(network, sharp, network.batch, network.norm) {}

  [[nodiscard]] OracleTriple layer(std::size_t index) const {
    return done_[index].bounds.two.total();
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
  OracleBranch of_input() const { return {true, OracleValue::of(input_), network_.input, {}}; }

  void find_shared() {
    for (const PlainLayer& layer : network_.layers) {
      if (layer.share >= 0) shared_.insert(owner_of(layer.share));
    }
  }
  // The layer that has the parameters, and not those of another one.
  [[nodiscard]] int owner_of(int layer) const {
    const int share = network_.layers[static_cast<std::size_t>(layer)].share;
    return share < 0 ? layer : owner_of(share);
  }

  const OracleBranch& evaluate(int index) {
    OracleBranch& done = done_[static_cast<std::size_t>(index)];
    if (done.is_done) return done;
    const PlainLayer& layer = network_.layers[static_cast<std::size_t>(index)];
    std::vector<OracleBranch> inputs;
    for (const int input : layer.inputs) {
      inputs.push_back(input < 0 ? of_input() : evaluate(input));
      done.blocks.insert(inputs.back().blocks.begin(), inputs.back().blocks.end());
    }
    std::vector<Sizes> shapes;
    for (const OracleBranch& input : inputs) shapes.push_back(input.shape);
    done.shape = merged_shape(layer, shapes);
    const OracleValue merged =
        layer.merge.empty() ? inputs.front().bounds : oracle::merge(layer, inputs, sharp_);
    done.bounds =
        sharp_ ? run(SharpNode{merged}, layer, done) : run(PaperNode{merged}, layer, done);
    done.is_done = true;
    return done;
  }

  // The next parameter block that the layer uses: one of its own, known to belong to `done`, or one
  // of the layer whose parameters it takes. A layer with weights counts as one with parameters of
  // its own in any case.
  OracleBlock block(const std::string& own, bool has_weights, const PlainLayer& layer,
                    OracleBranch& done) {
    const auto index = static_cast<std::size_t>(&layer - network_.layers.data());
    std::vector<OracleBlock>& used = used_[index];
    const bool takes = layer.share >= 0;
    if (!takes || has_weights) done.blocks.insert(next_block_++);
    if (takes) {
      used.push_back(used_[static_cast<std::size_t>(layer.share)].at(used.size()));
      return used.back();
    }
    const std::string& radius = !own.empty()            ? own
                                : !layer.radius.empty() ? layer.radius
                                                        : network_.radius;
    OracleBlock block{Ball::decimal(radius)};
    if (shared_.count(static_cast<int>(index)) > 0) {
      shared_groups_ = std::min(shared_groups_ + 1, OracleGroup::most_shared);
      block.group = shared_groups_;
    }
    squared_parameter_norm_ = squared_parameter_norm_ + square(block.radius);
    used.push_back(block);
    return block;
  }

  template <class Node>
  OracleValue run(Node node, const PlainLayer& layer, OracleBranch& done) {
    for (std::size_t p = 0; p < layer.parts.size(); ++p) {
      const PlainPart& part = layer.parts[p];
      if (is_copying(part)) {
        // A run of index maps is one: ||A||^2 is the largest number of copies of an entry.
        std::vector<std::int64_t> places = copied_places(part, done.shape, {});
        while (p + 1 < layer.parts.size() && is_copying(layer.parts[p + 1])) {
          places = copied_places(layer.parts[++p], done.shape, places);
        }
        const Ball l = square_root(Ball(most_copies(places)));
        OracleMap at_maximum = oracle::linear(1);
        at_maximum.reads = oracle::maximum_alone();
        node.apply(oracle::linear(l), at_maximum);
        continue;
      }
      const Sizes before = done.shape;
      done.shape = shape_after(part, before).value();
      if (part.kind == "opaque") {
        // Prop 4.3 as Prop 4.4 with b(v, z) = (v; z).
        couples_ = true;
        const OracleAffine pair{0, 1, 1, 0};
        node.apply(pair, pair, block("", true, layer, done));
        const Ball inf = Ball::infinity();
        const Ball l = Ball::decimal(part.lipschitz);
        const OracleMap phi{part.bound.empty() ? inf : Ball::decimal(part.bound), l,
                            Ball::decimal(part.smoothness),
                            part.at_zero.empty() ? inf : Ball::decimal(part.at_zero), l};
        node.apply(phi, phi);
        continue;
      }
      if (part.kind == "embedding") {
        // A row of the table stands for each of the tokens at most.
        node.apply({0, square_root(Ball(before.front()) * Ball(batch_)), 0, 0}, {0, 1, 0, 0},
                   block("", true, layer, done));
        continue;
      }
      if (!is_written_out(part.kind) && find_activation(part.kind) == nullptr) {
        apply_other(node, other_of(part), before, layer, done);
        continue;
      }
      if (oracle::is_affine(part)) {
        node.apply(oracle::affine_constants(part, before, done.shape, batch_, sharp_),
                   oracle::affine_at_maximum(part, before), block("", true, layer, done));
        continue;
      }
      const OracleMap a = oracle::map_constants(part, before, done.shape, batch_, sharp_);
      node.apply(a, oracle::map_at_maximum(part, a, before, done.shape, batch_));
      if (part.kind == "batch_norm") couples_ = true;
      if (part.affine) {
        OracleAffine scale;
        (part.scale ? scale.bilinear : scale.input) = 1;
        if (part.shift) {
          scale.parameters = oracle::root(oracle::scalars_per_pair(part, done.shape, batch_));
        }
        node.apply(scale,
                   {part.scale ? 1 : 0, part.shift ? 1 : 0, part.scale ? 0 : 1, 0,
                    oracle::maximum_alone()},
                   block(part.affine_radius, false, layer, done));
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
                   const PlainLayer& layer, OracleBranch& done) {
    const Shape input{std::span(before)};
    const Site site{{&input, 1}, Shape{std::span(done.shape)}, batch_};
    const bool has_block = block_of(other.component, site).has_value();
    const bool has_weights = role_of(other.component) == Role::affine;
    const OracleBlock own = has_block ? block("", has_weights, layer, done) : OracleBlock{};
    couples_ = couples_ || smoothbound::couples_samples(other.component);
    for (const Part& part : other.parts(site, oracle::method_of(sharp_))) {
      if (const auto* affine = std::get_if<AffineConstants>(&part)) {
        node.apply(oracle::affine_of(*affine),
                   oracle::other_affine_at_maximum(other.component, before, done.shape), own);
      } else {
        const OracleMap a = oracle::map_of(std::get<MapConstants>(part));
        node.apply(a, oracle::other_map_at_maximum(other.component, a, before));
      }
    }
  }

  [[nodiscard]] OracleObjective compose_loss() const {
    const OracleTriple psi = done_.back().bounds.two.total();
    const OracleLoss f = oracle::loss(network_, psi.m, batch_, sharp_, done_.back().shape);
    const Ball lambda = Ball::decimal(network_.regularizer);
    return {psi.l * f.l + lambda * square_root(squared_parameter_norm_),
            psi.L * f.l + square(psi.l) * f.L + lambda};
  }

  const PlainNetwork& network_;
  bool sharp_;
  std::int64_t batch_;
  OracleTriple input_;
  std::vector<OracleBranch> done_;
  std::vector<std::vector<OracleBlock>> used_;  // of each layer, in the order of its parts
  std::set<int> shared_;                        // layers whose parameters others take
  int shared_groups_ = 0;
  Ball squared_parameter_norm_;
  int next_block_ = 0;
  bool couples_ = false;
};

}  // namespace smoothbound::support
