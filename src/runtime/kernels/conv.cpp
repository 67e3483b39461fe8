#include "conv.hpp"

#include "bilinear.hpp"
#include "kernels.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound::kernels {

SpatialAxes<AxisWindow> window_axes(const Window& window, const Shape& input) {
  return spatial_axes<AxisWindow>(input.spatial_rank(),
                                  [&](int axis) { return window.along(input, axis); });
}

std::vector<ParameterShape> ConvGeometry::parameters() const {
  ParameterShape weight{"weight", {output.channels(), channels_of_group()}};
  for (std::size_t i = axes.size() - static_cast<std::size_t>(kernel_rank); i < axes.size(); ++i) {
    weight.sizes.push_back(axes[i].kernel);
  }
  std::vector<ParameterShape> all{weight};
  if (bias) all.push_back({"bias", {output.channels()}});
  return all;
}

namespace {

// The three products of a convolution without bias. Patches as columns, one sample and group at a
// time: W [f x fan_in] times [fan_in x positions].
template <class Scalar>
class PatchProducts {
 public:
  explicit PatchProducts(const ConvGeometry& geometry) : g_(geometry) {}

  [[nodiscard]] const ConvGeometry& geometry() const { return g_; }
  [[nodiscard]] std::int64_t scratch_elements() const { return g_.fan_in() * positions(); }
  [[nodiscard]] std::int64_t input_elements() const { return g_.batch * g_.input.elements(); }
  [[nodiscard]] std::int64_t output_elements() const { return g_.batch * g_.output.elements(); }

  /// y (+)= W * z
  void apply(const Scalar* z, const Scalar* weights, bool accumulate, Scalar* y,
             Scalar* patches) const {
    each([&](std::int64_t sample, std::int64_t group) {
      gather(z + input_place(sample, group), patches);
      linalg::gemm(linalg::Transpose::no, linalg::Transpose::no, g_.filters_of_group(), positions(),
                   g_.fan_in(), weights + group * weights_of_group(), patches, accumulate,
                   y + output_place(sample, group));
    });
  }
  /// z_bar (+)= (W * .)^T y_bar
  void apply_transposed(const Scalar* y_bar, const Scalar* weights, bool accumulate, Scalar* z_bar,
                        Scalar* patches) const {
    if (!accumulate) fill(z_bar, input_elements(), Scalar{0});
    each([&](std::int64_t sample, std::int64_t group) {
      linalg::gemm(linalg::Transpose::yes, linalg::Transpose::no, g_.fan_in(), positions(),
                   g_.filters_of_group(), weights + group * weights_of_group(),
                   y_bar + output_place(sample, group), false, patches);
      scatter(patches, z_bar + input_place(sample, group));
    });
  }
  /// weights_bar += (. * z)^T y_bar
  void add_outer(const Scalar* z, const Scalar* y_bar, Scalar* weights_bar, Scalar* patches) const {
    each([&](std::int64_t sample, std::int64_t group) {
      gather(z + input_place(sample, group), patches);
      linalg::gemm(linalg::Transpose::no, linalg::Transpose::yes, g_.filters_of_group(),
                   g_.fan_in(), positions(), y_bar + output_place(sample, group), patches, true,
                   weights_bar + group * weights_of_group());
    });
  }

 private:
  [[nodiscard]] std::int64_t positions() const { return g_.output.positions(); }
  [[nodiscard]] std::int64_t weights_of_group() const {
    return g_.filters_of_group() * g_.fan_in();
  }
  [[nodiscard]] std::int64_t input_place(std::int64_t sample, std::int64_t group) const {
    return sample * g_.input.elements() + group * g_.channels_of_group() * g_.input.positions();
  }
  [[nodiscard]] std::int64_t output_place(std::int64_t sample, std::int64_t group) const {
    return sample * g_.output.elements() + group * g_.filters_of_group() * positions();
  }
  template <class Body>
  void each(const Body& body) const {
    for (std::int64_t sample = 0; sample < g_.batch; ++sample) {
      for (std::int64_t group = 0; group < g_.groups; ++group) body(sample, group);
    }
  }

