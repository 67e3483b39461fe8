// Bounds of a function of the parameters in several norms and by groups of parameter blocks:
// section 3 of docs/theory.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "smoothbound/rules/constants.hpp"
#include "smoothbound/rules/level.hpp"

namespace smoothbound::rules {

/// How groups of parameter blocks are called. Groups of different labels have no block in common.
using Label = std::uint32_t;
/// All blocks without a group of their own.
constexpr Label rest = 0;
/// The block of the affine part at hand, until the next one: then it joins the rest.
constexpr Label own = std::numeric_limits<Label>::max();
/// At a merge, the rests of branches that depend on disjoint parameters are several groups.
constexpr Label rest_of_branch(std::uint32_t branch_group) { return 0x8000'0000U + branch_group; }
constexpr bool is_rest_of_branch(Label label) { return label >= 0x8000'0000U && label != own; }

/// T takes the eigenvalue of H, cubic in the groups: whoever has more groups than this has T from
/// an evaluation with few.
constexpr std::size_t most_groups_with_form = 24;

/// Beyond this many blocks their list is given up: it costs the square of a depth.
constexpr std::size_t most_listed_blocks = 256;

/// A block of parameters that is used once, where all that a value depends on is affine in each
/// block but for softplus: section "Unsaturated scalars" of docs/theory.md.
struct BlockBound {
  std::uint32_t block = 0;  // in the order of evaluation
  Magnitude radius;
  PerLevel<Magnitude> l{};  // |z'[d]|_A for unit d in the block
  PerLevel<Magnitude> o{};  // of |z|_A with 0 for the block, and softplus as it is at a point
};

/// For each level A a bound on |z|_A, for each group of blocks one on |z'[d]|_A with unit d in the
/// group, and for each pair of groups one on |z''[d, d']|_A.
///
/// Beside them one number T bounds |z''[d, d]|_A over all unit d. It must not be written into H,
/// which is what bounds pairs of different directions: section 3 of docs/theory.md. Likewise S
/// bounds |z'[d]|_A over all unit d.
///
/// Where positions are told apart there are cells of them, each with a value of its own that has
/// the same groups: its numbers at levels with positions are those of one position of the cell, the
/// others are the whole value's. The whole value has the largest ones.
class Value {
 public:
  /// A constant. Numbers are kept at the levels of the set; those at others are what they imply.
  explicit Value(LevelSet levels = {});
  /// What one group knows at the Euclidean level: at every other one the norm is smaller.
  Value(const Triple& bounds, LevelSet levels);

  [[nodiscard]] LevelSet level_set() const { return level_set_; }

  PerLevel<Magnitude> m{};
  PerLevel<Magnitude> T;
  PerLevel<Magnitude> S;

  [[nodiscard]] std::size_t groups() const { return labels_.size(); }
  [[nodiscard]] Label label(std::size_t group) const { return labels_[group]; }
  void set_label(std::size_t group, Label label);
  /// Null: bounds are the same for all positions.
  [[nodiscard]] const PositionClasses* classes() const { return classes_.get(); }
  [[nodiscard]] const std::shared_ptr<const PositionClasses>& shared_classes() const {
    return classes_;
  }
  [[nodiscard]] std::span<const Value> cells() const { return cells_; }
  [[nodiscard]] Value& cell(std::size_t c) { return cells_[c]; }
  /// Each cell has the value's numbers then. Null: no cells.
  void divide(std::shared_ptr<const PositionClasses> classes);
  /// With these cells, which have the groups of the value.
  void set_cells(std::shared_ptr<const PositionClasses> classes, std::vector<Value> cells);

  /// The group of that name, without derivatives if it is new.
  std::size_t find_or_add(Label label);
  /// The group of that name, or `groups()`.
  [[nodiscard]] std::size_t find(Label label) const;

  [[nodiscard]] const PerLevel<Magnitude>& l(std::size_t group) const { return l_[group]; }
  PerLevel<Magnitude>& l(std::size_t group) { return l_[group]; }
  [[nodiscard]] const PerLevel<Magnitude>& H(std::size_t i, std::size_t j) const {
    return H_[place(i, j)];
  }
  PerLevel<Magnitude>& H(std::size_t i, std::size_t j) { return H_[place(i, j)]; }

  /// Whether all blocks that the value depends on are listed.
  [[nodiscard]] bool knows_blocks() const { return knows_blocks_; }
  [[nodiscard]] std::span<const BlockBound> blocks() const { return blocks_; }
  [[nodiscard]] BlockBound& block(std::size_t k) { return blocks_[k]; }
  /// It depends on these and no others.
  void set_blocks(std::vector<BlockBound> blocks);
  void add_block(std::uint32_t block, const Magnitude& radius);
  void forget_blocks();

  /// The groups i and j become i, by Cauchy-Schwarz; l_i = hypot(l_i, l_j).
  void join(std::size_t i, std::size_t j);
  /// The same by the triangle inequality, as in (20) and (21) of the paper.
  void join_by_triangle(std::size_t i, std::size_t j);
  /// No entry of H exceeds T, which bounds a symmetric form, and none of l exceeds S.
  void lower_to_form();

  /// Bounds with respect to all parameters; at levels with positions the largest cell's.
  [[nodiscard]] Triple total(std::size_t level = euclidean) const;
  /// The two parts of it.
  [[nodiscard]] Magnitude lipschitz(std::size_t level) const;
  [[nodiscard]] Magnitude smoothness(std::size_t level) const;

  /// Of cells: T is at most what H says of a direction; of sums over cells it then says more.
  void lower_forms();
  /// Each level's numbers are lowered to what all others say of them: |z|_A is at most every
  /// coarser norm, and at most the root of the entries that it sums over times a finer one.
  void relax(const Extents& extents);

  /// Sets the numbers at levels that are not kept to what those at coarser ones imply, and those of
  /// the whole to the largest of the cells.
  void fill_others();

  /// Lists of numbers by level: m, T, S, those of l, of H and of blocks.
  [[nodiscard]] std::size_t numbers() const {
    return 3 + l_.size() + H_.size() + 2 * blocks_.size();
  }
  PerLevel<Magnitude>& number(std::size_t k) {
    if (k < 3) return k == 0 ? m : k == 1 ? T : S;
    k -= 3;
    if (k < l_.size()) return l_[k];
    k -= l_.size();
    if (k < H_.size()) return H_[k];
    k -= H_.size();
    return k % 2 == 0 ? blocks_[k / 2].l : blocks_[k / 2].o;
  }
  [[nodiscard]] const PerLevel<Magnitude>& number(std::size_t k) const {
    return const_cast<Value*>(this)->number(k);
  }

 private:
  using Join = Magnitude (*)(const Magnitude&, const Magnitude&);
  using JoinPair = Magnitude (*)(const Magnitude&, const Magnitude&, const Magnitude&);

  void join(std::size_t i, std::size_t j, Join of_l, JoinPair of_H);
  struct Roots;
  void relax_alone(std::size_t k, const Roots& roots);
  void relax_cells(const Extents& extents);
  void sum_cells(std::size_t k, const Roots& roots);
  void sum_centred_cells(std::size_t k);
  void limit_blocks();
  void remove(std::size_t group);
  static std::size_t place(std::size_t i, std::size_t j) {
    return i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i;
  }

  LevelSet level_set_;
  std::vector<Label> labels_;
  std::vector<PerLevel<Magnitude>> l_;
  std::vector<PerLevel<Magnitude>> H_;  // of pairs i >= j
  std::shared_ptr<const PositionClasses> classes_;
  std::vector<Value> cells_;
  std::vector<BlockBound> blocks_;
  bool knows_blocks_ = false;
};

/// A value as tables keep it: the numbers at its levels alone.
class PackedValue {
 public:
  PackedValue() = default;
  explicit PackedValue(Value value);
  [[nodiscard]] Value unpack(LevelSet level_set) const;

 private:
  struct BlockKey {
    std::uint32_t block;
    Magnitude radius;
  };

  std::vector<Label> labels_;
  std::vector<Magnitude> numbers_;
  std::shared_ptr<const PositionClasses> classes_;
  std::vector<BlockKey> blocks_;
  bool knows_blocks_ = false;
};

/// min over levels of reading[level] * numbers[level].
Magnitude read(const Reading& reading, const PerLevel<Magnitude>& numbers);

/// A bound on the largest eigenvalue of [a b; b d] for entries >= 0, at most a + 2 b + d.
Magnitude largest_eigenvalue(const Magnitude& a, const Magnitude& b, const Magnitude& d);
/// The same of a symmetric matrix of `size` rows with entries >= 0 (row-major): the smallest of
/// several, of which one is that of Collatz and Wielandt, max_i (H x)_i / x_i for a positive x.
Magnitude largest_eigenvalue(std::span<const Magnitude> matrix, std::size_t size);

}  // namespace smoothbound::rules
