#include <algorithm>
#include <utility>
#include <vector>

#include "kernels.hpp"
#include "linear.hpp"

namespace smoothbound::kernels {
namespace {

// Numbers are rounded, then the sum or product is.
LinearSite diagonal_site(std::int64_t batch, std::int64_t count) {
  const SampleShape shape{batch, count / batch};
  return {{shape}, shape, 4, Entries::diagonal};
}

template <class Scalar>
std::vector<Scalar> nearest_of(const std::vector<SignedReal>& by) {
  std::vector<Scalar> numbers;
  numbers.reserve(by.size());
  for (const SignedReal& number : by) numbers.push_back(static_cast<Scalar>(number.nearest()));
  return numbers;
}

// Scalars of a batch with the number that their channel has, in any layout.
template <class Scalar>
class NumberOfEach {
 public:
  NumberOfEach(const std::vector<SignedReal>& by, const Site& site)
      : numbers_(nearest_of<Scalar>(by)),
        positions_(site.output.positions()),
        channels_(site.output.channels()),
        batch_(site.batch),
        count_(site.batch * site.output.elements()) {}

  Layout plan(std::span<Layout> inputs) {
    block_ = inputs.front().channel_block;
    return inputs.front();
  }
  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] LinearSite linear_site() const { return diagonal_site(batch_, count_); }

  // out = combine(in, number)
  template <class Combine>
  void each(const Scalar* in, Scalar* out, const Combine& combine) const {
    if (numbers_.size() == 1) {
      const Scalar number = numbers_.front();
      return parallel_for(count_, array_grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) out[i] = combine(in[i], number);
      });
    }
    const std::int64_t blocks = channels_ / block_;
    const std::int64_t size = positions_ * block_;
    parallel_for(count_ / size, 1 + array_grain / size, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t slice = begin; slice < end; ++slice) {
        const Scalar* const numbers = numbers_.data() + slice % blocks * block_;
        for (std::int64_t i = slice * size; i < (slice + 1) * size; i += block_) {
          for (std::int64_t c = 0; c < block_; ++c) out[i + c] = combine(in[i + c], numbers[c]);
        }
      }
    });
  }

 private:
  std::vector<Scalar> numbers_;
  std::int64_t positions_;
  std::int64_t channels_;
  std::int64_t batch_;
  std::int64_t count_;
  std::int64_t block_ = 1;
};

template <class Scalar>
class FixedScaleKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  FixedScaleKernel(const FixedScale& scale, const Site& site) : alpha_(scale.by, site) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return alpha_.plan(inputs);
  }
  [[nodiscard]] bool works_in_place() const override { return true; }

 protected:
  [[nodiscard]] std::optional<LinearSite> linear_site() const override {
    return alpha_.linear_site();
  }
  void apply(const Point<Scalar>& /*at*/, Inputs z, Scalar* y) override { times(z[0], y); }
  void apply_transposed(const Point<Scalar>& /*at*/, const Scalar* y_bar, Outputs z_bar) override {
    if (z_bar[0] != nullptr) times(y_bar, z_bar[0]);
  }

 private:
  void times(const Scalar* in, Scalar* out) const {
    if (in == nullptr) return fill(out, alpha_.count(), Scalar{0});
    alpha_.each(in, out, [](Scalar a, Scalar b) { return a * b; });
  }

  NumberOfEach<Scalar> alpha_;
};

// Scalars of a batch of scores with the number that a mask adds to them.
template <class Scalar>
class NumberOfPair {
 public:
  NumberOfPair(const Mask& mask, const Site& site)
      : mask_(mask),
        number_(-static_cast<Scalar>(mask.by.nearest)),
        places_(site.output.sizes().back()),
        batch_(site.batch),
        count_(site.batch * site.output.elements()) {}

  Layout plan(std::span<Layout> inputs) {
    if (!mask_.is_causal()) {
      for (std::int64_t i = 0; i < places_; ++i) rolled_.push_back(mask_.axes_rolled(i));
    }
    return inputs.front() = plain_layout;
  }
  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] LinearSite linear_site() const { return diagonal_site(batch_, count_); }

  template <class Combine>
  void each(const Scalar* in, Scalar* out, const Combine& combine) const {
    parallel_for(count_ / places_, 1 + array_grain / places_,
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t line = begin; line < end; ++line) {
                     const std::uint8_t axes = mask_.axes_at_end(line / places_);
                     const std::int64_t row = line % places_;
                     for (std::int64_t column = 0; column < places_; ++column) {
                       const std::int64_t i = line * places_ + column;
                       out[i] = combine(in[i], is_masked(axes, row, column) ? number_ : Scalar{0});
                     }
                   }
                 });
  }

 private:
  [[nodiscard]] bool is_masked(std::uint8_t axes, std::int64_t row, std::int64_t column) const {
    if (rolled_.empty()) return mask_.keys == 0 ? row > column : column > row;
    const auto a = static_cast<std::size_t>(row);
    const auto b = static_cast<std::size_t>(column);
    return ((rolled_[a] ^ rolled_[b]) & axes) != 0;
  }

  Mask mask_;
  Scalar number_;
  std::int64_t places_;
  std::int64_t batch_;
  std::int64_t count_;
  std::vector<std::uint8_t> rolled_;  // `axes_rolled` of each place, of shifted windows
};

template <class Scalar, class Numbers>
class TranslationKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  explicit TranslationKernel(Numbers delta) : delta_(std::move(delta)) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return delta_.plan(inputs);
  }
  [[nodiscard]] bool works_in_place() const override { return true; }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    delta_.each(at.z[0], y, [](Scalar a, Scalar b) { return a + b; });
  }

 protected:
  [[nodiscard]] std::optional<LinearSite> linear_site() const override {
    return delta_.linear_site();
  }
  // Its derivative, the identity.
  void apply(const Point<Scalar>& /*at*/, Inputs z, Scalar* y) override { copy_of(z[0], y); }
  void apply_transposed(const Point<Scalar>& /*at*/, const Scalar* y_bar, Outputs z_bar) override {
    if (z_bar[0] != nullptr) copy_of(y_bar, z_bar[0]);
  }

 private:
  void copy_of(const Scalar* in, Scalar* out) const {
    if (in == nullptr) return fill(out, delta_.count(), Scalar{0});
    copy(in, delta_.count(), out);
  }

  Numbers delta_;
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const FixedScale& scale, const Site& site) {
  return one_kernel<Scalar>(std::make_unique<FixedScaleKernel<Scalar>>(scale, site));
}
template Kernels<float> kernels_of(const FixedScale& scale, const Site& site);
template Kernels<double> kernels_of(const FixedScale& scale, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const FixedShift& shift, const Site& site) {
  using Numbers = NumberOfEach<Scalar>;
  return one_kernel<Scalar>(
      std::make_unique<TranslationKernel<Scalar, Numbers>>(Numbers(shift.by, site)));
}
template Kernels<float> kernels_of(const FixedShift& shift, const Site& site);
template Kernels<double> kernels_of(const FixedShift& shift, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const Mask& mask, const Site& site) {
  using Numbers = NumberOfPair<Scalar>;
  return one_kernel<Scalar>(
      std::make_unique<TranslationKernel<Scalar, Numbers>>(Numbers(mask, site)));
}
template Kernels<float> kernels_of(const Mask& mask, const Site& site);
template Kernels<double> kernels_of(const Mask& mask, const Site& site);

}  // namespace smoothbound::kernels
