#include <algorithm>
#include <mutex>
#include <vector>

#include "index_map.hpp"
#include "kernels.hpp"
#include "linear.hpp"

namespace smoothbound::kernels {
namespace {

// Linear interpolation along one axis: [slices, input, inner] to [slices, output, inner].
template <class Scalar>
class Pass {
 public:
  Pass(const Interpolation& along, std::int64_t inner)
      : along_(along),
        input_(along.input() * inner),
        output_(along.output() * inner),
        inner_(inner) {}
  void write_out() {
    const auto all = static_cast<double>(along_.denominator());
    taps_.reserve(static_cast<std::size_t>(along_.output()));
    for (std::int64_t o = 0; o < along_.output(); ++o) {
      const Interpolation::Tap tap = along_.tap(o);
      const std::int64_t rest = along_.denominator() - tap.numerator;
      taps_.push_back({tap.first * inner_, tap.second * inner_,
                       static_cast<Scalar>(static_cast<double>(rest) / all),
                       static_cast<Scalar>(static_cast<double>(tap.numerator) / all)});
    }
  }
  [[nodiscard]] std::int64_t output() const { return output_; }  // of a slice

  void apply(const Scalar* x, std::int64_t slices, Scalar* y) const {
    each(slices, [&](std::int64_t slice) {
      Scalar* out = y + slice * output_;
      for (const Tap& tap : taps_) {
        const Scalar* const first = x + slice * input_ + tap.first;
        const Scalar* const second = x + slice * input_ + tap.second;
        for (std::int64_t i = 0; i < inner_; ++i) {
          out[i] = tap.of_first * first[i] + tap.of_second * second[i];
        }
        out += inner_;
      }
    });
  }
  void apply_transposed(const Scalar* y_bar, std::int64_t slices, Scalar* x_bar) const {
    each(slices, [&](std::int64_t slice) {
      Scalar* const out = x_bar + slice * input_;
      const Scalar* in = y_bar + slice * output_;
      std::fill_n(out, input_, Scalar{0});
      for (const Tap& tap : taps_) {
        Scalar* const first = out + tap.first;
        Scalar* const second = out + tap.second;
        for (std::int64_t i = 0; i < inner_; ++i) first[i] += tap.of_first * in[i];
        for (std::int64_t i = 0; i < inner_; ++i) second[i] += tap.of_second * in[i];
        in += inner_;
      }
    });
  }

 private:
  struct Tap {
    std::int64_t first;
    std::int64_t second;
    Scalar of_first;
    Scalar of_second;
  };

  template <class Body>
  void each(std::int64_t slices, const Body& body) const {
    parallel_for(slices, 1 + array_grain / (input_ + output_),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t slice = begin; slice < end; ++slice) body(slice);
                 });
  }

  Interpolation along_;
  std::int64_t input_;
  std::int64_t output_;
  std::int64_t inner_;
  std::vector<Tap> taps_;
};

// One axis after the other, the first one first: the rows of the last one are then interpolated
// least often. In any layout; channels of a block lie side by side.
template <class Scalar>
class InterpolationKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  InterpolationKernel(const Upsample& upsample, const Site& site)
      : axes_(upsample.interpolations(site)),
        inputs_(site.batch * site.input().elements()),
        outputs_(site.batch * site.output.elements()),
        batch_(site.batch),
        channels_(site.batch * site.input().channels()) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    std::int64_t inner = inputs.front().channel_block;
    for (const Interpolation& along : axes_) inner *= along.input();
    slices_.clear();
    std::int64_t slices = channels_ / inputs.front().channel_block;
    for (const Interpolation& along : axes_) {
      inner /= along.input();
      if (!along.is_identity()) {
        slices_.push_back(slices);
        passes_.emplace_back(along, inner);
      }
      slices *= along.output();
    }
    return inputs.front();
  }
  [[nodiscard]] std::int64_t scratch_elements() const override {
    std::int64_t elements = 0;
    for (std::size_t pass = 0; pass + 1 < passes_.size(); ++pass) elements += behind(pass);
    return elements;
  }

 protected:
  [[nodiscard]] std::optional<LinearSite> linear_site() const override {
    // Of each axis two products, a sum and the rounded shares.
    const auto roundings = static_cast<std::int64_t>(6 * axes_.size());
    return LinearSite{{{batch_, inputs_ / batch_}}, {batch_, outputs_ / batch_}, roundings};
  }
  void apply(const Point<Scalar>& at, Inputs z, Scalar* y) override {
    if (z[0] == nullptr) return fill(y, outputs_, Scalar{0});
    if (passes_.empty()) return copy(z[0], inputs_, y);
    write_out();
    const Scalar* from = z[0];
    Scalar* scratch = at.scratch;
    for (std::size_t pass = 0; pass < passes_.size(); ++pass) {
      const bool is_last = pass + 1 == passes_.size();  // of a single pass there is no scratch
      Scalar* const to = is_last ? y : scratch;
      passes_[pass].apply(from, slices_[pass], to);
      from = to;
      if (!is_last) scratch += behind(pass);
    }
  }
  void apply_transposed(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar) override {
    if (z_bar[0] == nullptr) return;
    if (y_bar == nullptr) return fill(z_bar[0], inputs_, Scalar{0});
    if (passes_.empty()) return copy(y_bar, inputs_, z_bar[0]);
    write_out();
    const Scalar* from = y_bar;
    Scalar* scratch = at.scratch + scratch_elements();
    for (std::size_t pass = passes_.size(); pass-- > 0;) {
      if (pass > 0) scratch -= behind(pass - 1);
      Scalar* const to = pass > 0 ? scratch : z_bar[0];
      passes_[pass].apply_transposed(from, slices_[pass], to);
      from = to;
    }
  }

 private:
  // At the first use: a network may be planned only, to tell that it is too large.
  void write_out() {
    std::call_once(written_, [this] {
      for (Pass<Scalar>& pass : passes_) pass.write_out();
    });
  }
  // Scalars behind a pass.
  [[nodiscard]] std::int64_t behind(std::size_t pass) const {
    return slices_[pass] * passes_[pass].output();
  }

  std::vector<Interpolation> axes_;
  std::int64_t inputs_;
  std::int64_t outputs_;
  std::int64_t batch_;
  std::int64_t channels_;
  std::once_flag written_;
  std::vector<Pass<Scalar>> passes_;
  std::vector<std::int64_t> slices_;
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const Upsample& upsample, const Site& site) {
  if (upsample.is_index_map()) {
    return one_kernel(index_map_kernel<Scalar>(upsample.index_map(site), site));
  }
  return one_kernel<Scalar>(std::make_unique<InterpolationKernel<Scalar>>(upsample, site));
}
template Kernels<float> kernels_of(const Upsample& upsample, const Site& site);
template Kernels<double> kernels_of(const Upsample& upsample, const Site& site);

}  // namespace smoothbound::kernels
