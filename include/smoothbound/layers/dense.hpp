// Fully connected layer, (8) of the paper.
#pragma once

#include <optional>
#include <vector>

#include "smoothbound/bounds/constants.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/runtime/kernel.hpp"

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
  [[nodiscard]] std::int64_t parameter_count(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  /// Of the runtime; in the order in which they act.
  template <class Scalar>
  [[nodiscard]] Kernels<Scalar> kernels(const Site& site) const;
  [[nodiscard]] Steps steps(const Site& site, Method method) const;
  /// Of the weights and bias `v`, finite numbers.
  [[nodiscard]] BlockAtPoint block_at_point(const Site& site, std::span<const double> v) const;
};

}  // namespace smoothbound
