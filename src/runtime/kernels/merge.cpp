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
  AddKernel(const Site& site)
      : batch_(site.batch),
        inputs_(site.inputs.size()),
        count_(site.batch * site.output.elements()) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    agree(inputs);
    return inputs.front();
  }

 protected:
  [[nodiscard]] std::optional<LinearSite> linear_site() const override {
    const SampleShape shape{batch_, count_ / batch_};
    return LinearSite{std::vector(inputs_, shape), shape, static_cast<std::int64_t>(inputs_)};
  }
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
  std::int64_t batch_;
  std::size_t inputs_;
  std::int64_t count_;
};

// What lies along the axis, for each index of those before it: of channels, a whole sample.
template <class Scalar>
class ConcatKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  ConcatKernel(const Site& site, int axis)
      : shapes_(site.inputs.begin(), site.inputs.end()),
        batch_(site.batch),
        axis_(axis),
        outer_(site.batch) {
    for (const std::int64_t size : site.output.sizes().first(static_cast<std::size_t>(axis))) {
      outer_ *= size;
    }
    for (const Shape& shape : shapes_) counts_.push_back(site.batch * shape.elements() / outer_);
  }

  // Equal blocks that divide the channels of every input line up; all others become plain.
  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    const std::int64_t block = inputs.front().channel_block;
    const bool fits =
        axis_ == 0 &&
        std::ranges::all_of(inputs, [&](const Layout& l) { return l.channel_block == block; }) &&
        std::ranges::all_of(shapes_, [&](const Shape& s) { return s.channels() % block == 0; });
    if (!fits) std::ranges::fill(inputs, plain_layout);
    return inputs.front();
  }

 protected:
  [[nodiscard]] std::optional<LinearSite> linear_site() const override {
    LinearSite site{{}, {batch_, 0}};
    for (const Shape& shape : shapes_) {
      site.inputs.push_back({batch_, shape.elements()});
      site.output.elements += shape.elements();
    }
    return site;
  }
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
    std::int64_t place = 0;
    for (std::int64_t n = 0; n < outer_; ++n) {
      for (std::size_t i = 0; i < counts_.size(); ++i) {
        body(i, n * counts_[i], place, counts_[i]);
        place += counts_[i];
      }
    }
  }

  std::vector<Shape> shapes_;
  std::int64_t batch_;
  int axis_;
  std::int64_t outer_;                // samples, and indices of the axes before
  std::vector<std::int64_t> counts_;  // scalars of each input for each of them
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const Add& /*add*/, const Site& site) {
  return one_kernel<Scalar>(std::make_unique<AddKernel<Scalar>>(site));
}
template Kernels<float> kernels_of(const Add& /*add*/, const Site& site);
template Kernels<double> kernels_of(const Add& /*add*/, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const Concat& concat, const Site& site) {
  const int axis = axis_of(concat.axis, site.output, concat.name());
  return one_kernel<Scalar>(std::make_unique<ConcatKernel<Scalar>>(site, axis));
}
template Kernels<float> kernels_of(const Concat& concat, const Site& site);
template Kernels<double> kernels_of(const Concat& concat, const Site& site);

}  // namespace smoothbound::kernels
