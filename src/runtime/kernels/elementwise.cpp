#include "elementwise.hpp"

#include <type_traits>

#include "array.hpp"
#include "kernels.hpp"
#include "near_point.hpp"
#include "smoothbound/layers/activation.hpp"

namespace smoothbound::kernels {
namespace {

// By the table's formulas, in float64 whatever the scalar type; keeps x.
template <class Scalar>
class TableKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  TableKernel(const Activation& f, std::int64_t count, std::int64_t samples)
      : f_(f), count_(count), samples_(samples) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override { return inputs[0]; }
  [[nodiscard]] Needs value_needs() const override { return {.input = true}; }
  [[nodiscard]] Needs tangent_needs() const override { return {.input = true}; }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    each([&](std::int64_t i) { y[i] = static_cast<Scalar>(jet(at, i).value); });
  }
  void jvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*v_dot*/, Scalar* y_dot) override {
    each([&](std::int64_t i) { y_dot[i] = static_cast<Scalar>(jet(at, i).first * z_dot[0][i]); });
  }
  void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar,
           Scalar* /*v_bar*/) override {
    if (z_bar[0] == nullptr) return;
    each([&](std::int64_t i) { z_bar[0][i] = static_cast<Scalar>(jet(at, i).first * y_bar[i]); });
  }
  void hvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*y_dot*/, const Scalar* /*v_dot*/,
           const Scalar* y_bar, const Scalar* y_bar_dot, Outputs z_bar_dot,
           Scalar* /*v_bar_dot*/) override {
    if (z_bar_dot[0] == nullptr) return;
    each([&](std::int64_t i) {
      const Jet f = jet(at, i);
      double sum = 0;
      if (z_dot[0] != nullptr) sum += f.second * z_dot[0][i] * y_bar[i];
      if (y_bar_dot != nullptr) sum += f.first * y_bar_dot[i];
      z_bar_dot[0][i] = static_cast<Scalar>(sum);
    });
  }
  void second(const Point<Scalar>& at, Inputs z_dot, Inputs z_ddot, const Scalar* /*y_dot*/,
              const Scalar* /*v_dot*/, Scalar* y_ddot) override {
    each([&](std::int64_t i) {
      const Jet f = jet(at, i);
      double sum = 0;
      if (z_dot[0] != nullptr) sum += f.second * z_dot[0][i] * z_dot[0][i];
      if (z_ddot[0] != nullptr) sum += f.first * z_ddot[0][i];
      y_ddot[i] = static_cast<Scalar>(sum);
    });
  }
  std::unique_ptr<TaylorRule> taylor_rule() override {
    if constexpr (std::is_same_v<Scalar, double>) {
      return elementwise_rule(f_, samples_, count_ / samples_);
    }
    return nullptr;
  }
  std::optional<DerivativeBounds> derivative_bounds(const Vicinity& at) override {
    if constexpr (std::is_same_v<Scalar, double>) return near_point(f_, count_, at);
    return std::nullopt;
  }

 private:
  [[nodiscard]] Jet jet(const Point<Scalar>& at, std::int64_t i) const {
    return f_.evaluate(static_cast<double>(at.z[0][i]));
  }
  template <class Body>
  void each(const Body& body) const {
    constexpr std::int64_t grain = 1 << 10;  // transcendental functions
    parallel_for(count_, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) body(i);
    });
  }

  Activation f_;
  std::int64_t count_;
  std::int64_t samples_;
};

// By the row's vectorized code; keeps y, in place of x.
class FastKernel final : public Kernel<float> {
 public:
  FastKernel(const FastActivation& functions, double parameter, std::int64_t count)
      : f_(functions), parameter_(static_cast<float>(parameter)), count_(count) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override { return inputs[0]; }
  [[nodiscard]] Needs value_needs() const override { return {.output = true}; }
  [[nodiscard]] Needs tangent_needs() const override { return {.output = true}; }
  [[nodiscard]] bool works_in_place() const override { return true; }
  [[nodiscard]] std::optional<float> slope_below() const override {
    return f_.slope_below == nullptr ? std::nullopt : f_.slope_below(parameter_);
  }

  void forward(const Point<float>& at, float* y) override {
    parts([&](std::int64_t i, std::int64_t n) { f_.value(at.z[0] + i, parameter_, n, y + i); });
  }
  void jvp(const Point<float>& at, Inputs z_dot, const float* /*v_dot*/, float* y_dot) override {
    scale(at, z_dot[0], y_dot);
  }
  void vjp(const Point<float>& at, const float* y_bar, Outputs z_bar, float* /*v_bar*/) override {
    if (z_bar[0] != nullptr) scale(at, y_bar, z_bar[0]);
  }
  void hvp(const Point<float>& at, Inputs /*z_dot*/, const float* y_dot, const float* /*v_dot*/,
           const float* y_bar, const float* y_bar_dot, Outputs z_bar_dot,
           float* /*v_bar_dot*/) override {
    // f'' z_dot y_bar = r y_dot y_bar
    if (z_bar_dot[0] != nullptr) curve(at, y_dot, y_bar, y_bar_dot, z_bar_dot[0]);
  }
  void second(const Point<float>& at, Inputs z_dot, Inputs z_ddot, const float* y_dot,
              const float* /*v_dot*/, float* y_ddot) override {
    curve(at, y_dot, z_dot[0], z_ddot[0], y_ddot);  // f'' z_dot^2 = r y_dot z_dot
  }

 private:
  template <class Body>
  void parts(const Body& body) const {
    parallel_for(count_, array_grain,
                 [&](std::int64_t begin, std::int64_t end) { body(begin, end - begin); });
  }
  void scale(const Point<float>& at, const float* a, float* out) const {
    parts(
        [&](std::int64_t i, std::int64_t n) { f_.scale(at.y + i, a + i, parameter_, n, out + i); });
  }
  void curve(const Point<float>& at, const float* a, const float* b, const float* c,
             float* out) const {
    if (a == nullptr && c == nullptr) return fill(out, count_, 0.0F);
    parts([&](std::int64_t i, std::int64_t n) {
      if (a == nullptr) return f_.scale(at.y + i, c + i, parameter_, n, out + i);
      f_.curve(at.y + i, a + i, b + i, c == nullptr ? nullptr : c + i, parameter_, n, out + i);
    });
  }

  FastActivation f_;
  float parameter_;
  std::int64_t count_;
};

}  // namespace

template <class Scalar>
std::unique_ptr<Kernel<Scalar>> elementwise_kernel(const Activation& f, std::int64_t count,
                                                   std::int64_t samples) {
  if constexpr (std::is_same_v<Scalar, float>) {
    if (const FastActivation* fast = find_fast_activation(f.name())) {
      return std::make_unique<FastKernel>(*fast, f.parameter.nearest, count);
    }
  }
  return std::make_unique<TableKernel<Scalar>>(f, count, samples);
}

template std::unique_ptr<Kernel<float>> elementwise_kernel(const Activation&, std::int64_t,
                                                           std::int64_t);
template std::unique_ptr<Kernel<double>> elementwise_kernel(const Activation&, std::int64_t,
                                                            std::int64_t);

template <class Scalar>
Kernels<Scalar> kernels_of(const Activation& activation, const Site& site) {
  return one_kernel(
      elementwise_kernel<Scalar>(activation, site.batch * site.output.elements(), site.batch));
}
template Kernels<float> kernels_of(const Activation& activation, const Site& site);
template Kernels<double> kernels_of(const Activation& activation, const Site& site);

}  // namespace smoothbound::kernels
