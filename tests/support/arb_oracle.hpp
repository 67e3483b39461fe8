// An independent evaluation of the bounds in ball arithmetic: the paper's method by the rules for
// single nodes of which Prop 4.4 is the consequence, the sharp one by carrying the gradient's and
// the Hessian's blocks at each level, those of shared parameters among them, disjoint parameters by
// comparing sets of them.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "oracle_merges.hpp"
#include "oracle_objective.hpp"
#include "oracle_others.hpp"
#include "oracle_sharp.hpp"

namespace smoothbound::support {

/// Both methods build on the parts of a layer.
class Oracle {
 public:
  Oracle(const PlainNetwork& network, bool sharp, const OracleRefinements& refinements = {})
      : network_(network),
        sharp_(sharp),
        refinements_(refinements),
        batch_(network.batch),
        active_{refinements.levels,
                std::any_of(network.layers.begin(), network.layers.end(), reads_entries),
                refinements.levels && refinements.centred && network.batch > 1 &&
                    std::any_of(network.layers.begin(), network.layers.end(),
                                [&](const PlainLayer& layer) { return centres(network, layer); }),
                refinements.levels && refinements.attention && has_positions() &&
                    std::any_of(network.layers.begin(), network.layers.end(),
                                [](const PlainLayer& layer) { return layer.merge == "matmul"; })},
        done_(network.layers.size()),
        used_(network.layers.size()) {
    // Positions are told apart where there are several somewhere.
    refinements_.maps = refinements_.maps && has_positions();
    find_shared();
    for (std::size_t i = 0; i < done_.size(); ++i) evaluate(static_cast<int>(i));
  }

  [[nodiscard]] OracleTriple layer(std::size_t index, std::size_t level = 0) const {
    return done_[index].bounds.total(level);
  }
  /// All that is known of the last layer.
  [[nodiscard]] const OracleValue& output() const { return done_.back().bounds; }
  [[nodiscard]] bool couples_samples() const { return couples_; }

  /// Prop 4.2.
  [[nodiscard]] OracleObjective objective() const {
    const OracleBranch& last = done_.back();
    const Ball lambda = Ball::decimal(network_.regularizer);
    OracleObjective f;
    if (sharp_) {
      f = oracle::sharp_objective(network_, last.bounds, oracle::Counts::of(last.shape, batch_),
                                  active_, refinements_);
    } else {
      const OracleTriple psi = last.bounds.total();
      const oracle::OracleLoss loss = oracle::paper_loss(network_, psi.m, batch_, last.shape);
      f = {psi.l * loss.l, psi.L * loss.l + square(psi.l) * loss.L};
    }
    return {f.l + lambda * square_root(squared_parameter_norm_), f.L + lambda};
  }

 private:
  static bool reads_entries(const PlainLayer& layer) {
    return layer.merge == "multiply" || layer.merge == "matmul";
  }

  [[nodiscard]] bool has_positions() const {
    bool has_several = positions_of(network_.input) > 1;
    for (const PlainLayer& layer : network_.layers) {
      Sizes shape = merged_shape(layer, shapes_before(network_, layer));
      has_several = has_several || positions_of(shape) > 1;
      for (const PlainPart& part : layer.parts) {
        shape = shape_after(part, shape).value();
        has_several = has_several || positions_of(shape) > 1;
      }
    }
    return has_several;
  }

  // Whether some part of it sees nothing of what all samples have in common.
  static bool centres(const PlainNetwork& network, const PlainLayer& layer) {
    Sizes shape = merged_shape(layer, shapes_before(network, layer));
    return std::any_of(layer.parts.begin(), layer.parts.end(), [&](const PlainPart& part) {
      shape = shape_after(part, shape).value();
      return oracle::is_batch_norm_of_elements(part, shape);
    });
  }
  static std::vector<Sizes> shapes_before(const PlainNetwork& network, const PlainLayer& layer) {
    std::vector<Sizes> shapes;
    for (const int input : layer.inputs) {
      if (input < 0) {
        shapes.push_back(network.input);
        continue;
      }
      const PlainLayer& before = network.layers[static_cast<std::size_t>(input)];
      Sizes& shape = shapes.emplace_back(merged_shape(before, shapes_before(network, before)));
      for (const PlainPart& part : before.parts) shape = shape_after(part, shape).value();
    }
    return shapes;
  }

