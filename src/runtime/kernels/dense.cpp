#include "bilinear.hpp"
#include "conv.hpp"
#include "kernels.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"
#include "smoothbound/runtime/operator_norm.hpp"

namespace smoothbound::kernels {
namespace {

// A matrix with a row for each unit.
class DenseBounds final : public AffineBounds {
 public:
  DenseBounds(std::int64_t batch, std::int64_t inputs, std::int64_t units, bool bias) {
    input = {batch, inputs};
    output = {batch, units};
    weights = units * inputs;
    biases = bias ? units : 0;
    fan = inputs;
    reverse_fan = units;
    is_matrix = true;
  }
  [[nodiscard]] double operator_norm(const double* v) const override {
    constexpr std::int64_t most_gram = 4096;  // a pass takes long for such matrices, too
    return operator_norm_bound(matrix(v), output.elements, input.elements, most_gram).to_double();
  }
  [[nodiscard]] double quick_norm(const double* v) const override { return absolute_norm(v); }
  [[nodiscard]] double absolute_norm(const double* v) const override {
    return norm_above(matrix(v));
  }
  void by_rows(const double* v, const double* moved, const Enclosed& z, double* /*scratch*/,
               double* y) const override {
    parallel_for(output.elements, 1 + array_grain / fan, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t unit = begin; unit < end; ++unit) {
        const double norm =
            larger(norm_above(row(v, unit)), norm_above(row(moved, unit))) * inflation();
        for (std::int64_t n = 0; n < output.samples; ++n) {
          y[n * output.elements + unit] = norm * z.rho[n];
        }
      }
    });
  }

 private:
  [[nodiscard]] std::span<const double> matrix(const double* v) const {
    return {v, static_cast<std::size_t>(weights)};
  }
  [[nodiscard]] std::span<const double> row(const double* v, std::int64_t unit) const {
    return matrix(v).subspan(static_cast<std::size_t>(unit * fan), static_cast<std::size_t>(fan));
  }
};

// Y = Z W^T + 1 w0^T with a sample in each row; W has a unit in each row.
template <class Scalar>
class DenseKernel final : public BilinearKernel<Scalar> {
 public:
  DenseKernel(std::int64_t batch, std::int64_t inputs, std::int64_t units, bool bias)
      : batch_(batch), inputs_(inputs), units_(units), bias_(bias) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return inputs[0] = plain_layout;
  }
  [[nodiscard]] std::vector<ParameterShape> parameters() const override {
    std::vector<ParameterShape> all{{"weight", {units_, inputs_}}};
    if (bias_) all.push_back({"bias", {units_}});
    return all;
  }

 protected:
  [[nodiscard]] std::unique_ptr<AffineBounds> affine_bounds() const override {
    return std::make_unique<DenseBounds>(batch_, inputs_, units_, bias_);
  }
  void apply(const Scalar* z, const Scalar* v, bool with_bias, bool accumulate, Scalar* y,
             Scalar* /*scratch*/) override {
    linalg::gemm(linalg::Transpose::no, linalg::Transpose::yes, batch_, units_, inputs_, z, v,
                 accumulate, y);
    if (!with_bias || !bias_) return;
    const Scalar* const bias = v + units_ * inputs_;
    for (std::int64_t n = 0; n < batch_; ++n) {
      add_scaled(Scalar{1}, bias, units_, y + n * units_);
    }
  }
  void apply_transposed(const Scalar* y_bar, const Scalar* v, bool accumulate, Scalar* z_bar,
                        Scalar* /*scratch*/) override {
    linalg::gemm(linalg::Transpose::no, linalg::Transpose::no, batch_, inputs_, units_, y_bar, v,
                 accumulate, z_bar);
  }
  void outer(const Scalar* z, const Scalar* y_bar, bool with_bias, bool accumulate, Scalar* v_bar,
             Scalar* /*scratch*/) override {
    linalg::gemm(linalg::Transpose::yes, linalg::Transpose::no, units_, inputs_, batch_, y_bar, z,
                 accumulate, v_bar);
    if (!bias_) return;
    Scalar* const bias = v_bar + units_ * inputs_;
    if (!accumulate) fill(bias, units_, Scalar{0});
    if (!with_bias) return;
    for (std::int64_t n = 0; n < batch_; ++n) {
      add_scaled(Scalar{1}, y_bar + n * units_, units_, bias);
    }
  }
  [[nodiscard]] std::int64_t input_elements() const override { return batch_ * inputs_; }
  [[nodiscard]] std::int64_t output_elements() const override { return batch_ * units_; }
  [[nodiscard]] std::int64_t parameter_elements() const override {
    return units_ * inputs_ + (bias_ ? units_ : 0);
  }

 private:
  std::int64_t batch_;
  std::int64_t inputs_;
  std::int64_t units_;
  bool bias_;
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const Dense& dense, const Site& site) {
  if (dense.is_per_position()) {  // a convolution of single positions, however they are arranged
    const Shape input{site.input().channels(), site.input().positions()};
    return one_kernel(conv_kernel<Scalar>({.input = input,
                                           .output = {dense.units, input.positions()},
                                           .batch = site.batch,
                                           .groups = 1,
                                           .axes = window_axes(Window{}, input),
                                           .bias = dense.bias}));
  }
  return one_kernel<Scalar>(std::make_unique<DenseKernel<Scalar>>(
      site.batch, site.input().elements(), dense.units, dense.bias));
}
template Kernels<float> kernels_of(const Dense& dense, const Site& site);
template Kernels<double> kernels_of(const Dense& dense, const Site& site);

}  // namespace smoothbound::kernels
