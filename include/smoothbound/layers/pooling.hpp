// Poolings: average, max and global average.
#pragma once

#include <optional>
#include <vector>

#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/window.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// The mean of each patch; zeros of the padding count.
struct AveragePool {
  Window window{.stride_is_kernel = true};

  static constexpr Role role = Role::non_affine;
  static std::vector<AveragePool> prototypes() { return {AveragePool{}}; }
  [[nodiscard]] std::string_view name() const { return "average_pool"; }
  [[nodiscard]] std::string_view formula() const { return "mean of each patch"; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

/// The largest entry of each patch; padding never wins.
struct MaxPool {
  Window window{.stride_is_kernel = true};

  static constexpr Role role = Role::non_affine;
  static std::vector<MaxPool> prototypes() { return {MaxPool{}}; }
  [[nodiscard]] std::string_view name() const { return "max_pool"; }
  [[nodiscard]] std::string_view formula() const { return "maximum of each patch"; }
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
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;
};

}  // namespace smoothbound