  [[nodiscard]] OracleBranch of_input() const {
    const Ball norm = Ball::decimal(network_.norm);
    const std::int64_t positions = positions_of(network_.input);
    OracleBranch input{true, OracleValue::of({norm, 0, 0}, positions), network_.input, {}};
    if (sharp_) {
      if (!network_.sample_norm.empty()) {
        input.bounds.m.at(oracle::of_sample) = smaller(norm, Ball::decimal(network_.sample_norm));
      }
      if (refinements_.cauchy && refinements_.growth) input.bounds.singles.emplace();
      input.bounds.relax(oracle::Counts::of(network_.input, batch_), active_);
    }
    return input;
  }

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
    if (sharp_) {
      OracleValue merged = inputs.front().bounds;
      if (!layer.merge.empty()) {
        merged = oracle::merge(layer, inputs, batch_, active_);
        merged.relax(oracle::Counts::of(done.shape, batch_), active_);
      }
      SharpNode node{merged, refinements_, active_, batch_};
      run(node, layer, done);
      node.z.close(active_);
      done.bounds = node.z;
    } else {
      PaperNode node{layer.merge.empty() ? inputs.front().bounds.total()
                                         : oracle::merge_paper(layer, inputs)};
      run(node, layer, done);
      done.bounds = OracleValue::of(node.z);
    }
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
    block.index = next_own_++;
    if (shared_.count(static_cast<int>(index)) > 0) {
      shared_groups_ = std::min(shared_groups_ + 1, OracleGroup::most_shared);
      block.group = shared_groups_;
    }
    squared_parameter_norm_ = squared_parameter_norm_ + square(block.radius);
    used.push_back(block);
    return block;
  }

  // A part by its constants for a batch, or by its statements at all levels.
  void apply(PaperNode& node, const OracleAffine& b, const oracle::AffineStatements& /*levels*/,
             const OracleBlock& block, const OracleBranch& /*done*/) const {
    node.apply(b, block);
  }
  void apply(SharpNode& node, const OracleAffine& /*b*/, const oracle::AffineStatements& levels,
             const OracleBlock& block, const OracleBranch& done) const {
    node.apply(levels, block, oracle::Counts::of(done.shape, batch_));
  }
  void apply(PaperNode& node, const OracleMap& a, const oracle::MapStatements& /*levels*/,
             const OracleBranch& /*done*/) const {
    node.apply(a);
  }
  void apply(SharpNode& node, const OracleMap& /*a*/, const oracle::MapStatements& levels,
             const OracleBranch& done) const {
    node.apply(levels, oracle::Counts::of(done.shape, batch_));
  }

