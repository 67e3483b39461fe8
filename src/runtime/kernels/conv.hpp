// Kernels of convolutions: im2col and a matrix product in float64, oneDNN in float32.
#pragma once

#include <array>
#include <memory>

#include "smoothbound/layers/window.hpp"
#include "smoothbound/runtime/kernel.hpp"

namespace smoothbound::kernels {

struct ConvGeometry {
  Shape input;   // of a sample
  Shape output;  // its channels are the filters
  std::int64_t batch = 1;
  std::int64_t groups = 1;
  std::array<AxisWindow, 2> axes;  // height (1 for a sequence) and width
  bool bias = true;

  [[nodiscard]] std::int64_t channels_of_group() const { return input.channels() / groups; }
  [[nodiscard]] std::int64_t filters_of_group() const { return output.channels() / groups; }
  /// Weights of a filter.
  [[nodiscard]] std::int64_t fan_in() const {
    return channels_of_group() * axes[0].kernel * axes[1].kernel;
  }
  [[nodiscard]] std::int64_t weights() const { return output.channels() * fan_in(); }
  /// weight [filters, channels of a group, kernel...] and bias [filters]
  [[nodiscard]] std::vector<ParameterShape> parameters() const;
};

/// The windows along height and width; a sequence has height 1.
std::array<AxisWindow, 2> window_axes(const Window& window, const Shape& input);

/// By im2col and a matrix product.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> patch_conv_kernel(const ConvGeometry& geometry);

/// The best there is for the scalar type.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> conv_kernel(const ConvGeometry& geometry);
template <>
std::unique_ptr<Kernel<float>> conv_kernel(const ConvGeometry& geometry);
template <>
std::unique_ptr<Kernel<double>> conv_kernel(const ConvGeometry& geometry);

}  // namespace smoothbound::kernels
