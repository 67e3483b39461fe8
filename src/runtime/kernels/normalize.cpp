#include "normalize.hpp"

#include <algorithm>
#include <cmath>

#include "bilinear.hpp"
#include "linear.hpp"
#include "smoothbound/layers/normalization.hpp"

namespace smoothbound::kernels {
namespace {

template <class Scalar>
struct Moments {
  Scalar mean;
  Scalar scale;
};

// y = C x / s with C = I - 1 1^T/n (or I) and s = sqrt(||C x||^2/n + epsilon). Kept are s and, for
// `kept_statistics`, the mean.
// Sums over a group, which can be a whole batch, are in float64.
// s_dot = <y, C x_dot>/n, and s y_dot = C x_dot - y s_dot.
template <class Scalar, Centring centring>
struct NormalizeMap {
  using In = const Scalar*;
  using Kept = Moments<Scalar>;

  static std::unique_ptr<TaylorRule> rule(const GroupPlaces& places, double epsilon) {
    return normalize_rule(places, centring, epsilon);
  }
  static DerivativeBounds near(const GroupPlaces& places, double epsilon, const Vicinity& at) {
    return near_point(places, centring, epsilon, at);
  }
  static Scalar mean(In x, std::int64_t n) {
    if constexpr (centring == Centring::no) return 0;
    return average(n, [=](std::int64_t i) -> double { return x[i]; });
  }
  // <a, x - shift> / n
  static Scalar moment(In a, In x, Scalar shift, std::int64_t n) {
    return average(n, [=](std::int64_t i) -> double { return a[i] * (x[i] - shift); });
  }
  template <class Term>
  static Scalar average(std::int64_t n, const Term& term) {
    return static_cast<Scalar>(pairwise_sum(0, n, term) / static_cast<double>(n));
  }

  static Kept value(In x, std::int64_t n, Scalar epsilon, Scalar* y) {
    const Scalar shift = mean(x, n);
    for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] - shift;
    const double square = pairwise_sum(0, n, [=](std::int64_t i) -> double { return y[i] * y[i]; });
    const auto s = static_cast<Scalar>(std::sqrt(square / static_cast<double>(n) + epsilon));
    for (std::int64_t i = 0; i < n; ++i) y[i] /= s;
    return {shift, s};
  }
  static void jvp(In y, Kept kept, std::int64_t n, In x_dot, Scalar* out) {
    const Scalar s = kept.scale;
    const Scalar shift = mean(x_dot, n);
    const Scalar s_dot = moment(y, x_dot, shift, n);
    for (std::int64_t i = 0; i < n; ++i) out[i] = (x_dot[i] - shift - y[i] * s_dot) / s;
  }
  // The Jacobian is symmetric: it maps into centred vectors and y is one.
  static void vjp(In y, Kept kept, std::int64_t n, In y_bar, Scalar* out) {
    jvp(y, kept, n, y_bar, out);
  }
  // x_bar = C t / s with t = y_bar - y <y, y_bar>/n.
  static void hvp(In y, Kept kept, std::int64_t n, In x_dot, In y_bar, In y_bar_dot, Scalar* out) {
    const Scalar s = kept.scale;
    const Scalar shift = mean(x_dot, n);
    const Scalar s_dot = moment(y, x_dot, shift, n);
    const auto y_dot = [&](std::int64_t i) { return (x_dot[i] - shift - y[i] * s_dot) / s; };
    const Scalar a = moment(y, y_bar, 0, n);
    const Scalar a_dot = moment(y, y_bar_dot, 0, n) +
                         average(n, [&](std::int64_t i) -> double { return y_dot(i) * y_bar[i]; });
    for (std::int64_t i = 0; i < n; ++i) {
      const Scalar t = y_bar[i] - y[i] * a;
      const Scalar t_dot = y_bar_dot[i] - y_dot(i) * a - y[i] * a_dot;
      out[i] = (t_dot - t * s_dot / s) / s;
    }
    const Scalar centre = mean(out, n);
    for (std::int64_t i = 0; i < n; ++i) out[i] -= centre;
  }
  // s y_ddot = C x_ddot - 2 y_dot s_dot - y s_ddot, s_ddot = (<y_dot, C x_dot> + <y, C x_ddot>)/n.
  static void second(In y, Kept kept, std::int64_t n, In x_dot, In x_ddot, Scalar* out) {
    const Scalar s = kept.scale;
    const Scalar shift = mean(x_dot, n);
    const Scalar second_shift = mean(x_ddot, n);
    const Scalar s_dot = moment(y, x_dot, shift, n);
    const auto y_dot = [&](std::int64_t i) { return (x_dot[i] - shift - y[i] * s_dot) / s; };
    const Scalar s_ddot =
        moment(y, x_ddot, second_shift, n) +
        average(n, [&](std::int64_t i) -> double { return y_dot(i) * (x_dot[i] - shift); });
    for (std::int64_t i = 0; i < n; ++i) {
      out[i] = (x_ddot[i] - second_shift - 2 * y_dot(i) * s_dot - y[i] * s_ddot) / s;
    }
  }
};

// Calls body(feature, place) in parallel over channels: no two threads share a feature. Features
// are channels, or all scalars of a sample.
template <class Body>
void for_each_feature(const BatchShape& shape, std::int64_t features, const Body& body) {
  const std::int64_t positions = shape.sample.positions();
  const bool by_channel = features == shape.sample.channels();
  const std::int64_t grain = 1 + array_grain / (positions * shape.batch);
  parallel_for(shape.sample.channels(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = 0; n < shape.batch; ++n) {
      for (std::int64_t c = begin; c < end; ++c) {
        std::int64_t place = shape.offset(n, c, 0);
        for (std::int64_t p = 0; p < positions; ++p) {
          body(by_channel ? c : c * positions + p, place);
          place += shape.position_stride();
        }
      }
    }
  });
}

