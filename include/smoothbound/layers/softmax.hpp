// Softmax over the channels of each position.
#pragma once

#include <vector>

#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// exp(z_i) / sum_j exp(z_j), j over the channels.
struct Softmax {
  static constexpr Role role = Role::non_affine;
  static std::vector<Softmax> prototypes() { return {Softmax{}}; }
  [[nodiscard]] std::string_view name() const { return "softmax"; }
  [[nodiscard]] std::string_view formula() const {
    return "exp(z_i) / sum_j exp(z_j) over the channels of each position";
  }
  void visit_settings(SettingsVisitor& /*visitor*/) {}
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const { return shapes.front(); }
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
