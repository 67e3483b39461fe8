#include "local_response.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "array.hpp"
#include "kernels.hpp"

namespace smoothbound::kernels {
namespace {

// y = z p, p = D^-beta, D = k + a S(z z), where S sums over the window of each channel. Kept are D
// and p. With ' for derivatives along a direction:
//   D' = 2 a S(z z'),  y' = z' p - beta y D'/D
//   transposed, with u = mu y / D:  p mu - 2 a beta z S^T(u)
template <class Scalar>
class LocalResponseKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  using Vector = std::vector<Scalar>;

  LocalResponseKernel(const BatchShape& shape, const LocalResponseNorm& norm)
      : shape_(shape),
        before_(norm.before()),
        behind_(norm.behind()),
        a_(static_cast<Scalar>(norm.factor())),
        beta_(static_cast<Scalar>(norm.beta.nearest)),
        k_(static_cast<Scalar>(norm.k.nearest)) {}

  Layout plan(std::span<Layout> inputs, Purpose purpose) override {
    keep_ = purpose == Purpose::derivatives;
    return shape_.layout = inputs[0];
  }
  [[nodiscard]] Needs value_needs() const override { return {.input = true}; }
  [[nodiscard]] Needs tangent_needs() const override { return {.input = true}; }
  [[nodiscard]] std::size_t state_bytes() const override {
    return keep_ ? 2 * static_cast<std::size_t>(shape_.elements()) * sizeof(Scalar) : 0;
  }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    Scalar* const d_of = divisors(at);
    Scalar* const p_of = keep_ ? d_of + shape_.elements() : nullptr;
    each([&](Buffers& b, const Place& place) {
      gather(at.z[0], place, b.z);
      for (std::size_t c = 0; c < b.z.size(); ++c) b.t[c] = b.z[c] * b.z[c];
      window_sums(b.t, before_, behind_, b.s);
      for (std::size_t c = 0; c < b.z.size(); ++c) {
        b.d[c] = k_ + a_ * b.s[c];
        b.p[c] = std::pow(b.d[c], -beta_);
        b.out[c] = b.z[c] * b.p[c];
      }
      if (keep_) {
        scatter(b.d, place, d_of);
        scatter(b.p, place, p_of);
      }
      scatter(b.out, place, y);
    });
  }

