#include "pool.hpp"

#include <cmath>
#include <utility>

#include "kernels.hpp"
#include "linear.hpp"
#include "patches.hpp"

namespace smoothbound::kernels {
namespace {

template <class Scalar>
class AveragePoolKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  explicit AveragePoolKernel(const PoolGeometry& g) : patches_(g) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return patches_.plan(inputs);
  }

 protected:
  [[nodiscard]] std::optional<LinearSite> linear_site() const override {
    const std::int64_t samples = patches_.geometry().batch;
    return LinearSite{{{samples, patches_.inputs() / samples}},
                      {samples, patches_.outputs() / samples},
                      patches_.largest() + 2};
  }
  void apply(const Point<Scalar>& /*at*/, Inputs z, Scalar* y) override {
    if (z[0] == nullptr) return fill(y, patches_.outputs(), Scalar{0});
    const std::int64_t block = patches_.block();
    patches_.each_slice([&](std::int64_t slice) {
      const Scalar* const from = z[0] + patches_.input_place(slice);
      Scalar* const to = y + patches_.output_place(slice);
      if (block == 1) return average(from, to);
      Scalar weight = 1;
      patches_.each_output(
          [&](std::int64_t o, std::int64_t divisor) {
            weight = Scalar{1} / static_cast<Scalar>(divisor);
            for (std::int64_t c = 0; c < block; ++c) to[o + c] = 0;
          },
          [&](std::int64_t o, std::int64_t i) {
            for (std::int64_t c = 0; c < block; ++c) to[o + c] += weight * from[i + c];
          });
    });
  }
  void apply_transposed(const Point<Scalar>& /*at*/, const Scalar* y_bar, Outputs z_bar) override {
    if (z_bar[0] == nullptr) return;
    fill(z_bar[0], patches_.inputs(), Scalar{0});
    if (y_bar == nullptr) return;
    const std::int64_t block = patches_.block();
    patches_.each_slice([&](std::int64_t slice) {
      const Scalar* const from = y_bar + patches_.output_place(slice);
      Scalar* const to = z_bar[0] + patches_.input_place(slice);
      Scalar weight = 1;
      patches_.each_output(
          [&](std::int64_t /*o*/, std::int64_t divisor) {
            weight = Scalar{1} / static_cast<Scalar>(divisor);
          },
          [&](std::int64_t o, std::int64_t i) {
            for (std::int64_t c = 0; c < block; ++c) to[i + c] += weight * from[o + c];
          });
    });
  }

 private:
  void average(const Scalar* from, Scalar* to) const {
    std::int64_t last = 1;
    Scalar weight = 1;
    patches_.each_patch([&](std::int64_t o, std::int64_t divisor, const auto& visit) {
      if (divisor != last) weight = Scalar{1} / static_cast<Scalar>(divisor);
      last = divisor;
      Scalar sum = 0;
      visit([&](std::int64_t i) { sum += weight * from[i]; });
      to[o] = sum;
    });
  }

  Patches patches_;
};

// Linear near a point: `forward` notes for each output which scalar of its slice it copies. NaN
// wins.
template <class Scalar>
class MaxPoolKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  explicit MaxPoolKernel(const PoolGeometry& g) : patches_(g) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return patches_.plan(inputs);
  }
  [[nodiscard]] std::size_t state_bytes() const override {
    return static_cast<std::size_t>(patches_.outputs()) * sizeof(std::int32_t);
  }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    const std::int64_t block = patches_.block();
    patches_.each_slice([&](std::int64_t slice) {
      const Scalar* const from = at.z[0] + patches_.input_place(slice);
      Scalar* const to = y + patches_.output_place(slice);
      std::int32_t* const chosen = choices(at) + patches_.output_place(slice);
      patches_.each_output(
          [&](std::int64_t o, std::int64_t /*divisor*/) {
            for (std::int64_t c = 0; c < block; ++c) chosen[o + c] = -1;
          },
          [&](std::int64_t o, std::int64_t i) {
            for (std::int64_t c = 0; c < block; ++c) {
              const bool first = chosen[o + c] < 0;
              const bool larger = from[i + c] > to[o + c] || std::isnan(from[i + c]);
              if (!first && (std::isnan(to[o + c]) || !larger)) continue;
              to[o + c] = from[i + c];
              chosen[o + c] = static_cast<std::int32_t>(i + c);
            }
          });
      // A patch of padding alone.
      for (std::int64_t o = patches_.output_place(0); o < patches_.output_place(1); ++o) {
        if (chosen[o] < 0) to[o] = 0;
      }
    });
  }

  std::unique_ptr<TaylorRule> taylor_rule() override {
    if constexpr (std::is_same_v<Scalar, double>) return max_pool_rule(patches_);
    return nullptr;
  }

 protected:
  void apply(const Point<Scalar>& at, Inputs z, Scalar* y) override {
    if (z[0] == nullptr) return fill(y, patches_.outputs(), Scalar{0});
    each_choice(at, [&](std::int64_t output, std::int64_t input) {
      y[output] = input < 0 ? Scalar{0} : z[0][input];
    });
  }
  void apply_transposed(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar) override {
    if (z_bar[0] == nullptr) return;
    fill(z_bar[0], patches_.inputs(), Scalar{0});
    if (y_bar == nullptr) return;
    each_choice(at, [&](std::int64_t output, std::int64_t input) {
      if (input >= 0) z_bar[0][input] += y_bar[output];
    });
  }

 private:
  static std::int32_t* choices(const Point<Scalar>& at) {
    return reinterpret_cast<std::int32_t*>(at.state);
  }
  template <class Body>
  void each_choice(const Point<Scalar>& at, const Body& body) const {
    patches_.each_slice([&](std::int64_t slice) {
      const std::int64_t base = patches_.input_place(slice);
      for (std::int64_t o = patches_.output_place(slice); o < patches_.output_place(slice + 1);
           ++o) {
        const std::int32_t chosen = choices(at)[o];
        body(o, chosen < 0 ? -1 : base + chosen);
      }
    });
  }

  Patches patches_;
};

}  // namespace