  // Calls body(place in the patches, place in the input of the group) for all taps that hit the
  // input; `rest` for the others.
  template <class Body, class Rest>
  void walk(const Body& body, const Rest& rest) const {
    const auto& [depths, rows, columns] = g_.axes;
    std::int64_t place = 0;
    for (std::int64_t c = 0; c < g_.channels_of_group(); ++c) {
      for (std::int64_t tap_depth = 0; tap_depth < depths.kernel; ++tap_depth) {
        for (std::int64_t tap_row = 0; tap_row < rows.kernel; ++tap_row) {
          for (std::int64_t tap_column = 0; tap_column < columns.kernel; ++tap_column) {
            walk_tap({c, tap_depth, tap_row, tap_column}, place, body, rest);
          }
        }
      }
    }
  }
  struct Tap {
    std::int64_t channel, depth, row, column;
  };
  template <class Body, class Rest>
  void walk_tap(const Tap& tap, std::int64_t& place, const Body& body, const Rest& rest) const {
    const auto& [depths, rows, columns] = g_.axes;
    for (std::int64_t h = 0; h < depths.output; ++h) {
      const std::int64_t depth = depths.place(h, tap.depth);
      const bool depth_hits = depth >= 0 && depth < depths.input;
      for (std::int64_t i = 0; i < rows.output; ++i) {
        const std::int64_t row = rows.place(i, tap.row);
        const bool row_hits = depth_hits && row >= 0 && row < rows.input;
        const std::int64_t before =
            ((tap.channel * depths.input + depth) * rows.input + row) * columns.input;
        for (std::int64_t j = 0; j < columns.output; ++j, ++place) {
          const std::int64_t column = columns.place(j, tap.column);
          if (row_hits && column >= 0 && column < columns.input) {
            body(place, before + column);
          } else {
            rest(place);
          }
        }
      }
    }
  }
  void gather(const Scalar* z, Scalar* patches) const {
    walk([&](std::int64_t to, std::int64_t from) { patches[to] = z[from]; },
         [&](std::int64_t to) { patches[to] = 0; });
  }
  void scatter(const Scalar* patches, Scalar* z_bar) const {
    walk([&](std::int64_t from, std::int64_t to) { z_bar[to] += patches[from]; },
         [](std::int64_t) {});
  }

  ConvGeometry g_;
};

// y += bias for each of its channels.
template <class Scalar>
void add_bias(const BatchShape& shape, const Scalar* bias, Scalar* y) {
  for (std::int64_t plane = 0; plane < shape.batch * shape.sample.channels(); ++plane) {
    const Scalar value = bias[plane % shape.sample.channels()];
    for (std::int64_t p = 0; p < shape.sample.positions(); ++p) *y++ += value;
  }
}
// bias_bar += sum of y_bar over samples and positions
template <class Scalar>
void add_sums(const BatchShape& shape, const Scalar* y_bar, Scalar* bias_bar) {
  for (std::int64_t plane = 0; plane < shape.batch * shape.sample.channels(); ++plane) {
    Scalar sum = 0;
    for (std::int64_t p = 0; p < shape.sample.positions(); ++p) sum += *y_bar++;
    bias_bar[plane % shape.sample.channels()] += sum;
  }
}

// What a convolution and its transpose share.
template <class Scalar>
class PatchKernel : public BilinearKernel<Scalar> {
 public:
  PatchKernel(const ConvGeometry& geometry, const Shape& output, bool bias)
      : products_(geometry), output_{output, geometry.batch, {}}, bias_(bias) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) final {
    return inputs[0] = plain_layout;
  }
  [[nodiscard]] std::vector<ParameterShape> parameters() const final {
    std::vector<ParameterShape> all{products_.geometry().parameters().front()};
    if (bias_) all.push_back({"bias", {output_.sample.channels()}});
    return all;
  }
  [[nodiscard]] std::int64_t scratch_elements() const final { return products_.scratch_elements(); }

 protected:
  [[nodiscard]] std::int64_t output_elements() const final { return output_.elements(); }
  [[nodiscard]] std::int64_t parameter_elements() const final {
    return weights() + (bias_ ? output_.sample.channels() : 0);
  }
  [[nodiscard]] const PatchProducts<Scalar>& products() const { return products_; }
  [[nodiscard]] bool has_bias() const { return bias_; }

  void finish(const Scalar* v, bool with_bias, Scalar* y) const {
    if (with_bias && bias_) add_bias(output_, v + weights(), y);
  }
  void begin_outer(bool accumulate, Scalar* v_bar) const {
    if (!accumulate) fill(v_bar, parameter_elements(), Scalar{0});
  }
  void finish_outer(const Scalar* y_bar, bool with_bias, Scalar* v_bar) const {
    if (with_bias && bias_) add_sums(output_, y_bar, v_bar + weights());
  }

 private:
  [[nodiscard]] std::int64_t weights() const { return products_.geometry().weights(); }

  PatchProducts<Scalar> products_;
  BatchShape output_;
  bool bias_;
};

