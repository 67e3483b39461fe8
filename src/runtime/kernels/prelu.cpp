#include "prelu.hpp"

#include <cmath>
#include <type_traits>
#include <utility>

#include "array.hpp"
#include "kernels.hpp"

namespace smoothbound::kernels {
namespace {

// x_+ and x_-, which alpha multiplies; at 0 the slope is alpha.
template <class Scalar>
struct Halves {
  static Scalar value(Scalar x, Scalar alpha) { return x > 0 ? x : alpha * x; }  // NaN stays
  static Scalar slope(Scalar x, Scalar alpha) { return x > 0 ? Scalar{1} : alpha; }
  static Scalar negative(Scalar x) { return x > 0 ? Scalar{0} : x; }
  static Scalar negative_slope(Scalar x) { return x > 0 ? Scalar{0} : Scalar{1}; }
  static Scalar curvature(Scalar /*x*/, Scalar /*alpha*/) { return 0; }
};

// g(x) and -g(-x), g the softplus of scale beta. Each from exp(-beta |x|), which does not overflow.
template <class Scalar>
struct SmoothHalves {
  Scalar beta;

  [[nodiscard]] Scalar value(Scalar x, Scalar alpha) const {
    return softplus(x) + alpha * negative(x);
  }
  [[nodiscard]] Scalar slope(Scalar x, Scalar alpha) const {
    return sigmoid(x) + alpha * sigmoid(-x);
  }
  [[nodiscard]] Scalar negative(Scalar x) const { return -softplus(-x); }
  [[nodiscard]] Scalar negative_slope(Scalar x) const { return sigmoid(-x); }
  [[nodiscard]] Scalar curvature(Scalar x, Scalar alpha) const {
    return (1 - alpha) * beta * sigmoid(x) * sigmoid(-x);
  }

 private:
  [[nodiscard]] Scalar softplus(Scalar x) const {
    return (x > 0 ? x : Scalar{0}) + std::log1p(std::exp(-beta * std::abs(x))) / beta;
  }
  [[nodiscard]] Scalar sigmoid(Scalar x) const {
    const Scalar e = std::exp(-beta * std::abs(x));
    return (x > 0 ? 1 : e) / (1 + e);
  }
};

template <class Scalar, class Split>
class PreluKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  PreluKernel(const BatchShape& shape, std::int64_t slopes, Split split, std::optional<Real> beta)
      : shape_(shape), slopes_(slopes), split_(split), beta_(std::move(beta)) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return shape_.layout = inputs[0];
  }
  [[nodiscard]] std::vector<ParameterShape> parameters() const override {
    return {{"slope", {slopes_}}};
  }
  [[nodiscard]] Needs value_needs() const override { return {.input = true}; }
  [[nodiscard]] Needs tangent_needs() const override { return {.input = true}; }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    each([&](std::int64_t i, std::int64_t a) { y[i] = split_.value(at.z[0][i], at.v[a]); });
  }

  void jvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* v_dot, Scalar* y_dot) override {
    each([&](std::int64_t i, std::int64_t a) {
      Scalar sum = 0;
      if (z_dot[0] != nullptr) sum += slope(at, i, a) * z_dot[0][i];
      if (v_dot != nullptr) sum += v_dot[a] * split_.negative(at.z[0][i]);
      y_dot[i] = sum;
    });
  }

  void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar, Scalar* v_bar) override {
    if (v_bar != nullptr) fill(v_bar, slopes_, Scalar{0});
    each([&](std::int64_t i, std::int64_t a) {
      if (z_bar[0] != nullptr) z_bar[0][i] = slope(at, i, a) * y_bar[i];
      if (v_bar != nullptr) v_bar[a] += split_.negative(at.z[0][i]) * y_bar[i];
    });
  }

  void hvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*y_dot*/, const Scalar* v_dot,
           const Scalar* y_bar, const Scalar* y_bar_dot, Outputs z_bar_dot,
           Scalar* v_bar_dot) override {
    if (v_bar_dot != nullptr) fill(v_bar_dot, slopes_, Scalar{0});
    each([&](std::int64_t i, std::int64_t a) {
      const Scalar x = at.z[0][i];
      const Scalar bar = y_bar[i];
      const Scalar bar_dot = y_bar_dot == nullptr ? Scalar{0} : y_bar_dot[i];
      if (v_bar_dot != nullptr) {
        v_bar_dot[a] += split_.negative(x) * bar_dot;
        if (z_dot[0] != nullptr) v_bar_dot[a] += split_.negative_slope(x) * z_dot[0][i] * bar;
      }
      if (z_bar_dot[0] != nullptr) {
        Scalar sum = slope(at, i, a) * bar_dot;
        if (v_dot != nullptr) sum += split_.negative_slope(x) * v_dot[a] * bar;
        if (z_dot[0] != nullptr) sum += split_.curvature(x, at.v[a]) * z_dot[0][i] * bar;
        z_bar_dot[0][i] = sum;
      }
    });
  }

  void second(const Point<Scalar>& at, Inputs z_dot, Inputs z_ddot, const Scalar* /*y_dot*/,
              const Scalar* v_dot, Scalar* y_ddot) override {
    each([&](std::int64_t i, std::int64_t a) {
      const Scalar x = at.z[0][i];
      Scalar sum = 0;
      if (z_dot[0] != nullptr) {
        const Scalar dot = z_dot[0][i];
        sum += split_.curvature(x, at.v[a]) * dot * dot;
        if (v_dot != nullptr) sum += 2 * split_.negative_slope(x) * v_dot[a] * dot;
      }
      if (z_ddot[0] != nullptr) sum += slope(at, i, a) * z_ddot[0][i];
      y_ddot[i] = sum;
    });
  }

  std::unique_ptr<TaylorRule> taylor_rule() override {
    if constexpr (std::is_same_v<Scalar, double>) {
      const std::int64_t elements = shape_.sample.elements();
      return prelu_rule({shape_.batch, elements, elements / slopes_}, beta_);
    }
    return nullptr;
  }

 private:
  [[nodiscard]] Scalar slope(const Point<Scalar>& at, std::int64_t i, std::int64_t a) const {
    return split_.slope(at.z[0][i], at.v[a]);
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
  Split split_;
  std::optional<Real> beta_;  // of the smooth form
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const Prelu& prelu, const Site& site) {
  const BatchShape shape{site.output, site.batch, {}};
  const std::int64_t slopes = prelu.slopes(site.output);
  if (!prelu.is_smooth) {
    return one_kernel<Scalar>(std::make_unique<PreluKernel<Scalar, Halves<Scalar>>>(
        shape, slopes, Halves<Scalar>{}, std::nullopt));
  }
  return one_kernel<Scalar>(std::make_unique<PreluKernel<Scalar, SmoothHalves<Scalar>>>(
      shape, slopes, SmoothHalves<Scalar>{static_cast<Scalar>(prelu.beta.nearest)}, prelu.beta));
}
template Kernels<float> kernels_of(const Prelu& prelu, const Site& site);
template Kernels<double> kernels_of(const Prelu& prelu, const Site& site);

}  // namespace smoothbound::kernels
