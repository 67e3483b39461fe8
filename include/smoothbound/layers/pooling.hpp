// Poolings: averages and maxima of patches, and of all positions.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/mean_axis.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/window.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// The means along each spatial axis whose product is an average pooling.
using MeanAxes = std::array<MeanAxis, Shape::most_spatial_axes>;

/// The mean of each patch; zeros of the padding count, unless it is said otherwise.
struct AveragePool {
  Window window{.stride_is_kernel = true};
  bool count_padding = true;

  static constexpr Role role = Role::non_affine;
  static std::vector<AveragePool> prototypes() { return {AveragePool{}}; }
  [[nodiscard]] std::string_view name() const { return "average_pool"; }
  [[nodiscard]] std::string_view formula() const { return "mean of each patch"; }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
  /// Along the axes of `input`; those behind them are of one input and one output.
  [[nodiscard]] MeanAxes axes(const Shape& input) const;
};

/// Means of patches that tile the input up to an overlap of one, as many as asked for: patch o of k
/// over n positions is [floor(o n / k), ceil((o + 1) n / k)).
struct AdaptiveAveragePool {
  Extent output = Extent::uniform(1);

  static constexpr Role role = Role::non_affine;
  static std::vector<AdaptiveAveragePool> prototypes() { return {AdaptiveAveragePool{}}; }
  [[nodiscard]] std::string_view name() const { return "adaptive_average_pool"; }
  [[nodiscard]] std::string_view formula() const {
    return "means of patches, as many as asked for";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
  /// As those of `AveragePool`.
  [[nodiscard]] MeanAxes axes(const Shape& input) const;
};

/// The largest entry of each patch; padding never wins.
struct MaxPool {
  Window window{.stride_is_kernel = true};

  static constexpr Role role = Role::non_affine;
  static std::vector<MaxPool> prototypes() { return {MaxPool{}}; }
  [[nodiscard]] std::string_view name() const { return "max_pool"; }
  [[nodiscard]] std::string_view formula() const { return "maximum of each patch"; }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::maximum; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
  /// The average pooling that the paper puts in its place.
  [[nodiscard]] std::optional<AveragePool> smooth_form(const Real& /*beta*/) const {
    return AveragePool{window};
  }
};

/// The mean of each channel.
struct GlobalAveragePool {
  static constexpr Role role = Role::non_affine;
  static std::vector<GlobalAveragePool> prototypes() { return {GlobalAveragePool{}}; }
  [[nodiscard]] std::string_view name() const { return "global_average_pool"; }
  [[nodiscard]] std::string_view formula() const { return "mean of each channel"; }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::linear_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

/// The largest entry of each channel.
struct GlobalMaxPool {
  static constexpr Role role = Role::non_affine;
  static std::vector<GlobalMaxPool> prototypes() { return {GlobalMaxPool{}}; }
  [[nodiscard]] std::string_view name() const { return "global_max_pool"; }
  [[nodiscard]] std::string_view formula() const { return "maximum of each channel"; }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::maximum; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
  [[nodiscard]] std::optional<GlobalAveragePool> smooth_form(const Real& /*beta*/) const {
    return GlobalAveragePool{};
  }
};

}  // namespace smoothbound
