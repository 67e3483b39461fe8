// Bounds of a function of the parameters in several norms and by groups of parameter blocks:
// section 3 of docs/theory.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
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

/// For each level A a bound on |z|_A, for each group of blocks one on |z'[d]|_A with unit d in the
/// group, and for each pair of groups one on |z''[d, d']|_A.
class Value {
 public:
  /// A constant in the first `levels` of the list; no bounds are kept of others.
  explicit Value(std::size_t level_count = levels.size()) : level_count_(level_count) {}
  /// What one group knows at the Euclidean level: at every other one the norm is smaller.
  Value(const Triple& bounds, std::size_t level_count);

  [[nodiscard]] std::size_t level_count() const { return level_count_; }

  PerLevel<Magnitude> m;

  [[nodiscard]] std::size_t groups() const { return labels_.size(); }
  [[nodiscard]] Label label(std::size_t group) const { return labels_[group]; }
  void set_label(std::size_t group, Label label) { labels_[group] = label; }
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

  /// The groups i and j become i, by Cauchy-Schwarz; l_i = hypot(l_i, l_j).
  void join(std::size_t i, std::size_t j);
  /// The same, where l_i is known otherwise: it stays as it is.
  void join_second_derivatives(std::size_t i, std::size_t j);

  /// Bounds with respect to all parameters.
  [[nodiscard]] Triple total(std::size_t level = euclidean) const;

  /// Its Euclidean norm is known to be at most `norm`.
  void lower_to(const Magnitude& norm);
  /// No level's bound is larger than the Euclidean one.
  void relax();

 private:
  void remove(std::size_t group);
  static std::size_t place(std::size_t i, std::size_t j) {
    return i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i;
  }

  std::size_t level_count_;
  std::vector<Label> labels_;
  std::vector<PerLevel<Magnitude>> l_;
  std::vector<PerLevel<Magnitude>> H_;  // of pairs i >= j
};

/// min over the first `level_count` levels s of reading[s] * numbers[s].
Magnitude read(const Reading& reading, const PerLevel<Magnitude>& numbers, std::size_t level_count);

/// A bound on the largest eigenvalue of [a b; b d] for entries >= 0, at most a + 2 b + d.
Magnitude largest_eigenvalue(const Magnitude& a, const Magnitude& b, const Magnitude& d);
/// The same of a symmetric matrix of `size` rows with entries >= 0 (row-major): the smallest of
/// several, of which one is that of Collatz and Wielandt, max_i (H x)_i / x_i for a positive x.
Magnitude largest_eigenvalue(std::span<const Magnitude> matrix, std::size_t size);

}  // namespace smoothbound::rules
