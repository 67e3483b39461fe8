// Fully connected layer, (8) of the paper.
#pragma once

#include <optional>
#include <vector>

#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// z -> W^T z + w0 on the flattened sample.
struct Dense {
  std::int64_t units = 1;
  std::optional<std::int64_t> inputs;  // declared fan-in, checked
  bool bias = true;

  static constexpr Role role = Role::affine;
  static std::vector<Dense> prototypes() { return {Dense{}}; }
  [[nodiscard]] std::string_view name() const { return "dense"; }
  [[nodiscard]] std::string_view formula() const { return "W^T z + w0, z flattened"; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