// y = (z - mean) / scale with given numbers for each feature.
template <class Scalar>
class FixedNormalizeKernel final : public LinearKernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  FixedNormalizeKernel(const BatchShape& shape, const FixedStatistics& statistics, double epsilon)
      : shape_(shape), mean_(statistics.mean.begin(), statistics.mean.end()) {
    for (const double variance : statistics.variance) {
      slope_.push_back(static_cast<Scalar>(1 / std::sqrt(variance + epsilon)));
    }
  }

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return shape_.layout = inputs[0];
  }
  [[nodiscard]] bool works_in_place() const override { return true; }
  void forward(const Point<Scalar>& at, Scalar* y) override {
    const Scalar* const z = at.z[0];
    each([&](std::size_t f, std::int64_t place) { y[place] = (z[place] - mean_[f]) * slope_[f]; });
  }

 protected:
  [[nodiscard]] std::optional<LinearSite> linear_site() const override {
    // The slope has four, the difference and the product one each.
    const SampleShape shape{shape_.batch, shape_.sample.elements()};
    return LinearSite{{shape}, shape, 8, Entries::diagonal};
  }
  void apply(const Point<Scalar>& /*at*/, Inputs z, Scalar* y) override { scale(z[0], y); }
  void apply_transposed(const Point<Scalar>& /*at*/, const Scalar* y_bar, Outputs z_bar) override {
    if (z_bar[0] != nullptr) scale(y_bar, z_bar[0]);
  }

 private:
  template <class Body>
  void each(const Body& body) const {
    for_each_feature(shape_, std::ssize(slope_), [&](std::int64_t feature, std::int64_t place) {
      body(static_cast<std::size_t>(feature), place);
    });
  }
  void scale(const Scalar* from, Scalar* to) const {
    if (from == nullptr) return fill(to, shape_.elements(), Scalar{0});
    each([&](std::size_t f, std::int64_t place) { to[place] = from[place] * slope_[f]; });
  }

  BatchShape shape_;
  std::vector<Scalar> mean_;
  std::vector<Scalar> slope_;
};

// A diagonal matrix, whose numbers stand for channels or for all scalars of a sample.
class ScaleBounds final : public AffineBounds {
 public:
  ScaleBounds(const BatchShape& shape, std::int64_t features, bool shift)
      : same_(shape.sample.elements() / features) {
    input = output = {shape.batch, shape.sample.elements()};
    weights = features;
    biases = shift ? features : 0;
    positions = same_;
  }
  [[nodiscard]] double operator_norm(const double* v) const override { return absolute_norm(v); }
  [[nodiscard]] double quick_norm(const double* v) const override { return absolute_norm(v); }
  [[nodiscard]] double absolute_norm(const double* v) const override {
    double largest = 0;
    for (std::int64_t i = 0; i < weights; ++i) largest = larger(largest, std::abs(v[i]));
    return largest;
  }
  void by_rows(const double* v, const double* moved, const Enclosed& z, double* /*scratch*/,
               double* y) const override {
    for (std::int64_t i = 0; i < output.count(); ++i) {
      const std::int64_t feature = i % output.elements / same_;
      y[i] = larger(std::abs(v[feature]), moved[feature]) *
             smaller(z.r[i], z.rho[i / output.elements]) * inflation();
    }
  }

