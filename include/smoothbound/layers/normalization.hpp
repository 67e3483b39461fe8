// Normalizations, section 5.2 and Prop B.2: batch, layer, group, instance and RMS norm.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// The learnable scale and shift after a normalization, or one of them: a parameter block of its
/// own.
struct Affine {
  bool learnable = false;
  bool scale = true;
  bool shift = true;
  std::optional<Real> radius;
};

/// Mean and variance of each feature of a batch norm, to be used in place of the batch's.
struct FixedStatistics {
  std::vector<double> mean;
  std::vector<double> variance;
};

/// z -> (z - mean) / sqrt(variance + epsilon) of each feature over the batch, or with given
/// numbers.
struct BatchNorm {
  static constexpr std::array<std::string_view, 2> scopes{"element", "channel"};
  static constexpr std::array<std::string_view, 2> sources{"batch", "fixed"};

  Real epsilon = Real::from_decimal("1e-5");
  std::size_t per = 1;  // index into `scopes`: what one feature is
  Affine affine;
  std::size_t statistics = 0;        // index into `sources`
  std::vector<SignedReal> mean;      // fixed: one, or one for each feature
  std::vector<SignedReal> variance;  // likewise
  /// Not a setting of files: see runtime/statistics.hpp. Null: what the settings say.
  std::shared_ptr<const FixedStatistics> fixed;

  static constexpr std::array<std::string_view, 4> array_words{"weight", "bias", "running_mean",
                                                               "running_var"};
  static constexpr Role role = Role::non_affine;
  static std::vector<BatchNorm> prototypes() { return {BatchNorm{}}; }
  [[nodiscard]] std::string_view name() const { return "batch_norm"; }
  [[nodiscard]] std::string_view formula() const {
    return couples_samples() ? "(z - mean) / sqrt(variance + epsilon) over the batch"
                             : "(z - mean) / sqrt(variance + epsilon) with given numbers";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::normalization; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  /// Whether of values of that shape each is normalized by itself over the samples of a batch, so
  /// that what all samples have in common is not seen.
  [[nodiscard]] bool centres_samples(const Shape& shape) const {
    return couples_samples() && features(shape) == shape.elements();
  }
  [[nodiscard]] bool couples_samples() const {
    return fixed == nullptr && sources[statistics] == "batch";
  }
  /// Whether statistics are fixed and known.
  [[nodiscard]] bool has_fixed() const { return fixed != nullptr || !variance.empty(); }
  /// Whether statistics are fixed and somebody else has to say which: see `with_fixed_statistics`.
  [[nodiscard]] bool lacks_fixed() const { return !couples_samples() && !has_fixed(); }
  /// The nearest doubles, if `has_fixed()`.
  [[nodiscard]] FixedStatistics fixed_statistics(const Shape& shape) const;
  /// Upper bounds of (variance + epsilon)^-1/2 of each feature, or one for all; empty unless
  /// `has_fixed()`.
  [[nodiscard]] std::vector<Magnitude> fixed_slopes() const;
  /// Channels, or scalars of a sample.
  [[nodiscard]] std::int64_t features(const Shape& shape) const;
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

/// The same over all scalars of a sample, or over the channels of each position.
struct LayerNorm {
  static constexpr std::array<std::string_view, 2> scopes{"sample", "position"};

  Real epsilon = Real::from_decimal("1e-5");
  std::size_t per = 0;  // index into `scopes`
  Affine affine;

  static constexpr Role role = Role::non_affine;
  static std::vector<LayerNorm> prototypes() { return {LayerNorm{}}; }
  [[nodiscard]] std::string_view name() const { return "layer_norm"; }
  [[nodiscard]] std::string_view formula() const {
    return "(z - mean) / sqrt(variance + epsilon) over each sample or position";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::normalization; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
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
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::normalization; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

/// The same over the positions of each channel of a sample: group norm with a group for each.
struct InstanceNorm {
  Real epsilon = Real::from_decimal("1e-5");
  Affine affine;

  static constexpr Role role = Role::non_affine;
  static std::vector<InstanceNorm> prototypes() { return {InstanceNorm{}}; }
  [[nodiscard]] std::string_view name() const { return "instance_norm"; }
  [[nodiscard]] std::string_view formula() const {
    return "(z - mean) / sqrt(variance + epsilon) over each channel of a sample";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::normalization; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

/// z -> z / sqrt(mean of squares + epsilon) over all scalars of a sample, or over the channels of
/// each position.
struct RmsNorm {
  static constexpr std::array<std::string_view, 2> scopes = LayerNorm::scopes;

  Real epsilon = Real::from_decimal("1e-5");
  std::size_t per = 0;  // index into `scopes`
  Affine affine;

  static constexpr Role role = Role::non_affine;
  static std::vector<RmsNorm> prototypes() { return {RmsNorm{}}; }
  [[nodiscard]] std::string_view name() const { return "rms_norm"; }
  [[nodiscard]] std::string_view formula() const {
    return "z / sqrt(mean square + epsilon) over each sample or position";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::normalization; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
