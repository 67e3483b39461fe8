// Softmax over the channels of each position, or along another axis.
#pragma once

#include <vector>

#include "smoothbound/layers/axis.hpp"
#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// exp(z_i) / sum_j exp(z_j), j over the channels, or what lies along another axis.
struct Softmax {
  std::size_t axis = channel_axis;  // index into `axis_words`

  static constexpr Role role = Role::non_affine;
  static std::vector<Softmax> prototypes() { return {Softmax{}}; }
  [[nodiscard]] std::string_view name() const { return "softmax"; }
  [[nodiscard]] std::string_view formula() const {
    return "exp(z_i) / sum_j exp(z_j) along an axis: the channels of each position";
  }
  [[nodiscard]] static constexpr LineRule line_rule() {
    return {"softmax: recursion in intervals over pieces", "docs/theory.md 8.7"};
  }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
