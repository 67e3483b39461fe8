// Kernels of convolutions: im2col and a matrix product; oneDNN in float32 along one or two axes.
#pragma once

#include <array>
#include <memory>

#include "smoothbound/layers/window.hpp"
#include "smoothbound/runtime/kernel.hpp"

namespace smoothbound::kernels {

/// Along depth, height and width; those that a shape does not have are of one position.
template <class Axis>
using SpatialAxes = std::array<Axis, Shape::most_spatial_axes>;

struct ConvGeometry {
  Shape input;   // of a sample
  Shape output;  // its channels are the filters
  std::int64_t batch = 1;
  std::int64_t groups = 1;
  SpatialAxes<AxisWindow> axes;
  bool bias = true;
  int kernel_rank = 0;  // axes of a filter in the shape of the weights

  [[nodiscard]] std::int64_t channels_of_group() const { return input.channels() / groups; }
  [[nodiscard]] std::int64_t filters_of_group() const { return output.channels() / groups; }
  /// Weights of a filter.
  [[nodiscard]] std::int64_t fan_in() const {
    std::int64_t product = channels_of_group();
    for (const AxisWindow& axis : axes) product *= axis.kernel;
    return product;
  }
  [[nodiscard]] std::int64_t weights() const { return output.channels() * fan_in(); }
  /// weight [filters, channels of a group, kernel...] and bias [filters]
  [[nodiscard]] std::vector<ParameterShape> parameters() const;
};

/// axis(i) for each spatial axis of a shape of that rank, behind those that it does not have.
template <class Axis, class Make>
SpatialAxes<Axis> spatial_axes(int spatial_rank, const Make& axis) {
  SpatialAxes<Axis> axes;
  auto place = axes.end() - spatial_rank;
  for (int i = 0; i < spatial_rank; ++i) *place++ = axis(i);
  return axes;
}
SpatialAxes<AxisWindow> window_axes(const Window& window, const Shape& input);

class AffineBounds;

/// Of the convolution, or of its transpose with a bias for each channel of its inputs.
std::unique_ptr<AffineBounds> conv_bounds(const ConvGeometry& geometry);
std::unique_ptr<AffineBounds> transposed_conv_bounds(const ConvGeometry& geometry, bool bias);

/// By im2col and a matrix product.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> patch_conv_kernel(const ConvGeometry& geometry);

/// The transpose of the convolution `geometry`, from its outputs to its inputs, with the same
/// weights and, if `bias`, one number for each channel of its inputs.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> transposed_conv_kernel(const ConvGeometry& geometry, bool bias);

/// The best there is for the scalar type.
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> conv_kernel(const ConvGeometry& geometry);
template <>
std::unique_ptr<Kernel<float>> conv_kernel(const ConvGeometry& geometry);
template <>
std::unique_ptr<Kernel<double>> conv_kernel(const ConvGeometry& geometry);

}  // namespace smoothbound::kernels