  template <class Node>
  void run(Node& node, const PlainLayer& layer, OracleBranch& done) {
    for (std::size_t p = 0; p < layer.parts.size(); ++p) {
      const PlainPart& part = layer.parts[p];
      const Sizes before = done.shape;
      if (is_copying(part)) {
        // A run of index maps is one: ||A||^2 is the largest number of copies of an entry.
        bool is_single = true;
        bool keeps_rows = true;
        std::vector<std::int64_t> places;
        for (--p; p + 1 < layer.parts.size() && is_copying(layer.parts[p + 1]); ++p) {
          const Sizes read = done.shape;
          const auto sources = copied_places(layer.parts[p + 1], done.shape);
          is_single = is_single && oracle::reads_single_positions(sources, read, done.shape);
          keeps_rows = keeps_rows && oracle::has_same_rows(sources, read, done.shape);
          places = places.empty() ? sources : composed(places, sources);
        }
        const Ball norm = square_root(Ball(most_copies(places)));
        auto statements =
            oracle::linear_statements(norm, is_single ? std::optional(Ball(1)) : std::nullopt);
        if (keeps_rows) {
          statements.at[oracle::of_rows] = {oracle::linear(1),
                                            oracle::Reading::of(oracle::of_rows)};
        }
        apply(node, oracle::linear(norm), statements, done);
        continue;
      }
      done.shape = shape_after(part, before).value();
      if (part.kind == "opaque") {
        apply_opaque(node, part, layer, done);
      } else if (!is_written_out(part.kind) && find_activation(part.kind) == nullptr) {
        apply_other(node, other_of(part), before, layer, done);
      } else if (oracle::is_affine(part)) {
        apply(node, oracle::affine_constants(part, before, done.shape, batch_, sharp_),
              oracle::affine_statements(part, before, done.shape, batch_),
              block("", true, layer, done), done);
      } else {
        apply(node, oracle::map_constants(part, before, done.shape, batch_, sharp_),
              oracle::map_statements(part, before, done.shape, batch_), done);
        if (part.kind == "batch_norm") couples_ = true;
        if (!part.affine) continue;
        apply(node, oracle::scale_and_shift(part, done.shape, batch_),
              oracle::scale_statements(part, done.shape, batch_),
              block(part.affine_radius, false, layer, done), done);
      }
    }
  }

  // Prop 4.3 as Prop 4.4 with b(v, z) = (v; z).
  template <class Node>
  void apply_opaque(Node& node, const PlainPart& part, const PlainLayer& layer,
                    OracleBranch& done) {
    couples_ = true;
    const OracleAffine pair{0, 1, 1, 0};
    apply(node, pair, oracle::of_batch_alone(pair), block("", true, layer, done), done);
    const Ball inf = Ball::infinity();
    const Ball l = Ball::decimal(part.lipschitz);
    const OracleMap phi{part.bound.empty() ? inf : Ball::decimal(part.bound), l,
                        Ball::decimal(part.smoothness),
                        part.at_zero.empty() ? inf : Ball::decimal(part.at_zero), l};
    apply(node, phi, oracle::of_batch_alone(phi), done);
  }

  static bool is_copying(const PlainPart& part) {
    return !is_written_out(part.kind) && is_index_map(other_of(part).component);
  }
  // The entries of what `part` reads that it copies.
  static std::vector<std::int64_t> copied_places(const PlainPart& part, Sizes& sizes) {
    const Shape input{std::span(sizes)};
    sizes = shape_after(part, sizes).value();
    const Shape output{std::span(sizes)};
    const Component& map = other_of(part).component;
    const auto* upsample = std::get_if<Upsample>(&map);
    return upsample != nullptr ? reference_sources(*upsample, input, output)
                               : reference_sources(std::get<Rearrangement>(map), input, output);
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
        const OracleAffine b = oracle::affine_of(*affine);
        apply(node, b,
              oracle::other_affine_statements(other.component, b, before, done.shape, batch_), own,
              done);
      } else {
        const OracleMap a = oracle::map_of(std::get<MapConstants>(part));
        apply(node, a, oracle::other_map_statements(other.component, a, before, done.shape, batch_),
              done);
      }
    }
  }

  const PlainNetwork& network_;
  bool sharp_;
  OracleRefinements refinements_;
  std::int64_t batch_;
  oracle::ActiveLevels active_;
  std::vector<OracleBranch> done_;
  std::vector<std::vector<OracleBlock>> used_;  // of each layer, in the order of its parts
  std::set<int> shared_;                        // layers whose parameters others take
  int shared_groups_ = 0;
  Ball squared_parameter_norm_;
  int next_block_ = 0;
  int next_own_ = 0;
  bool couples_ = false;
};

}  // namespace smoothbound::support
