// Convolutional layer, (9) of the paper, along one to three axes.
#pragma once

#include <optional>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/window.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// Filters over patches, with zeros as padding. One whose patches are single positions takes
/// [features], too: channels at one position, as global poolings leave them.
struct Conv {
  std::int64_t filters = 1;
  Window window;
  std::int64_t groups = 1;
  std::optional<std::int64_t> inputs;  // declared number of input channels, checked
  bool bias = true;

  static constexpr Role role = Role::affine;
  static std::vector<Conv> prototypes() { return {Conv{}}; }
  [[nodiscard]] std::string_view name() const { return "conv"; }
  [[nodiscard]] std::string_view formula() const {
    return "w_j^T P_k z + w0_j for filters j and patches k";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::affine_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