 private:
  std::int64_t same_;  // scalars one behind the other that have one number
};

// beta(v, z) = gamma z, beta^v(v) = the shift.
template <class Scalar>
class ScaleKernel final : public BilinearKernel<Scalar> {
 public:
  ScaleKernel(const BatchShape& shape, std::int64_t features, bool shift)
      : shape_(shape), features_(features), shift_(shift) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return shape_.layout = inputs[0];
  }
  [[nodiscard]] std::vector<ParameterShape> parameters() const override {
    std::vector<ParameterShape> all{{"scale", {features_}}};
    if (shift_) all.push_back({"shift", {features_}});
    return all;
  }

 protected:
  [[nodiscard]] std::unique_ptr<AffineBounds> affine_bounds() const override {
    return std::make_unique<ScaleBounds>(shape_, features_, shift_);
  }
  void apply(const Scalar* z, const Scalar* v, bool with_bias, bool accumulate, Scalar* y,
             Scalar* /*scratch*/) override {
    const bool add = with_bias && shift_;
    each([&](std::int64_t feature, std::int64_t place) {
      const Scalar product = v[feature] * z[place];
      const Scalar shifted = add ? product + v[features_ + feature] : product;
      y[place] = accumulate ? y[place] + shifted : shifted;
    });
  }
  void apply_transposed(const Scalar* y_bar, const Scalar* v, bool accumulate, Scalar* z_bar,
                        Scalar* /*scratch*/) override {
    each([&](std::int64_t feature, std::int64_t place) {
      const Scalar product = v[feature] * y_bar[place];
      z_bar[place] = accumulate ? z_bar[place] + product : product;
    });
  }
  void outer(const Scalar* z, const Scalar* y_bar, bool with_bias, bool accumulate, Scalar* v_bar,
             Scalar* /*scratch*/) override {
    if (!accumulate) fill(v_bar, parameter_elements(), Scalar{0});
    const bool add = with_bias && shift_;
    each([&](std::int64_t feature, std::int64_t place) {
      v_bar[feature] += z[place] * y_bar[place];
      if (add) v_bar[features_ + feature] += y_bar[place];
    });
  }
  [[nodiscard]] std::int64_t input_elements() const override { return shape_.elements(); }
  [[nodiscard]] std::int64_t output_elements() const override { return shape_.elements(); }
  [[nodiscard]] std::int64_t parameter_elements() const override {
    return shift_ ? 2 * features_ : features_;
  }

 private:
  template <class Body>
  void each(const Body& body) const {
    for_each_feature(shape_, features_, body);
  }

  BatchShape shape_;
  std::int64_t features_;
  bool shift_;
};

// y = z + beta^v(v): linear in both.
template <class Scalar>
class ShiftKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  ShiftKernel(const BatchShape& shape, std::int64_t features)
      : shape_(shape), features_(features) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return shape_.layout = inputs[0];
  }
  [[nodiscard]] std::vector<ParameterShape> parameters() const override {
    return {{"shift", {features_}}};
  }

  void forward(const Point<Scalar>& at, Scalar* y) override { add(at.z[0], at.v, y); }
  void jvp(const Point<Scalar>& /*at*/, Inputs z_dot, const Scalar* v_dot, Scalar* y_dot) override {
    add(z_dot[0], v_dot, y_dot);
  }
  void vjp(const Point<Scalar>& /*at*/, const Scalar* y_bar, Outputs z_bar,
           Scalar* v_bar) override {
    if (z_bar[0] != nullptr) add(y_bar, nullptr, z_bar[0]);
    if (v_bar != nullptr) sum(y_bar, v_bar);
  }
  std::unique_ptr<TaylorRule> taylor_rule() override {
    if constexpr (std::is_same_v<Scalar, double>) return shift_rule(shape_, features_);
    return nullptr;
  }
  std::optional<DerivativeBounds> derivative_bounds(const Vicinity& at) override {
    if constexpr (std::is_same_v<Scalar, double>) {
      return near_point_of_shift(shape_.elements() / features_, shape_.elements(), at, features_);
    }
    return std::nullopt;
  }
  void hvp(const Point<Scalar>& at, Inputs /*z_dot*/, const Scalar* /*y_dot*/,
           const Scalar* /*v_dot*/, const Scalar* /*y_bar*/, const Scalar* y_bar_dot,
           Outputs z_bar_dot, Scalar* v_bar_dot) override {
    vjp(at, y_bar_dot, z_bar_dot, v_bar_dot);
  }
  void second(const Point<Scalar>& /*at*/, Inputs /*z_dot*/, Inputs z_ddot, const Scalar* /*y_dot*/,
              const Scalar* /*v_dot*/, Scalar* y_ddot) override {
    add(z_ddot[0], nullptr, y_ddot);
  }

 private:
  // What is null is 0.
  void add(const Scalar* z, const Scalar* v, Scalar* y) const {
    for_each_feature(shape_, features_, [=](std::int64_t feature, std::int64_t place) {
      const Scalar input = z == nullptr ? Scalar{0} : z[place];
      y[place] = v == nullptr ? input : input + v[feature];
    });
  }
  void sum(const Scalar* y_bar, Scalar* v_bar) const {
    fill(v_bar, features_, Scalar{0});
    if (y_bar == nullptr) return;
    for_each_feature(shape_, features_, [=](std::int64_t feature, std::int64_t place) {
      v_bar[feature] += y_bar[place];
    });
  }

  BatchShape shape_;
  std::int64_t features_;
};

}  // namespace

