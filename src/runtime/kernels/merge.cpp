#include <algorithm>

#include "kernels.hpp"
#include "linear.hpp"

namespace smoothbound::kernels {
namespace {

// Of equal shapes, in the layout of the first one.
void agree(std::span<Layout> inputs) { std::ranges::fill(inputs, inputs.front()); }

template <class Scalar>
class AddKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  explicit AddKernel(std::int64_t count) : count_(count) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    agree(inputs);
    return inputs.front();
  }

 protected:
  void apply(const Point<Scalar>& /*at*/, Inputs z, Scalar* y) override {
    bool begun = false;
    for (const Scalar* input : z) {
      if (input == nullptr) continue;
      if (begun) {
        add_scaled(Scalar{1}, input, count_, y);
      } else {
        copy(input, count_, y);
      }
      begun = true;
    }
    if (!begun) fill(y, count_, Scalar{0});
  }
  void apply_transposed(const Point<Scalar>& /*at*/, const Scalar* y_bar, Outputs z_bar) override {
    for (Scalar* input : z_bar) {
      if (input == nullptr) continue;
      if (y_bar == nullptr) {
        fill(input, count_, Scalar{0});
      } else {
        copy(y_bar, count_, input);
      }
    }
  }

 private:
  std::int64_t count_;
};

// Samples one after the other, each with its channels as the inputs follow each other.
template <class Scalar>
class ConcatKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  explicit ConcatKernel(const Site& site)
      : shapes_(site.inputs.begin(), site.inputs.end()), output_(site.output), batch_(site.batch) {}

  // Equal blocks that divide the channels of every input line up; all others become plain.
  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    const std::int64_t block = inputs.front().channel_block;
    const bool fits =
        std::ranges::all_of(inputs, [&](const Layout& l) { return l.channel_block == block; }) &&
        std::ranges::all_of(shapes_, [&](const Shape& s) { return s.channels() % block == 0; });
    if (!fits) std::ranges::fill(inputs, plain_layout);
    return inputs.front();
  }

 protected:
  void apply(const Point<Scalar>& /*at*/, Inputs z, Scalar* y) override {
    each([&](std::size_t input, std::int64_t from, std::int64_t to, std::int64_t count) {
      if (z[input] == nullptr) {
        fill(y + to, count, Scalar{0});
      } else {
        copy(z[input] + from, count, y + to);
      }
    });
  }
  void apply_transposed(const Point<Scalar>& /*at*/, const Scalar* y_bar, Outputs z_bar) override {
    each([&](std::size_t input, std::int64_t to, std::int64_t from, std::int64_t count) {
      if (z_bar[input] == nullptr) return;
      if (y_bar == nullptr) {
        fill(z_bar[input] + to, count, Scalar{0});
      } else {
        copy(y_bar + from, count, z_bar[input] + to);
      }
    });
  }

 private:
  // Calls body(input, place in the input, place in the output, count).
  template <class Body>
  void each(const Body& body) const {
    for (std::int64_t n = 0; n < batch_; ++n) {
      std::int64_t place = n * output_.elements();
      for (std::size_t i = 0; i < shapes_.size(); ++i) {
        body(i, n * shapes_[i].elements(), place, shapes_[i].elements());
        place += shapes_[i].elements();
      }
    }
  }

  std::vector<Shape> shapes_;
  Shape output_;
  std::int64_t batch_;
};

// Scalar by scalar: y = prod z_i. Tangents by the product rule; k inputs are few.
template <class Scalar>
class MultiplyKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  explicit MultiplyKernel(std::int64_t count) : count_(count) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    agree(inputs);
    return inputs.front();
  }
  [[nodiscard]] Needs value_needs() const override { return {.input = true}; }
  [[nodiscard]] Needs tangent_needs() const override { return {.input = true}; }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    each(y, [&](std::int64_t i) { return without(at.z, i, none, none); });
  }
  void jvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*v_dot*/, Scalar* y_dot) override {
    each(y_dot, [&](std::int64_t i) { return first(at.z, z_dot, i, none); });
  }
  void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar,
           Scalar* /*v_bar*/) override {
    for (std::size_t k = 0; k < z_bar.size(); ++k) {
      if (z_bar[k] == nullptr) continue;
      each(z_bar[k], [&](std::int64_t i) { return y_bar[i] * without(at.z, i, k, none); });
    }
  }
  void hvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*y_dot*/, const Scalar* /*v_dot*/,
           const Scalar* y_bar, const Scalar* y_bar_dot, Outputs z_bar_dot,
           Scalar* /*v_bar_dot*/) override {
    for (std::size_t k = 0; k < z_bar_dot.size(); ++k) {
      if (z_bar_dot[k] == nullptr) continue;
      each(z_bar_dot[k], [&](std::int64_t i) {
        Scalar sum = y_bar[i] * first(at.z, z_dot, i, k);
        if (y_bar_dot != nullptr) sum += y_bar_dot[i] * without(at.z, i, k, none);
        return sum;
      });
    }
  }
  void second(const Point<Scalar>& at, Inputs z_dot, Inputs z_ddot, const Scalar* /*y_dot*/,
              const Scalar* /*v_dot*/, Scalar* y_ddot) override {
    each(y_ddot, [&](std::int64_t i) {
      Scalar sum = first(at.z, z_ddot, i, none);
      for (std::size_t k = 0; k < z_dot.size(); ++k) {
        if (z_dot[k] != nullptr) sum += z_dot[k][i] * first(at.z, z_dot, i, k);
      }
      return sum;
    });
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  template <class Value>
  void each(Scalar* out, const Value& value) const {
    parallel_for(count_, array_grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) out[i] = value(i);
    });
  }
  // The product of all inputs but two.
  static Scalar without(Inputs z, std::int64_t i, std::size_t j, std::size_t k) {
    Scalar product = 1;
    for (std::size_t input = 0; input < z.size(); ++input) {
      if (input != j && input != k) product *= z[input][i];
    }
    return product;
  }
  // The derivative along z_dot of the product of all inputs but one.
  static Scalar first(Inputs z, Inputs z_dot, std::int64_t i, std::size_t left_out) {
    Scalar sum = 0;
    for (std::size_t k = 0; k < z.size(); ++k) {
      if (k != left_out && z_dot[k] != nullptr) sum += z_dot[k][i] * without(z, i, k, left_out);
    }
    return sum;
  }

  std::int64_t count_;
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const Add& /*add*/, const Site& site) {
  return one_kernel<Scalar>(
      std::make_unique<AddKernel<Scalar>>(site.batch * site.output.elements()));
}
template Kernels<float> kernels_of(const Add& /*add*/, const Site& site);
template Kernels<double> kernels_of(const Add& /*add*/, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const Concat& /*concat*/, const Site& site) {
  return one_kernel<Scalar>(std::make_unique<ConcatKernel<Scalar>>(site));
}
template Kernels<float> kernels_of(const Concat& /*concat*/, const Site& site);
template Kernels<double> kernels_of(const Concat& /*concat*/, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const Multiply& /*multiply*/, const Site& site) {
  return one_kernel<Scalar>(
      std::make_unique<MultiplyKernel<Scalar>>(site.batch * site.output.elements()));
}
template Kernels<float> kernels_of(const Multiply& /*multiply*/, const Site& site);
template Kernels<double> kernels_of(const Multiply& /*multiply*/, const Site& site);

}  // namespace smoothbound::kernels
