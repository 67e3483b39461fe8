// Multiplication by and addition of numbers that are not trained: the scaling of a residual branch,
// the normalization of inputs, the frequency in front of a sine.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// alpha z, alpha one number or one for each channel.
struct FixedScale {
  std::vector<SignedReal> by{SignedReal{Real::from_decimal("1")}};

  static constexpr Role role = Role::non_affine;
  static std::vector<FixedScale> prototypes() { return {FixedScale{}}; }
  [[nodiscard]] std::string_view name() const { return "scale"; }
  [[nodiscard]] std::string_view formula() const {
    return "alpha z, alpha a fixed number, or one for each channel";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

/// z + delta, delta one number or one for each channel.
struct FixedShift {
  std::vector<SignedReal> by{SignedReal{}};

  static constexpr Role role = Role::non_affine;
  static std::vector<FixedShift> prototypes() { return {FixedShift{}}; }
  [[nodiscard]] std::string_view name() const { return "shift"; }
  [[nodiscard]] std::string_view formula() const {
    return "z + delta, delta a fixed number, or one for each channel";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
