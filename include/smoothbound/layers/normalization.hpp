// Normalizations, section 5.2 and Prop B.2: batch, layer, group and RMS norm.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// The learnable scale and shift after a normalization: a parameter block of its own.
struct Affine {
  bool learnable = false;
  bool shift = true;
  std::optional<Real> radius;
};

/// Mean and variance of each feature of a batch norm, to be used in place of the batch's.
struct FixedStatistics {
  std::vector<double> mean;
  std::vector<double> variance;
};

/// z -> (z - mean) / sqrt(variance + epsilon) of each feature over the batch.
struct BatchNorm {
  static constexpr std::array<std::string_view, 2> scopes{"element", "channel"};

  Real epsilon = Real::from_decimal("1e-5");
  std::size_t per = 1;  // index into `scopes`: what one feature is
  Affine affine;
  /// Not a setting of files: see runtime/statistics.hpp. Null: those of the batch.
  std::shared_ptr<const FixedStatistics> fixed;

  static constexpr Role role = Role::non_affine;
  static std::vector<BatchNorm> prototypes() { return {BatchNorm{}}; }
  [[nodiscard]] std::string_view name() const { return "batch_norm"; }
  [[nodiscard]] std::string_view formula() const {
    return "(z - mean) / sqrt(variance + epsilon) over the batch";
  }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const { return shapes.front(); }
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return fixed == nullptr; }
  /// Channels, or scalars of a sample.
  [[nodiscard]] std::int64_t features(const Shape& shape) const;
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

/// The same over all features of a sample.
struct LayerNorm {
  Real epsilon = Real::from_decimal("1e-5");
  Affine affine;

  static constexpr Role role = Role::non_affine;
  static std::vector<LayerNorm> prototypes() { return {LayerNorm{}}; }
  [[nodiscard]] std::string_view name() const { return "layer_norm"; }
  [[nodiscard]] std::string_view formula() const {
    return "(z - mean) / sqrt(variance + epsilon) over each sample";
  }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const { return shapes.front(); }
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

/// The same over groups of channels of a sample.
struct GroupNorm {
  std::int64_t groups = 1;
  Real epsilon = Real::from_decimal("1e-5");
  Affine affine;

  static constexpr Role role = Role::non_affine;
  static std::vector<GroupNorm> prototypes() { return {GroupNorm{}}; }
  [[nodiscard]] std::string_view name() const { return "group_norm"; }
  [[nodiscard]] std::string_view formula() const {
    return "(z - mean) / sqrt(variance + epsilon) over each group of channels";
  }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

/// z -> z / sqrt(mean of squares + epsilon) over all features of a sample.
struct RmsNorm {
  Real epsilon = Real::from_decimal("1e-5");
  Affine affine;

  static constexpr Role role = Role::non_affine;
  static std::vector<RmsNorm> prototypes() { return {RmsNorm{}}; }
  [[nodiscard]] std::string_view name() const { return "rms_norm"; }
  [[nodiscard]] std::string_view formula() const {
    return "z / sqrt(mean square + epsilon) over each sample";
  }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const { return shapes.front(); }
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
