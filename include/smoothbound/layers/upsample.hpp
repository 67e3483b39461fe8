// Upsampling to more positions, nearest or by linear interpolation.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "smoothbound/layers/index_map.hpp"
#include "smoothbound/layers/interpolation.hpp"
#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// Each channel with other sizes: the entry at floor(o n/m) along each axis, or a mean of those
/// around, linear along each axis ("bilinear" for any number of axes).
struct Upsample {
  static constexpr std::array<std::string_view, 2> modes{"nearest", "bilinear"};

  Extent factor{};  // not given, as the size is not either: 2
  Extent size{};
  std::size_t mode = 0;  // index into `modes`
  bool align_corners = false;

  static constexpr Role role = Role::non_affine;
  static std::vector<Upsample> prototypes() { return {Upsample{}}; }
  [[nodiscard]] std::string_view name() const { return "upsample"; }
  [[nodiscard]] std::string_view formula() const {
    return "each channel with more positions, nearest or linear along each axis";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  /// In mode nearest.
  [[nodiscard]] bool is_index_map() const { return modes.at(mode) == "nearest"; }
  [[nodiscard]] IndexMap index_map(const Site& site) const;
  /// In the other mode, for each spatial axis.
  [[nodiscard]] std::vector<Interpolation> interpolations(const Site& site) const;
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