template <class Scalar>
class PatchConvKernel final : public PatchKernel<Scalar> {
 public:
  explicit PatchConvKernel(const ConvGeometry& geometry)
      : PatchKernel<Scalar>(geometry, geometry.output, geometry.bias) {}

 protected:
  [[nodiscard]] std::unique_ptr<AffineBounds> affine_bounds() const override {
    return conv_bounds(this->products().geometry());
  }
  void apply(const Scalar* z, const Scalar* v, bool with_bias, bool accumulate, Scalar* y,
             Scalar* scratch) override {
    this->products().apply(z, v, accumulate, y, scratch);
    this->finish(v, with_bias, y);
  }
  void apply_transposed(const Scalar* y_bar, const Scalar* v, bool accumulate, Scalar* z_bar,
                        Scalar* scratch) override {
    this->products().apply_transposed(y_bar, v, accumulate, z_bar, scratch);
  }
  void outer(const Scalar* z, const Scalar* y_bar, bool with_bias, bool accumulate, Scalar* v_bar,
             Scalar* scratch) override {
    this->begin_outer(accumulate, v_bar);
    this->products().add_outer(z, y_bar, v_bar, scratch);
    this->finish_outer(y_bar, with_bias, v_bar);
  }
  [[nodiscard]] std::int64_t input_elements() const override {
    return this->products().input_elements();
  }
};

// <y_bar, (W * .)^T z> = <W * y_bar, z>: the products of the convolution with z and y exchanged.
template <class Scalar>
class TransposedConvKernel final : public PatchKernel<Scalar> {
 public:
  TransposedConvKernel(const ConvGeometry& geometry, bool bias)
      : PatchKernel<Scalar>(geometry, geometry.input, bias) {}

 protected:
  [[nodiscard]] std::unique_ptr<AffineBounds> affine_bounds() const override {
    return transposed_conv_bounds(this->products().geometry(), this->has_bias());
  }
  void apply(const Scalar* z, const Scalar* v, bool with_bias, bool accumulate, Scalar* y,
             Scalar* scratch) override {
    this->products().apply_transposed(z, v, accumulate, y, scratch);
    this->finish(v, with_bias, y);
  }
  void apply_transposed(const Scalar* y_bar, const Scalar* v, bool accumulate, Scalar* z_bar,
                        Scalar* scratch) override {
    this->products().apply(y_bar, v, accumulate, z_bar, scratch);
  }
  void outer(const Scalar* z, const Scalar* y_bar, bool with_bias, bool accumulate, Scalar* v_bar,
             Scalar* scratch) override {
    this->begin_outer(accumulate, v_bar);
    this->products().add_outer(y_bar, z, v_bar, scratch);
    this->finish_outer(y_bar, with_bias, v_bar);
  }
  [[nodiscard]] std::int64_t input_elements() const override {
    return this->products().output_elements();
  }
};

}  // namespace

template <class Scalar>
std::unique_ptr<Kernel<Scalar>> patch_conv_kernel(const ConvGeometry& geometry) {
  return std::make_unique<PatchConvKernel<Scalar>>(geometry);
}
template std::unique_ptr<Kernel<float>> patch_conv_kernel(const ConvGeometry& geometry);

template <>
std::unique_ptr<Kernel<double>> conv_kernel(const ConvGeometry& geometry) {
  return patch_conv_kernel<double>(geometry);
}

template <class Scalar>
std::unique_ptr<Kernel<Scalar>> transposed_conv_kernel(const ConvGeometry& geometry, bool bias) {
  return std::make_unique<TransposedConvKernel<Scalar>>(geometry, bias);
}

template <class Scalar>
Kernels<Scalar> kernels_of(const Conv& conv, const Site& site) {
  const Shape& input = site.input();
  return one_kernel(
      conv_kernel<Scalar>({input, site.output, site.batch, conv.groups,
                           window_axes(conv.window, input), conv.bias, input.spatial_rank()}));
}
template Kernels<float> kernels_of(const Conv& conv, const Site& site);
template Kernels<double> kernels_of(const Conv& conv, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const ConvTransposed& conv, const Site& site) {
  const Shape& input = site.input();
  const auto axes = spatial_axes<AxisWindow>(
      input.spatial_rank(), [&](int axis) { return conv.transposed_window(input, axis); });
  return one_kernel(transposed_conv_kernel<Scalar>(
      {site.output, input, site.batch, conv.groups, axes, false, input.spatial_rank()}, conv.bias));
}
template Kernels<float> kernels_of(const ConvTransposed& conv, const Site& site);
template Kernels<double> kernels_of(const ConvTransposed& conv, const Site& site);

}  // namespace smoothbound::kernels
