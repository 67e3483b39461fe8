// Softmax over the channels of each position.
#pragma once

#include <vector>

#include "smoothbound/bounds/constants.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/runtime/kernel.hpp"

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
  [[nodiscard]] std::int64_t parameter_count(const Site& /*site*/) const { return 0; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  /// Of the runtime; in the order in which they act.
  template <class Scalar>
  [[nodiscard]] Kernels<Scalar> kernels(const Site& site) const;
  [[nodiscard]] Steps steps(const Site& site, Method method) const;
};

}  // namespace smoothbound
