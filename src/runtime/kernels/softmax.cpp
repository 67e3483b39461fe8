#include "softmax.hpp"

#include <algorithm>
#include <cmath>

#include "kernels.hpp"

namespace smoothbound::kernels {
namespace {

// p = exp(x) / sum exp(x); its Jacobian is diag(p) - p p^T.
template <class Scalar>
struct SoftmaxMap {
  using In = const Scalar*;
  using Kept = Scalar;  // unused

  static std::unique_ptr<TaylorRule> rule(const GroupPlaces& places, double samples) {
    return softmax_rule(places, static_cast<std::int64_t>(samples));
  }

  static Scalar dot(In a, In b, std::int64_t n) {
    Scalar sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
  }

  static Scalar value(In x, std::int64_t n, Scalar /*samples*/, Scalar* p) {
    const Scalar largest = *std::max_element(x, x + n);
    Scalar sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += p[i] = std::exp(x[i] - largest);
    for (std::int64_t i = 0; i < n; ++i) p[i] /= sum;
    return 0;
  }
  static void jvp(In p, Scalar /*none*/, std::int64_t n, In x_dot, Scalar* out) {
    const Scalar mean = dot(p, x_dot, n);
    for (std::int64_t i = 0; i < n; ++i) out[i] = p[i] * (x_dot[i] - mean);
  }
  static void vjp(In p, Scalar none, std::int64_t n, In y_bar, Scalar* out) {
    jvp(p, none, n, y_bar, out);  // symmetric
  }
  static void hvp(In p, Scalar /*none*/, std::int64_t n, In x_dot, In y_bar, In y_bar_dot,
                  Scalar* out) {
    const Scalar mean_dot = dot(p, x_dot, n);
    const Scalar mean_bar = dot(p, y_bar, n);
    Scalar mean_bar_dot = dot(p, y_bar_dot, n);
    for (std::int64_t i = 0; i < n; ++i) mean_bar_dot += p[i] * (x_dot[i] - mean_dot) * y_bar[i];
    for (std::int64_t i = 0; i < n; ++i) {
      out[i] = p[i] * ((x_dot[i] - mean_dot) * (y_bar[i] - mean_bar) + y_bar_dot[i] - mean_bar_dot);
    }
  }
  static void second(In p, Scalar /*none*/, std::int64_t n, In x_dot, In x_ddot, Scalar* out) {
    const Scalar mean = dot(p, x_dot, n);
    Scalar mean_second = dot(p, x_ddot, n);
    for (std::int64_t i = 0; i < n; ++i) mean_second += p[i] * (x_dot[i] - mean) * x_dot[i];
    for (std::int64_t i = 0; i < n; ++i) {
      const Scalar centred = x_dot[i] - mean;
      out[i] = p[i] * (centred * centred + x_ddot[i] - mean_second);
    }
  }
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const Softmax& softmax, const Site& site) {
  using SoftmaxKernel = GroupedKernel<Scalar, SoftmaxMap<Scalar>>;
  const int axis = axis_of(softmax.axis, site.output, softmax.name());
  const auto samples = static_cast<double>(site.batch);
  if (axis == 0) {
    return one_kernel<Scalar>(
        std::make_unique<SoftmaxKernel>(BatchShape{site.output, site.batch, {}},
                                        Grouping{.channels = site.output.channels()}, samples));
  }
  // The axes before it are as good as samples, in memory, and those behind it one of positions.
  const auto sizes = site.output.sizes();
  std::int64_t inner = 1;
  for (const std::int64_t size : sizes.subspan(static_cast<std::size_t>(axis) + 1)) inner *= size;
  const std::int64_t size = sizes[static_cast<std::size_t>(axis)];
  const std::int64_t outer = site.output.elements() / size / inner;
  return one_kernel<Scalar>(
      std::make_unique<SoftmaxKernel>(BatchShape{Shape{size, inner}, site.batch * outer, {}},
                                      Grouping{.channels = size}, samples, Layouts::plain));
}
template Kernels<float> kernels_of(const Softmax& softmax, const Site& site);
template Kernels<double> kernels_of(const Softmax& softmax, const Site& site);

}  // namespace smoothbound::kernels
