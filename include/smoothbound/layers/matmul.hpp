// The product of two branches as matrices.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/merge.hpp"

namespace smoothbound {

/// scale A B of [rows, inner] and [inner, columns] for each sample, or for each of the first axis
/// of two stacks of matrices, such as heads. One of the two may be transposed.
struct MatMul {
  static constexpr std::array<std::string_view, 3> transposes{"none", "first", "second"};

  std::size_t transpose = 0;  // index into `transposes`
  Real scale = Real::from_decimal("1");

  static constexpr Role role = Role::merge;
  static constexpr InputCount input_count{2, 2};
  static std::vector<MatMul> prototypes() { return {MatMul{}}; }
  [[nodiscard]] std::string_view name() const { return "matmul"; }
  [[nodiscard]] std::string_view formula() const { return "scale z_1 z_2 as matrices"; }
  [[nodiscard]] std::string_view rule() const {
    return "bilinear, ||A B|| <= ||A|| ||B|| in Frobenius norms: m = m1 m2, l = m1 l2 + m2 l1, "
           "L = m1 L2 + m2 L1 + 2 l1 l2; sharp: of one factor one matrix, by its maximum norm, or "
           "largest entries of rows by sums of columns, and disjoint parameters by the matrix of "
           "their blocks";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::product; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] rules::Value merge(std::span<const rules::Value> branches, const Site& site,
                                   Method method) const;
  /// The rule of the sharp method needs bounds at that level.
  static constexpr bool reads_maximum_norm = true;
  static constexpr bool reads_levels_of_matrices = true;

  /// The sizes of a product.
  struct Sizes {
    std::int64_t stack = 1;  // matrices of a sample
    std::int64_t rows = 1;
    std::int64_t inner = 1;
    std::int64_t columns = 1;
  };
  /// Throws ShapeError if the two do not fit.
  [[nodiscard]] Sizes sizes_of(std::span<const Shape> shapes) const;
  [[nodiscard]] bool transposes_first() const { return transposes.at(transpose) == "first"; }
  [[nodiscard]] bool transposes_second() const { return transposes.at(transpose) == "second"; }
};

}  // namespace smoothbound
