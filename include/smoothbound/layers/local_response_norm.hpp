// Local response normalization, as in AlexNet and GoogLeNet.
#pragma once

#include <array>
#include <vector>

#include "smoothbound/layers/line_rule.hpp"
#include "smoothbound/layers/settings.hpp"
#include "smoothbound/layers/site.hpp"
#include "smoothbound/layers/work.hpp"
#include "smoothbound/rules/constants.hpp"

namespace smoothbound {

/// y_c = z_c D_c^-beta, D_c = k + a sum_j z_j^2 at each position, j over the window of `size`
/// channels around c, cut at the border. a is alpha / size (PyTorch, Caffe, ONNX) or alpha
/// (TensorFlow, and Krizhevsky et al. 2012). A window of even size has, as in PyTorch, its longer
/// half before c.
struct LocalResponseNorm {
  static constexpr std::array<std::string_view, 2> kinds{"mean", "sum"};

  std::int64_t size = 5;
  Real alpha = Real::from_decimal("1e-4");
  Real beta = Real::from_decimal("0.75");
  Real k = Real::from_decimal("1");
  std::size_t alpha_of = 0;  // index into `kinds`: what alpha multiplies

  static constexpr Role role = Role::non_affine;
  static std::vector<LocalResponseNorm> prototypes() { return {LocalResponseNorm{}}; }
  [[nodiscard]] std::string_view name() const { return "local_response_norm"; }
  [[nodiscard]] std::string_view formula() const {
    return "z / (k + alpha mean of squares)^beta over a window of channels";
  }
  [[nodiscard]] static constexpr LineRule line_rule() {
    return {"power of a sum of squares: recursion in intervals over pieces", "docs/theory.md 8.7"};
  }
  void visit_settings(SettingsVisitor& visitor);
  [[nodiscard]] Shape output_shape(std::span<const Shape> shapes) const { return shapes.front(); }
  [[nodiscard]] std::optional<OwnBlock> block(const Site& /*site*/) const { return {}; }
  /// What it costs, for the whole batch.
  [[nodiscard]] Work work(const Site& site) const;
  [[nodiscard]] bool couples_samples() const { return false; }
  [[nodiscard]] Parts parts(const Site& site, Method method) const;

  /// Channels of the window before and behind its own.
  [[nodiscard]] std::int64_t before() const { return size / 2; }
  [[nodiscard]] std::int64_t behind() const { return (size - 1) / 2; }
  /// What stands before the sum of squares: the nearest double.
  [[nodiscard]] double factor() const;
};

}  // namespace smoothbound
