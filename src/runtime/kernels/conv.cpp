#include "conv.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

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

// The three products of a convolution without bias. Patches as columns, of one sample and group: W
// [f x fan_in] times [fan_in x positions].
template <class Scalar>
class PatchProducts {
 public:
  explicit PatchProducts(const ConvGeometry& geometry) : g_(geometry) {}

  [[nodiscard]] const ConvGeometry& geometry() const { return g_; }
  [[nodiscard]] std::int64_t scratch_elements() const {
    return (has_rows() ? rows_at_once() : parts()) * g_.fan_in() * positions();
  }
  [[nodiscard]] std::int64_t input_elements() const { return g_.batch * g_.input.elements(); }
  [[nodiscard]] std::int64_t output_elements() const { return g_.batch * g_.output.elements(); }

  using Products = std::span<const ProductOf<Scalar>>;
  /// y (+)= W * z for each of the products.
  void apply(const Scalar* z, Products products, Scalar* patches) const {
    if (has_rows()) return apply_to_rows(z, products, patches);
    // So many lines that their patches stay in a cache.
    constexpr std::int64_t cached = std::int64_t{1} << 20;
    const std::int64_t columns = g_.axes.back().output;
    const std::int64_t at_once =
        std::clamp(cached / (g_.fan_in() * columns), std::int64_t{1}, lines());
    const std::int64_t units = g_.batch * g_.groups;
    parallel_for(parts(), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t unit = units * begin / parts(); unit < units * end / parts(); ++unit) {
        const std::int64_t sample = unit / g_.groups;
        const std::int64_t group = unit % g_.groups;
        Scalar* const own = patches + begin * g_.fan_in() * positions();
        for (std::int64_t line = 0; line < lines(); line += at_once) {
          const std::int64_t count = std::min(at_once, lines() - line);
          gather(z + input_place(sample, group), line, count, own);
          for (const ProductOf<Scalar>& product : products) {
            linalg::gemm(linalg::Transpose::no, linalg::Transpose::no, g_.filters_of_group(),
                         count * columns, g_.fan_in(), product.v + group * weights_of_group(), own,
                         product.accumulate,
                         product.y + output_place(sample, group) + line * columns, positions());
          }
        }
      }
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
      gather(z + input_place(sample, group), 0, lines(), patches);
      linalg::gemm(linalg::Transpose::no, linalg::Transpose::yes, g_.filters_of_group(),
                   g_.fan_in(), positions(), y_bar + output_place(sample, group), patches, true,
                   weights_bar + group * weights_of_group());
    });
  }

 private:
  [[nodiscard]] std::int64_t positions() const { return g_.output.positions(); }
  /// Of an output: those along its last axis are a line.
  [[nodiscard]] std::int64_t lines() const { return positions() / g_.axes.back().output; }
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

  /// Products that BLAS does on one core are done side by side, in so many parts.
  [[nodiscard]] std::int64_t parts() const {
    constexpr std::int64_t on_one_core = std::int64_t{1} << 18;
    constexpr std::int64_t vector_on_one_core = std::int64_t{1} << 13;
    constexpr std::int64_t most = 8;
    const bool is_vector = g_.filters_of_group() == 1 || positions() == 1;
    const bool is_small = g_.filters_of_group() * positions() * g_.fan_in() <=
                          (is_vector ? vector_on_one_core : on_one_core);
    return is_small ? std::clamp(g_.batch * g_.groups / 4, std::int64_t{1}, most) : 1;
  }
  [[nodiscard]] bool has_rows() const { return positions() == 1 && g_.groups == 1; }
  /// Samples with one patch each, as rows.
  [[nodiscard]] std::int64_t rows_at_once() const {
    constexpr std::int64_t cached = std::int64_t{1} << 18;
    return std::clamp(cached / g_.fan_in(), std::int64_t{1}, g_.batch);
  }
  void apply_to_rows(const Scalar* z, Products products, Scalar* rows) const {
    for (std::int64_t first = 0; first < g_.batch; first += rows_at_once()) {
      const std::int64_t count = std::min(rows_at_once(), g_.batch - first);
      parallel_for(count, 1 + array_grain / g_.fan_in(), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          gather(z + input_place(first + row, 0), 0, 1, rows + row * g_.fan_in());
        }
      });
      for (const ProductOf<Scalar>& product : products) {
        linalg::gemm(linalg::Transpose::no, linalg::Transpose::yes, count, g_.filters_of_group(),
                     g_.fan_in(), rows, product.v, product.accumulate,
                     product.y + output_place(first, 0));
      }
    }
  }

  /// What a tap reads, or where nothing is: row and column are those of the tap.
  struct Tap {
    std::int64_t channel, depth, row, column;
  };
  [[nodiscard]] Tap tap_at(std::int64_t index) const {
    const auto& [depths, rows, columns] = g_.axes;
    const std::int64_t column = index % columns.kernel;
    index /= columns.kernel;
    const std::int64_t row = index % rows.kernel;
    index /= rows.kernel;
    return {index / depths.kernel, index % depths.kernel, row, column};
  }
  /// The outputs along the last axis that read an input with this tap.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> hits(std::int64_t tap_column) const {
    const AxisWindow& columns = g_.axes.back();
    const std::int64_t before = columns.pad_before - tap_column * columns.dilation;
    const auto up = [&](std::int64_t length) {
      return length <= 0 ? 0 : (length + columns.stride - 1) / columns.stride;
    };
    const std::int64_t begin = std::min(up(before), columns.output);
    return {begin, std::clamp(up(before + columns.input), begin, columns.output)};
  }
  /// The place in a channel of the first input that a line could read, had it no zeros in front;
  /// nothing where the line reads zeros alone.
  [[nodiscard]] std::optional<std::int64_t> line_place(const Tap& tap, std::int64_t line) const {
    const auto& [depths, rows, columns] = g_.axes;
    const std::int64_t depth = depths.place(line / rows.output, tap.depth);
    const std::int64_t row = rows.place(line % rows.output, tap.row);
    if (depth < 0 || depth >= depths.input || row < 0 || row >= rows.input) return std::nullopt;
    return ((tap.channel * depths.input + depth) * rows.input + row) * columns.input;
  }
  /// The patches of some lines: a row for each tap.
  void gather(const Scalar* z, std::int64_t first, std::int64_t count, Scalar* patches) const {
    const AxisWindow& columns = g_.axes.back();
    const std::int64_t width = columns.output;
    parallel_for(g_.fan_in(), 1 + array_grain / (count * width),
                 [&](std::int64_t begin, std::int64_t end) {
                   Scalar* to = patches + begin * count * width;
                   for (std::int64_t index = begin; index < end; ++index) {
                     const Tap tap = tap_at(index);
                     const std::pair<std::int64_t, std::int64_t> hit = hits(tap.column);
                     for (std::int64_t line = first; line < first + count; ++line, to += width) {
                       const std::optional<std::int64_t> place = line_place(tap, line);
                       if (!place) {
                         std::fill_n(to, width, Scalar{0});
                         continue;
                       }
                       const Scalar* const from = z + *place;
                       std::fill_n(to, hit.first, Scalar{0});
                       read_line(from + columns.place(hit.first, tap.column), hit, to);
                       std::fill_n(to + hit.second, width - hit.second, Scalar{0});
                     }
                   }
                 });
  }
  void read_line(const Scalar* from, const std::pair<std::int64_t, std::int64_t>& hit,
                 Scalar* to) const {
    const std::int64_t stride = g_.axes.back().stride;
    if (stride == 1) {
      std::copy_n(from, hit.second - hit.first, to + hit.first);
      return;
    }
    for (std::int64_t j = hit.first; j < hit.second; ++j, from += stride) to[j] = *from;
  }
  /// Channels side by side, taps one after the other.
  void scatter(const Scalar* patches, Scalar* z_bar) const {
    const AxisWindow& columns = g_.axes.back();
    const std::int64_t taps = g_.fan_in() / g_.channels_of_group();
    parallel_for(g_.channels_of_group(), 1 + array_grain / (taps * positions()),
                 [&](std::int64_t begin, std::int64_t end) {
                   const Scalar* from = patches + begin * taps * positions();
                   for (std::int64_t index = begin * taps; index < end * taps; ++index) {
                     const Tap tap = tap_at(index);
                     const std::pair<std::int64_t, std::int64_t> hit = hits(tap.column);
                     for (std::int64_t line = 0; line < lines(); ++line, from += columns.output) {
                       const std::optional<std::int64_t> place = line_place(tap, line);
                       if (!place) continue;
                       Scalar* const to = z_bar + *place;
                       for (std::int64_t j = hit.first; j < hit.second; ++j) {
                         to[columns.place(j, tap.column)] += from[j];
                       }
                     }
                   }
                 });
  }

  ConvGeometry g_;
};

// y += bias for each of its channels.
template <class Scalar>
void add_bias(const BatchShape& shape, const Scalar* bias, Scalar* y) {
  const std::int64_t positions = shape.sample.positions();
  parallel_for(shape.batch * shape.sample.channels(), 1 + array_grain / positions,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t plane = begin; plane < end; ++plane) {
                   const Scalar value = bias[plane % shape.sample.channels()];
                   Scalar* const to = y + plane * positions;
                   for (std::int64_t p = 0; p < positions; ++p) to[p] += value;
                 }
               });
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
    const ProductOf<Scalar> product{v, accumulate, y};
    this->products().apply(z, std::span(&product, 1), scratch);
    this->finish(v, with_bias, y);
  }
  // The patches are gathered once.
  void apply_both(const Scalar* z, const typename BilinearKernel<Scalar>::Both& both,
                  bool with_bias, Scalar* scratch) override {
    this->products().apply(z, both, scratch);
    for (const ProductOf<Scalar>& product : both) this->finish(product.v, with_bias, product.y);
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
    const ProductOf<Scalar> product{v, accumulate, z_bar};
    this->products().apply(y_bar, std::span(&product, 1), scratch);
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
