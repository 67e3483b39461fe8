// Fully connected layer, (8) of the paper.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// z -> W^T z + w0 on the flattened sample, or on the channels of each of its positions.
struct Dense {
  static constexpr std::array<std::string_view, 2> scopes{"sample", "position"};

  std::int64_t units = 1;
  std::optional<std::int64_t> inputs;  // declared fan-in, checked
  std::size_t per = 0;                 // index into `scopes`: what is one vector z
  bool bias = true;

  static constexpr Role role = Role::affine;
  static std::vector<Dense> prototypes() { return {Dense{}}; }
  [[nodiscard]] std::string_view name() const { return "dense"; }
  [[nodiscard]] std::string_view formula() const {
    if (!is_per_position()) return bias ? "W^T z + w0, z flattened" : "W^T z, z flattened";
    return bias ? "W^T z + w0, z at each position" : "W^T z, z at each position";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::affine_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] bool is_per_position() const { return per == 1; }
  /// Weights of a unit.
  [[nodiscard]] std::int64_t fan_in(const Shape& input) const {
    return is_per_position() ? input.channels() : input.elements();
  }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
