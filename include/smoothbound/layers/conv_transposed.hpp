// Transposed convolutional layer: for given filters the transpose of a convolution.
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

/// Input i adds w_t z_i to the output i * stride + t * dilation - padding, for all taps t.
struct ConvTransposed {
  std::int64_t filters = 1;
  /// Of the convolution from outputs to inputs; `same`: stride times as many outputs as inputs.
  Window window;
  Extent output_padding = Extent::uniform(0);
  std::int64_t groups = 1;
  std::optional<std::int64_t> inputs;  // declared number of input channels, checked
  bool bias = true;

  static constexpr Role role = Role::affine;
  static std::vector<ConvTransposed> prototypes() { return {ConvTransposed{}}; }
  [[nodiscard]] std::string_view name() const { return "conv_transposed"; }
  [[nodiscard]] std::string_view formula() const {
    return "sum_k P_k^T W^T z_k + w0 for positions k, the transpose of a conv";
  }
  [[nodiscard]] static constexpr LineRule line_rule() { return line_rules::affine_map; }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const;
  [[nodiscard]] std::optional<OwnBlock> block(const Site& site) const;
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;

  /// Along `axis`, the window of the convolution of which this is the transpose: its inputs are the
  /// outputs here. Throws ShapeError if no output is left, a list has the wrong length or a size
  /// overflows.
  [[nodiscard]] AxisWindow transposed_window(const Shape& input, int axis) const;
  /// The largest number of pairs (input, tap) of one output: the product of the axes' ones.
  [[nodiscard]] std::int64_t largest_overlap(const Shape& input) const;
};

}  // namespace smoothbound
