#include "smoothbound/layers/parameter.hpp"

#include <algorithm>

#include "array.hpp"
#include "kernels.hpp"
#include "linear.hpp"
#include "table_taylor.hpp"

namespace smoothbound::kernels {
namespace {

// y = v for each sample, whatever the input is.
template <class Scalar>
class ParameterKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  explicit ParameterKernel(const Site& site)
      : sizes_(site.output.sizes().begin(), site.output.sizes().end()),
        elements_(site.output.elements()),
        inputs_(site.batch * site.input().elements()),
        batch_(site.batch) {}

  Layout plan(std::span<Layout> /*inputs*/, Purpose /*purpose*/) override { return plain_layout; }
  [[nodiscard]] std::vector<ParameterShape> parameters() const override {
    return {{"value", sizes_}};
  }

  void forward(const Point<Scalar>& at, Scalar* y) override { repeat(at.v, y); }
  void jvp(const Point<Scalar>& /*at*/, Inputs /*z_dot*/, const Scalar* v_dot,
           Scalar* y_dot) override {
    repeat(v_dot, y_dot);
  }
  void vjp(const Point<Scalar>& /*at*/, const Scalar* y_bar, Outputs z_bar,
           Scalar* v_bar) override {
    pull(y_bar, z_bar, v_bar);
  }
  void hvp(const Point<Scalar>& /*at*/, Inputs /*z_dot*/, const Scalar* /*y_dot*/,
           const Scalar* /*v_dot*/, const Scalar* /*y_bar*/, const Scalar* y_bar_dot,
           Outputs z_bar_dot, Scalar* v_bar_dot) override {
    pull(y_bar_dot, z_bar_dot, v_bar_dot);
  }
  void second(const Point<Scalar>& /*at*/, Inputs /*z_dot*/, Inputs /*z_ddot*/,
              const Scalar* /*y_dot*/, const Scalar* /*v_dot*/, Scalar* y_ddot) override {
    repeat(nullptr, y_ddot);
  }

  std::unique_ptr<TaylorRule> taylor_rule() override {
    if constexpr (std::is_same_v<Scalar, double>) {
      return table_rule(batch_, elements_,
                        [this](const double* /*z*/, const double* v, double* y) { repeat(v, y); });
    }
    return nullptr;
  }

 private:
  void repeat(const Scalar* v, Scalar* y) const {
    if (v == nullptr) return fill(y, batch_ * elements_, Scalar{0});
    for (std::int64_t n = 0; n < batch_; ++n) copy(v, elements_, y + n * elements_);
  }
  void pull(const Scalar* y_bar, Outputs z_bar, Scalar* v_bar) const {
    if (z_bar[0] != nullptr) fill(z_bar[0], inputs_, Scalar{0});
    if (v_bar == nullptr) return;
    fill(v_bar, elements_, Scalar{0});
    if (y_bar == nullptr) return;
    for (std::int64_t n = 0; n < batch_; ++n) {
      add_scaled(Scalar{1}, y_bar + n * elements_, elements_, v_bar);
    }
  }

  std::vector<std::int64_t> sizes_;
  std::int64_t elements_;  // of v
  std::int64_t inputs_;
  std::int64_t batch_;
};

// Its derivative is the linear map to 0.
template <class Scalar>
class FixedValueKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  FixedValueKernel(const FixedValue& value, const Site& site)
      : elements_(site.output.elements()),
        inputs_(site.batch * site.input().elements()),
        batch_(site.batch) {
    values_.reserve(value.values.size());
    for (const SignedReal& number : value.values) {
      values_.push_back(static_cast<Scalar>(number.nearest()));
    }
  }

  Layout plan(std::span<Layout> /*inputs*/, Purpose /*purpose*/) override { return plain_layout; }

  void forward(const Point<Scalar>& /*at*/, Scalar* y) override {
    if (values_.size() == 1) return fill(y, batch_ * elements_, values_.front());
    for (std::int64_t n = 0; n < batch_; ++n) copy(values_.data(), elements_, y + n * elements_);
  }

 protected:
  // The numbers are rounded once.
  [[nodiscard]] std::optional<LinearSite> linear_site() const override {
    return LinearSite{{{batch_, inputs_ / batch_}}, {batch_, elements_}, 1};
  }
  void apply(const Point<Scalar>& /*at*/, Inputs /*z*/, Scalar* y) override {
    fill(y, batch_ * elements_, Scalar{0});
  }
  void apply_transposed(const Point<Scalar>& /*at*/, const Scalar* /*y_bar*/,
                        Outputs z_bar) override {
    if (z_bar[0] != nullptr) fill(z_bar[0], inputs_, Scalar{0});
  }

 private:
  std::vector<Scalar> values_;
  std::int64_t elements_;
  std::int64_t inputs_;
  std::int64_t batch_;
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const FixedValue& value, const Site& site) {
  return one_kernel<Scalar>(std::make_unique<FixedValueKernel<Scalar>>(value, site));
}
template Kernels<float> kernels_of(const FixedValue& value, const Site& site);
template Kernels<double> kernels_of(const FixedValue& value, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const Parameter& /*parameter*/, const Site& site) {
  return one_kernel<Scalar>(std::make_unique<ParameterKernel<Scalar>>(site));
}
template Kernels<float> kernels_of(const Parameter& /*parameter*/, const Site& site);
template Kernels<double> kernels_of(const Parameter& /*parameter*/, const Site& site);

}  // namespace smoothbound::kernels