  void jvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*v_dot*/, Scalar* y_dot) override {
    each([&](Buffers& b, const Place& place) {
      load(at, z_dot[0], place, b);
      for (std::size_t c = 0; c < b.z.size(); ++c) {
        b.out[c] = b.p[c] * (b.z_dot[c] - beta_ * b.z[c] * b.growth[c]);
      }
      scatter(b.out, place, y_dot);
    });
  }

  void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar,
           Scalar* /*v_bar*/) override {
    if (z_bar[0] == nullptr) return;
    each([&](Buffers& b, const Place& place) {
      load(at, place, b);
      gather(y_bar, place, b.y_bar);
      for (std::size_t c = 0; c < b.z.size(); ++c) {
        b.t[c] = b.y_bar[c] * b.z[c] * b.p[c] / b.d[c];
      }
      window_sums(b.t, behind_, before_, b.s);
      for (std::size_t c = 0; c < b.z.size(); ++c) {
        b.out[c] = b.p[c] * b.y_bar[c] - 2 * a_ * beta_ * b.z[c] * b.s[c];
      }
      scatter(b.out, place, z_bar[0]);
    });
  }

  // With g = D'/D: u' = (mu' y + mu y')/D - u g.
  void hvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*y_dot*/, const Scalar* /*v_dot*/,
           const Scalar* y_bar, const Scalar* y_bar_dot, Outputs z_bar_dot,
           Scalar* /*v_bar_dot*/) override {
    if (z_bar_dot[0] == nullptr) return;
    each([&](Buffers& b, const Place& place) {
      load(at, z_dot[0], place, b);
      gather(y_bar, place, b.y_bar);
      gather(y_bar_dot, place, b.y_bar_dot);
      const std::size_t n = b.z.size();
      for (std::size_t c = 0; c < n; ++c) {
        b.out[c] = b.p[c] * (b.y_bar_dot[c] - beta_ * b.growth[c] * b.y_bar[c]);
        b.t[c] = b.y_bar[c] * b.z[c] * b.p[c] / b.d[c];
      }
      window_sums(b.t, behind_, before_, b.s);
      for (std::size_t c = 0; c < n; ++c) {
        b.out[c] -= 2 * a_ * beta_ * b.z_dot[c] * b.s[c];
        const Scalar y_dot = b.p[c] * (b.z_dot[c] - beta_ * b.z[c] * b.growth[c]);
        const Scalar y = b.z[c] * b.p[c];
        b.t[c] = (b.y_bar_dot[c] * y + b.y_bar[c] * y_dot) / b.d[c] - b.t[c] * b.growth[c];
      }
      window_sums(b.t, behind_, before_, b.s);
      for (std::size_t c = 0; c < n; ++c) b.out[c] -= 2 * a_ * beta_ * b.z[c] * b.s[c];
      scatter(b.out, place, z_bar_dot[0]);
    });
  }

  // y'' = p (z'' - 2 beta z' g + beta z ((beta + 1) g^2 - D''/D)), g = D'/D,
  // D'' = 2 a S(z' z' + z z'').
  void second(const Point<Scalar>& at, Inputs z_dot, Inputs z_ddot, const Scalar* /*y_dot*/,
              const Scalar* /*v_dot*/, Scalar* y_ddot) override {
    each([&](Buffers& b, const Place& place) {
      load(at, z_dot[0], place, b);
      gather(z_ddot[0], place, b.y_bar);
      const Vector& ddot = b.y_bar;
      for (std::size_t c = 0; c < b.z.size(); ++c) {
        b.t[c] = b.z_dot[c] * b.z_dot[c] + b.z[c] * ddot[c];
      }
      window_sums(b.t, before_, behind_, b.s);
      for (std::size_t c = 0; c < b.z.size(); ++c) {
        const Scalar g = b.growth[c];
        const Scalar of_p = (beta_ + 1) * g * g - 2 * a_ * b.s[c] / b.d[c];
        b.out[c] = b.p[c] * (ddot[c] + beta_ * (b.z[c] * of_p - 2 * b.z_dot[c] * g));
      }
      scatter(b.out, place, y_ddot);
    });
  }

  std::unique_ptr<TaylorRule> taylor_rule() override {
    if constexpr (std::is_same_v<Scalar, double>) {
      return local_response_rule({shape_.batch, shape_.sample.channels(), shape_.sample.positions(),
                                  before_, behind_, a_, beta_, k_});
    }
    return nullptr;
  }

 private:
  // Of the channels of a position.
  struct Buffers {
    explicit Buffers(std::size_t n)
        : z(n), d(n), p(n), z_dot(n), growth(n), y_bar(n), y_bar_dot(n), t(n), s(n), out(n) {}
    Vector z, d, p, z_dot, growth, y_bar, y_bar_dot, t, s, out;
  };

  static Scalar* divisors(const Point<Scalar>& at) { return reinterpret_cast<Scalar*>(at.state); }

  struct Place {
    std::int64_t sample, position;
  };

  // Calls body(buffers, place) in parallel.
  template <class Body>
  void each(const Body& body) const {
    const std::int64_t channels = shape_.sample.channels();
    const std::int64_t positions = shape_.sample.positions();
    const std::int64_t grain = 1 + (array_grain >> 4) / channels;
    parallel_for(shape_.batch * positions, grain, [&](std::int64_t begin, std::int64_t end) {
      // Kept from step to step: steady training allocates nothing.
      thread_local Buffers buffers(0);
      if (std::ssize(buffers.z) != channels) buffers = Buffers(static_cast<std::size_t>(channels));
      for (std::int64_t i = begin; i < end; ++i) {
        body(buffers, Place{i / positions, i % positions});
      }
    });
  }

  // to_c = the sum over c - before ... c + behind
  static void window_sums(const Vector& from, std::int64_t before, std::int64_t behind,
                          Vector& to) {
    const std::int64_t n = std::ssize(from);
    for (std::int64_t c = 0; c < n; ++c) {
      const std::int64_t first = std::max<std::int64_t>(c - before, 0);
      const std::int64_t last = behind < n - c ? c + behind : n - 1;
      Scalar sum = 0;
      for (std::int64_t j = first; j <= last; ++j) sum += from[static_cast<std::size_t>(j)];
      to[static_cast<std::size_t>(c)] = sum;
    }
  }

  // z, D and p.
  void load(const Point<Scalar>& at, const Place& place, Buffers& b) const {
    gather(at.z[0], place, b.z);
    gather(divisors(at), place, b.d);
    gather(divisors(at) + shape_.elements(), place, b.p);
  }
  // These, z' and D'/D.
  void load(const Point<Scalar>& at, const Scalar* z_dot, const Place& place, Buffers& b) const {
    load(at, place, b);
    gather(z_dot, place, b.z_dot);
    for (std::size_t c = 0; c < b.z.size(); ++c) b.t[c] = b.z[c] * b.z_dot[c];
    window_sums(b.t, before_, behind_, b.growth);
    for (std::size_t c = 0; c < b.z.size(); ++c) b.growth[c] *= 2 * a_ / b.d[c];
  }

  void gather(const Scalar* from, const Place& place, Vector& to) const {
    for (std::size_t c = 0; c < to.size(); ++c) {
      to[c] = from == nullptr ? Scalar{0} : from[offset(place, c)];
    }
  }
  void scatter(const Vector& from, const Place& place, Scalar* to) const {
    for (std::size_t c = 0; c < from.size(); ++c) to[offset(place, c)] = from[c];
  }
  [[nodiscard]] std::int64_t offset(const Place& place, std::size_t channel) const {
    return shape_.offset(place.sample, static_cast<std::int64_t>(channel), place.position);
  }

  BatchShape shape_;
  std::int64_t before_;
  std::int64_t behind_;
  Scalar a_;
  Scalar beta_;
  Scalar k_;
  bool keep_ = true;
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const LocalResponseNorm& norm, const Site& site) {
  return one_kernel<Scalar>(
      std::make_unique<LocalResponseKernel<Scalar>>(BatchShape{site.output, site.batch, {}}, norm));
}
template Kernels<float> kernels_of(const LocalResponseNorm& norm, const Site& site);
template Kernels<double> kernels_of(const LocalResponseNorm& norm, const Site& site);

}  // namespace smoothbound::kernels
