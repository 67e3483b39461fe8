// A leaky rectifier whose slope is learned.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// max(x, 0) + alpha min(x, 0), alpha a parameter block of its own: a number for each channel, or
/// one.
struct Prelu {
  static constexpr std::array<std::string_view, 2> scopes{"channel", "layer"};

  std::size_t per = 0;  // index into `scopes`: what has one alpha
  std::optional<Real> radius;

  static constexpr Role role = Role::non_affine;
  static std::vector<Prelu> prototypes() { return {Prelu{}}; }
  [[nodiscard]] std::string_view name() const { return "prelu"; }
  [[nodiscard]] std::string_view formula() const {
    return "max(x, 0) + alpha min(x, 0), alpha learned";
  }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const { return shapes.front(); }
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  /// Numbers alpha.
  [[nodiscard]] std::int64_t slopes(const Shape& shape) const {
    return per == 0 ? shape.channels() : 1;
  }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
