#include "array.hpp"
#include "kernels.hpp"

namespace smoothbound::kernels {
namespace {

// Both parts at once: x_+ + alpha x_-. At 0 the slope is alpha.
template <class Scalar>
class PreluKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  PreluKernel(const BatchShape& shape, std::int64_t slopes) : shape_(shape), slopes_(slopes) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return shape_.layout = inputs[0];
  }
  [[nodiscard]] std::vector<ParameterShape> parameters() const override {
    return {{"slope", {slopes_}}};
  }
  [[nodiscard]] Needs value_needs() const override { return {.input = true}; }
  [[nodiscard]] Needs tangent_needs() const override { return {.input = true}; }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    each([&](std::int64_t i, std::int64_t a) {
      const Scalar x = at.z[0][i];
      // Not by maxima, which take NaN for 0.
      y[i] = x > 0 ? x : at.v[a] * x;
    });
  }

  void jvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* v_dot, Scalar* y_dot) override {
    each([&](std::int64_t i, std::int64_t a) {
      Scalar sum = 0;
      if (z_dot[0] != nullptr) sum += slope(at, i, a) * z_dot[0][i];
      if (v_dot != nullptr) sum += v_dot[a] * negative_part(at, i);
      y_dot[i] = sum;
    });
  }

  void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar, Scalar* v_bar) override {
    if (v_bar != nullptr) fill(v_bar, slopes_, Scalar{0});
    each([&](std::int64_t i, std::int64_t a) {
      if (z_bar[0] != nullptr) z_bar[0][i] = slope(at, i, a) * y_bar[i];
      if (v_bar != nullptr) v_bar[a] += negative_part(at, i) * y_bar[i];
    });
  }

  void hvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*y_dot*/, const Scalar* v_dot,
           const Scalar* y_bar, const Scalar* y_bar_dot, Outputs z_bar_dot,
           Scalar* v_bar_dot) override {
    if (v_bar_dot != nullptr) fill(v_bar_dot, slopes_, Scalar{0});
    each([&](std::int64_t i, std::int64_t a) {
      const bool is_negative = !(at.z[0][i] > 0);
      const Scalar bar = y_bar[i];
      const Scalar bar_dot = y_bar_dot == nullptr ? Scalar{0} : y_bar_dot[i];
      if (v_bar_dot != nullptr) {
        v_bar_dot[a] += negative_part(at, i) * bar_dot;
        if (is_negative && z_dot[0] != nullptr) v_bar_dot[a] += z_dot[0][i] * bar;
      }
      if (z_bar_dot[0] != nullptr) {
        Scalar sum = slope(at, i, a) * bar_dot;
        if (is_negative && v_dot != nullptr) sum += v_dot[a] * bar;
        z_bar_dot[0][i] = sum;
      }
    });
  }

  void second(const Point<Scalar>& at, Inputs z_dot, Inputs z_ddot, const Scalar* /*y_dot*/,
              const Scalar* v_dot, Scalar* y_ddot) override {
    each([&](std::int64_t i, std::int64_t a) {
      Scalar sum = 0;
      const bool mixed = z_dot[0] != nullptr && v_dot != nullptr && !(at.z[0][i] > 0);
      if (mixed) sum += 2 * v_dot[a] * z_dot[0][i];
      if (z_ddot[0] != nullptr) sum += slope(at, i, a) * z_ddot[0][i];
      y_ddot[i] = sum;
    });
  }

 private:
  static Scalar slope(const Point<Scalar>& at, std::int64_t i, std::int64_t a) {
    return at.z[0][i] > 0 ? Scalar{1} : at.v[a];
  }
  static Scalar negative_part(const Point<Scalar>& at, std::int64_t i) {
    return at.z[0][i] > 0 ? Scalar{0} : at.z[0][i];
  }

  // body(place in the batch, place of its alpha), for one alpha always in the same order.
  template <class Body>
  void each(const Body& body) const {
    const Shape& sample = shape_.sample;
    const std::int64_t alphas_of = slopes_ == 1 ? 1 : sample.channels();
    const std::int64_t own = sample.channels() / alphas_of;  // channels of an alpha
    const std::int64_t grain = 1 + array_grain / (shape_.batch * own * sample.positions());
    parallel_for(alphas_of, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = 0; n < shape_.batch; ++n) {
        for (std::int64_t c = begin * own; c < end * own; ++c) {
          std::int64_t place = shape_.offset(n, c, 0);
          for (std::int64_t p = 0; p < sample.positions(); ++p) {
            body(place, c / own);
            place += shape_.position_stride();
          }
        }
      }
    });
  }

  BatchShape shape_;
  std::int64_t slopes_;
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const Prelu& prelu, const Site& site) {
  return one_kernel<Scalar>(std::make_unique<PreluKernel<Scalar>>(
      BatchShape{site.output, site.batch, {}}, prelu.slopes(site.output)));
}
template Kernels<float> kernels_of(const Prelu& prelu, const Site& site);
template Kernels<double> kernels_of(const Prelu& prelu, const Site& site);

}  // namespace smoothbound::kernels
