// Layers of several inputs: sum, concatenation and product of branches.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "smoothbound/layers/axis.hpp"
#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/merge.hpp"

namespace smoothbound {

/// How many branches a merge takes.
struct InputCount {
  std::size_t fewest = 2;
  std::size_t most = std::numeric_limits<std::size_t>::max();
};

/// The shape in which two factors meet; nothing if they do not.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);

/// z_1 + ... + z_k of equal shapes.
struct Add {
  static constexpr Role role = Role::merge;
  static constexpr InputCount input_count{2};
  static std::vector<Add> prototypes() { return {Add{}}; }
  [[nodiscard]] std::string_view name() const { return "add"; }
  [[nodiscard]] std::string_view formula() const { return "z_1 + ... + z_k"; }
  [[nodiscard]] std::string_view rule() const {
    return "triangle inequality; sharp, disjoint parameters: l = sqrt(l1^2 + l2^2), L = max";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& /*visitor*/) {}
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] rules::Value merge(std::span<const rules::Value> branches, const Site& /*site*/,
                                   Method /*method*/) const {
    return rules::sum(branches);
  }
};

/// The channels of z_1, then those of z_2, ...; or what lies along another axis.
struct Concat {
  std::size_t axis = channel_axis;  // index into `axis_words`

  static constexpr Role role = Role::merge;
  static constexpr InputCount input_count{1};
  static std::vector<Concat> prototypes() { return {Concat{}}; }
  [[nodiscard]] std::string_view name() const { return "concat"; }
  [[nodiscard]] std::string_view formula() const { return "(z_1; ...; z_k) along an axis"; }
  [[nodiscard]] std::string_view rule() const {
    return "root of the sum of squares of each entry; sharp, disjoint parameters: l and L = max";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] rules::Value merge(std::span<const rules::Value> branches, const Site& site,
                                   Method method) const;
};

/// z_1 * ... * z_k element by element, as in gating. A factor is repeated along the axes where it
/// has the size 1 and another one has more: [channels] or [1] stands for [channels, 1, 1] or [1, 1,
/// 1].
struct Multiply {
  static constexpr Role role = Role::merge;
  static constexpr InputCount input_count{2};
  static std::vector<Multiply> prototypes() { return {Multiply{}}; }
  [[nodiscard]] std::string_view name() const { return "multiply"; }
  [[nodiscard]] std::string_view formula() const { return "z_1 * ... * z_k element by element"; }
  [[nodiscard]] std::string_view rule() const {
    return "bilinear, ||z_1 * z_2|| <= ||z_1|| ||z_2||: m = m1 m2, l = m1 l2 + m2 l1, "
           "L = m1 L2 + m2 L1 + 2 l1 l2; sharp: of one factor the maximum norm, and disjoint "
           "parameters by the matrix of their blocks";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::product; }
  void visit_settings(SettingsVisitor& /*visitor*/) {}
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] rules::Value merge(std::span<const rules::Value> branches, const Site& site,
                                   Method method) const;
  /// The rule of the sharp method needs bounds at that level.
  static constexpr bool reads_maximum_norm = true;
};

}  // namespace smoothbound