template <class Scalar>
std::unique_ptr<Kernel<Scalar>> average_pool_kernel(const PoolGeometry& geometry) {
  return std::make_unique<AveragePoolKernel<Scalar>>(geometry);
}
template <class Scalar>
std::unique_ptr<Kernel<Scalar>> max_pool_kernel(const PoolGeometry& geometry) {
  return std::make_unique<MaxPoolKernel<Scalar>>(geometry);
}
template std::unique_ptr<Kernel<float>> average_pool_kernel(const PoolGeometry&);
template std::unique_ptr<Kernel<double>> average_pool_kernel(const PoolGeometry&);
template std::unique_ptr<Kernel<float>> max_pool_kernel(const PoolGeometry&);
template std::unique_ptr<Kernel<double>> max_pool_kernel(const PoolGeometry&);

namespace {

PoolAxis axis_of(const MeanAxis& axis) {
  PoolAxis result{axis.window.input, {}};
  result.outputs.reserve(static_cast<std::size_t>(axis.window.output));
  for (std::int64_t o = 0; o < axis.window.output; ++o) {
    result.outputs.push_back({axis.begin(o), axis.end(o), axis.divisor(o)});
  }
  return result;
}

PoolGeometry geometry_of(const MeanAxes& means, const Site& site) {
  const auto axis = [&](int i) { return axis_of(means[static_cast<std::size_t>(i)]); };
  return {site.input(), site.output, site.batch,
          spatial_axes<PoolAxis>(site.input().spatial_rank(), axis)};
}

// One patch that is the whole input.
PoolGeometry whole_input(const Site& site) {
  const auto axis = [&](int i) {
    const std::int64_t size = site.input().spatial(i);
    return PoolAxis{size, {{0, size, size}}};
  };
  return {site.input(), site.output, site.batch,
          spatial_axes<PoolAxis>(site.input().spatial_rank(), axis)};
}

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const AveragePool& pool, const Site& site) {
  return one_kernel(average_pool_kernel<Scalar>(geometry_of(pool.axes(site.input()), site)));
}
template Kernels<float> kernels_of(const AveragePool& pool, const Site& site);
template Kernels<double> kernels_of(const AveragePool& pool, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const AdaptiveAveragePool& pool, const Site& site) {
  return one_kernel(average_pool_kernel<Scalar>(geometry_of(pool.axes(site.input()), site)));
}
template Kernels<float> kernels_of(const AdaptiveAveragePool& pool, const Site& site);
template Kernels<double> kernels_of(const AdaptiveAveragePool& pool, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const MaxPool& pool, const Site& site) {
  // The same patches as those of means; what is divided by is not used.
  const AveragePool means{pool.window};
  return one_kernel(max_pool_kernel<Scalar>(geometry_of(means.axes(site.input()), site)));
}
template Kernels<float> kernels_of(const MaxPool& pool, const Site& site);
template Kernels<double> kernels_of(const MaxPool& pool, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const GlobalAveragePool& /*pool*/, const Site& site) {
  return one_kernel(average_pool_kernel<Scalar>(whole_input(site)));
}
template Kernels<float> kernels_of(const GlobalAveragePool& /*pool*/, const Site& site);
template Kernels<double> kernels_of(const GlobalAveragePool& /*pool*/, const Site& site);

template <class Scalar>
Kernels<Scalar> kernels_of(const GlobalMaxPool& /*pool*/, const Site& site) {
  return one_kernel(max_pool_kernel<Scalar>(whole_input(site)));
}
template Kernels<float> kernels_of(const GlobalMaxPool& /*pool*/, const Site& site);
template Kernels<double> kernels_of(const GlobalMaxPool& /*pool*/, const Site& site);

}  // namespace smoothbound::kernels