template <class Scalar>
std::unique_ptr<Kernel<Scalar>> normalize_kernel(const BatchShape& shape, const Grouping& grouping,
                                                 Centring centring, double epsilon) {
  if (centring == Centring::yes) {
    return std::make_unique<GroupedKernel<Scalar, NormalizeMap<Scalar, Centring::yes>>>(
        shape, grouping, epsilon);
  }
  return std::make_unique<GroupedKernel<Scalar, NormalizeMap<Scalar, Centring::no>>>(
      shape, grouping, epsilon);
}

template <class Scalar>
std::unique_ptr<Kernel<Scalar>> scale_kernel(const BatchShape& shape, std::int64_t features,
                                             bool shift) {
  return std::make_unique<ScaleKernel<Scalar>>(shape, features, shift);
}

template <class Scalar>
std::unique_ptr<Kernel<Scalar>> shift_kernel(const BatchShape& shape, std::int64_t features) {
  return std::make_unique<ShiftKernel<Scalar>>(shape, features);
}

template <class Scalar>
std::unique_ptr<Kernel<Scalar>> fixed_normalize_kernel(const BatchShape& shape,
                                                       const FixedStatistics& statistics,
                                                       double epsilon) {
  return std::make_unique<FixedNormalizeKernel<Scalar>>(shape, statistics, epsilon);
}

template <class Scalar>
FixedStatistics kept_statistics(const std::byte* state, std::int64_t groups, double epsilon) {
  FixedStatistics statistics;
  const auto* const kept = reinterpret_cast<const Moments<Scalar>*>(state);
  for (std::int64_t group = 0; group < groups; ++group) {
    const auto scale = static_cast<double>(kept[group].scale);
    statistics.mean.push_back(static_cast<double>(kept[group].mean));
    statistics.variance.push_back(std::max(scale * scale - epsilon, 0.0));
  }
  return statistics;
}

template std::unique_ptr<Kernel<float>> normalize_kernel(const BatchShape&, const Grouping&,
                                                         Centring, double);
template std::unique_ptr<Kernel<double>> normalize_kernel(const BatchShape&, const Grouping&,
                                                          Centring, double);
template std::unique_ptr<Kernel<float>> fixed_normalize_kernel(const BatchShape&,
                                                               const FixedStatistics&, double);
template std::unique_ptr<Kernel<double>> fixed_normalize_kernel(const BatchShape&,
                                                                const FixedStatistics&, double);
template FixedStatistics kept_statistics<float>(const std::byte*, std::int64_t, double);
template FixedStatistics kept_statistics<double>(const std::byte*, std::int64_t, double);
template std::unique_ptr<Kernel<float>> scale_kernel(const BatchShape&, std::int64_t, bool);
template std::unique_ptr<Kernel<double>> scale_kernel(const BatchShape&, std::int64_t, bool);
template std::unique_ptr<Kernel<float>> shift_kernel(const BatchShape&, std::int64_t);
template std::unique_ptr<Kernel<double>> shift_kernel(const BatchShape&, std::int64_t);

}  // namespace smoothbound::kernels
