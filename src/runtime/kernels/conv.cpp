#include "conv.hpp"

#include "bilinear.hpp"
#include "kernels.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound::kernels {

std::array<AxisWindow, 2> window_axes(const Window& window, const Shape& input) {
  if (input.spatial_rank() == 1) return {AxisWindow{}, window.along(input, 0)};
  return {window.along(input, 0), window.along(input, 1)};
}

std::vector<ParameterShape> ConvGeometry::parameters() const {
  ParameterShape weight{"weight", {output.channels(), channels_of_group()}};
  if (input.spatial_rank() == 2) weight.sizes.push_back(axes[0].kernel);
  weight.sizes.push_back(axes[1].kernel);
  std::vector<ParameterShape> all{weight};
  if (bias) all.push_back({"bias", {output.channels()}});
  return all;
}

namespace {

// Patches as columns, one sample and group at a time: W [f x fan_in] times [fan_in x positions].
template <class Scalar>
class PatchConvKernel final : public BilinearKernel<Scalar> {
 public:
  explicit PatchConvKernel(const ConvGeometry& geometry) : g_(geometry) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return inputs[0] = plain_layout;
  }
  [[nodiscard]] std::vector<ParameterShape> parameters() const override { return g_.parameters(); }
  [[nodiscard]] std::int64_t scratch_elements() const override { return g_.fan_in() * positions(); }

 protected:
  void apply(const Scalar* z, const Scalar* v, bool with_bias, bool accumulate, Scalar* y,
             Scalar* patches) override {
    each([&](std::int64_t sample, std::int64_t group) {
      gather(z + input_place(sample, group), patches);
      linalg::gemm(linalg::Transpose::no, linalg::Transpose::no, g_.filters_of_group(), positions(),
                   g_.fan_in(), v + group * weights_of_group(), patches, accumulate,
                   y + output_place(sample, group));
    });
    if (!with_bias || !g_.bias) return;
    each_filter([&](std::int64_t filter, std::int64_t place) {
      const Scalar bias = v[g_.weights() + filter];
      for (std::int64_t p = 0; p < positions(); ++p) y[place + p] += bias;
    });
  }

  void apply_transposed(const Scalar* y_bar, const Scalar* v, bool accumulate, Scalar* z_bar,
                        Scalar* patches) override {
    if (!accumulate) fill(z_bar, input_elements(), Scalar{0});
    each([&](std::int64_t sample, std::int64_t group) {
      linalg::gemm(linalg::Transpose::yes, linalg::Transpose::no, g_.fan_in(), positions(),
                   g_.filters_of_group(), v + group * weights_of_group(),
                   y_bar + output_place(sample, group), false, patches);
      scatter(patches, z_bar + input_place(sample, group));
    });
  }

  void outer(const Scalar* z, const Scalar* y_bar, bool with_bias, bool accumulate, Scalar* v_bar,
             Scalar* patches) override {
    if (!accumulate) fill(v_bar, parameter_elements(), Scalar{0});
    each([&](std::int64_t sample, std::int64_t group) {
      gather(z + input_place(sample, group), patches);
      linalg::gemm(linalg::Transpose::no, linalg::Transpose::yes, g_.filters_of_group(),
                   g_.fan_in(), positions(), y_bar + output_place(sample, group), patches, true,
                   v_bar + group * weights_of_group());
    });
    if (!with_bias || !g_.bias) return;
    each_filter([&](std::int64_t filter, std::int64_t place) {
      Scalar sum = 0;
      for (std::int64_t p = 0; p < positions(); ++p) sum += y_bar[place + p];
      v_bar[g_.weights() + filter] += sum;
    });
  }

  [[nodiscard]] std::int64_t input_elements() const override {
    return g_.batch * g_.input.elements();
  }
  [[nodiscard]] std::int64_t output_elements() const override {
    return g_.batch * g_.output.elements();
  }
  [[nodiscard]] std::int64_t parameter_elements() const override {
    return g_.weights() + (g_.bias ? g_.output.channels() : 0);
  }

 private:
  [[nodiscard]] std::int64_t positions() const { return g_.axes[0].output * g_.axes[1].output; }
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
  template <class Body>
  void each_filter(const Body& body) const {
    for (std::int64_t sample = 0; sample < g_.batch; ++sample) {
      for (std::int64_t filter = 0; filter < g_.output.channels(); ++filter) {
        body(filter, sample * g_.output.elements() + filter * positions());
      }
    }
  }

  // Calls body(place in the patches, place in the input of the group) for all taps that hit the
  // input; `rest` for the others.
  template <class Body, class Rest>
  void walk(const Body& body, const Rest& rest) const {
    const AxisWindow& rows = g_.axes[0];
    const AxisWindow& columns = g_.axes[1];
    std::int64_t place = 0;
    for (std::int64_t c = 0; c < g_.channels_of_group(); ++c) {
      for (std::int64_t tap_row = 0; tap_row < rows.kernel; ++tap_row) {
        for (std::int64_t tap_column = 0; tap_column < columns.kernel; ++tap_column) {
          for (std::int64_t i = 0; i < rows.output; ++i) {
            const std::int64_t row = rows.place(i, tap_row);
            const bool row_hits = row >= 0 && row < rows.input;
            for (std::int64_t j = 0; j < columns.output; ++j, ++place) {
              const std::int64_t column = columns.place(j, tap_column);
              if (row_hits && column >= 0 && column < columns.input) {
                body(place, (c * rows.input + row) * columns.input + column);
              } else {
                rest(place);
              }
            }
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
Kernels<Scalar> kernels_of(const Conv& conv, const Site& site) {
  return one_kernel(conv_kernel<Scalar>({site.input(), site.output, site.batch, conv.groups,
                                         window_axes(conv.window, site.input()), conv.bias}));
}
template Kernels<float> kernels_of(const Conv& conv, const Site& site);
template Kernels<double> kernels_of(const Conv& conv, const Site& site);

}  // namespace smoothbound::kernels
