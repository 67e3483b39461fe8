#include "smoothbound/layers/softmax.hpp"

#include <algorithm>
#include <cmath>

#include "smoothbound/runtime/grouped.hpp"

namespace smoothbound {

Steps Softmax::steps(const Site& site, Method method) const {
  // r groups of k scalars over the batch
  const LowerBound k = LowerBound::from_count(site.input().channels());
  const Magnitude r =
      Magnitude::from_count(site.input().positions()) * Magnitude::from_count(site.batch);
  MapConstants a;
  a.at_zero = {square_root(r / k), "sqrt(r/k), r groups of k", "each entry is 1/k at 0"};
  a.slope_at_zero = {Magnitude::from_count(1) / k, "1/k", "(I - 1 1^T/k)/k"};
  if (method == Method::paper) {
    a.lipschitz = {Magnitude::from_count(2), "2", "section 5.1"};
    a.smoothness = {Magnitude::from_count(4), "4", "section 5.1"};
    a.bound.source = "the paper gives no bound";
    return Step(a);
  }
  const Magnitude one = Magnitude::from_count(1);
  a.lipschitz = {one / LowerBound::from_count(2), "1/2", "variance of a variable of range sqrt(2)"};
  a.smoothness = {square_root(Magnitude::from_count(2)) /
                      (LowerBound::from_count(3) * square_root(LowerBound::from_count(3))),
                  "sqrt(2)/(3 sqrt 3)", "third central moment over a range of sqrt(2)"};
  a.bound = {square_root(r), "sqrt(r)", "entries are >= 0 and sum to 1"};
  return Step(a);
}

// p_j = exp(z_j) / sum; backward p_j (mu_j - <p, mu>).
Work Softmax::work(const Site& site) const {
  Work work;
  work.evaluations = output_scalars(site);
  work.forward = work.evaluations;
  work.backward_input = scale(work.evaluations, 1);
  work.sparsity.map = work.evaluations * Magnitude::from_count(site.output.channels());
  return work;
}

namespace {

// p = exp(x) / sum exp(x); its Jacobian is diag(p) - p p^T.
template <class Scalar>
struct SoftmaxMap {
  using In = const Scalar*;
  using Kept = Scalar;  // unused

  static Scalar dot(In a, In b, std::int64_t n) {
    Scalar sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
  }

  static Scalar value(In x, std::int64_t n, Scalar /*none*/, Scalar* p) {
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
Kernels<Scalar> Softmax::kernels(const Site& site) const {
  return one_kernel<Scalar>(std::make_unique<GroupedKernel<Scalar, SoftmaxMap<Scalar>>>(
      BatchShape{site.output, site.batch, {}}, Grouping{.channels = site.output.channels()}, 0.0));
}
template Kernels<float> Softmax::kernels(const Site& site) const;
template Kernels<double> Softmax::kernels(const Site& site) const;

}  // namespace smoothbound
