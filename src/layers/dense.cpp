#include "smoothbound/layers/dense.hpp"

#include <fmt/format.h>

#include "smoothbound/runtime/bilinear.hpp"
#include "smoothbound/runtime/gemm.hpp"
#include "smoothbound/runtime/operator_norm.hpp"

namespace smoothbound {

void Dense::visit_settings(SettingsVisitor& visitor) {
  visitor.count(
      {.name = "units", .description = "number of outputs", .required = true, .shorthand = true},
      units);
  visitor.count({.name = "inputs", .description = "declared number of inputs, checked"}, inputs);
}

Shape Dense::output_shape(std::span<const Shape> shapes) const {
  const Shape& input = shapes.front();
  if (inputs && *inputs != input.elements()) {
    throw ShapeError(fmt::format("dense declares {} inputs but gets {} ({})", *inputs,
                                 input.elements(), input.to_text()),
                     fmt::format("write inputs: {}, or leave it out", input.elements()));
  }
  return {units};
}

std::int64_t Dense::parameter_count(const Site& site) const {
  const char* const what = "the number of parameters";
  return checked_sum(checked_product(site.input().elements(), units, what), bias ? units : 0, what);
}

Work Dense::work(const Site& site) const {
  return patch_work(
      {.filters = units, .positions = 1, .fan_in = site.input().elements(), .bias = bias},
      site.batch);
}

Steps Dense::steps(const Site& site, Method /*method*/) const {
  AffineConstants b;
  b.bilinear = {Magnitude::from_count(1), "1", "||W^T Z|| <= ||W|| ||Z||, appendix B.3"};
  if (bias) {
    b.linear_parameters = {square_root(Magnitude::from_count(site.batch)), "sqrt(batch)",
                           "the bias stands once for each sample, appendix B.3"};
  } else {
    b.linear_parameters.source = "no bias";
  }
  return Step(b);
}

BlockAtPoint Dense::block_at_point(const Site& site, std::span<const double> v) const {
  const std::int64_t inputs_of_unit = site.input().elements();
  const auto weights = static_cast<std::size_t>(inputs_of_unit * units);
  return {norm_bound(v), operator_norm_bound(v.first(weights), units, inputs_of_unit),
          norm_bound(v.subspan(weights))};
}

namespace {

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
  void apply(const Scalar* z, const Scalar* v, bool with_bias, bool accumulate, Scalar* y,
             Scalar* /*scratch*/) override {
    gemm(Transpose::no, Transpose::yes, batch_, units_, inputs_, z, v, accumulate, y);
    if (!with_bias || !bias_) return;
    const Scalar* const bias = v + units_ * inputs_;
    for (std::int64_t n = 0; n < batch_; ++n) {
      add_scaled(Scalar{1}, bias, units_, y + n * units_);
    }
  }
  void apply_transposed(const Scalar* y_bar, const Scalar* v, bool accumulate, Scalar* z_bar,
                        Scalar* /*scratch*/) override {
    gemm(Transpose::no, Transpose::no, batch_, inputs_, units_, y_bar, v, accumulate, z_bar);
  }
  void outer(const Scalar* z, const Scalar* y_bar, bool with_bias, bool accumulate, Scalar* v_bar,
             Scalar* /*scratch*/) override {
    gemm(Transpose::yes, Transpose::no, units_, inputs_, batch_, y_bar, z, accumulate, v_bar);
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
Kernels<Scalar> Dense::kernels(const Site& site) const {
  return one_kernel<Scalar>(
      std::make_unique<DenseKernel<Scalar>>(site.batch, site.input().elements(), units, bias));
}
template Kernels<float> Dense::kernels(const Site& site) const;
template Kernels<double> Dense::kernels(const Site& site) const;

}  // namespace smoothbound
