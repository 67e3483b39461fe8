#include "smoothbound/layers/embedding.hpp"

#include <algorithm>

#include "array.hpp"
#include "kernels.hpp"
#include "table_taylor.hpp"

namespace smoothbound::kernels {
namespace {

// y[n, :, t] = row z[n, t] of v. Nothing depends on z but the choice of rows.
template <class Scalar>
class EmbeddingKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  EmbeddingKernel(std::int64_t batch, std::int64_t tokens, std::int64_t entries,
                  std::int64_t features)
      : batch_(batch), tokens_(tokens), entries_(entries), features_(features) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    return inputs[0] = plain_layout;
  }
  [[nodiscard]] std::vector<ParameterShape> parameters() const override {
    return {{"weight", {entries_, features_}}};
  }
  [[nodiscard]] Needs value_needs() const override { return {.input = true}; }

  void forward(const Point<Scalar>& at, Scalar* y) override { look_up(at.z[0], at.v, y); }
  void jvp(const Point<Scalar>& at, Inputs /*z_dot*/, const Scalar* v_dot, Scalar* y_dot) override {
    look_up(at.z[0], v_dot, y_dot);
  }
  void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar, Scalar* v_bar) override {
    pull(at.z[0], y_bar, z_bar, v_bar);
  }
  void hvp(const Point<Scalar>& at, Inputs /*z_dot*/, const Scalar* /*y_dot*/,
           const Scalar* /*v_dot*/, const Scalar* /*y_bar*/, const Scalar* y_bar_dot,
           Outputs z_bar_dot, Scalar* v_bar_dot) override {
    pull(at.z[0], y_bar_dot, z_bar_dot, v_bar_dot);
  }
  void second(const Point<Scalar>& at, Inputs /*z_dot*/, Inputs /*z_ddot*/, const Scalar* /*y_dot*/,
              const Scalar* /*v_dot*/, Scalar* y_ddot) override {
    look_up(at.z[0], nullptr, y_ddot);
  }

  std::unique_ptr<TaylorRule> taylor_rule() override {
    if constexpr (std::is_same_v<Scalar, double>) {
      return table_rule(batch_, features_ * tokens_,
                        [this](const double* z, const double* v, double* y) { look_up(z, v, y); });
    }
    return nullptr;
  }

 private:
  // Where the row of the nearest id begins: near an id nothing changes, and the derivative in z is
  // 0. Data are checked before they come here; what else is no id reads no other memory, either.
  [[nodiscard]] std::int64_t row(Scalar id) const {
    const auto last = static_cast<double>(entries_ - 1);
    const double known = id > Scalar{0} ? std::min(static_cast<double>(id), last) : 0;  // NaN: 0
    constexpr double half = 0.5;
    return static_cast<std::int64_t>(known + half) * features_;
  }

  void look_up(const Scalar* z, const Scalar* v, Scalar* y) const {
    if (v == nullptr) return fill(y, batch_ * features_ * tokens_, Scalar{0});
    const std::int64_t grain = std::max<std::int64_t>(array_grain / tokens_, 1);
    parallel_for(batch_ * features_, grain, [=, this](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const Scalar* const ids = z + i / features_ * tokens_;
        const Scalar* const column = v + i % features_;
        for (std::int64_t t = 0; t < tokens_; ++t) y[i * tokens_ + t] = column[row(ids[t])];
      }
    });
  }

  // Each thread has features of its own, so that sums do not depend on the number of threads.
  void pull(const Scalar* z, const Scalar* y_bar, Outputs z_bar, Scalar* v_bar) const {
    if (z_bar[0] != nullptr) fill(z_bar[0], batch_ * tokens_, Scalar{0});
    if (v_bar == nullptr) return;
    fill(v_bar, entries_ * features_, Scalar{0});
    if (y_bar == nullptr) return;
    const std::int64_t grain = std::max<std::int64_t>(array_grain / (batch_ * tokens_), 1);
    parallel_for(features_, grain, [=, this](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = 0; n < batch_; ++n) {
        const Scalar* const ids = z + n * tokens_;
        for (std::int64_t f = begin; f < end; ++f) {
          const Scalar* const from = y_bar + (n * features_ + f) * tokens_;
          for (std::int64_t t = 0; t < tokens_; ++t) v_bar[row(ids[t]) + f] += from[t];
        }
      }
    });
  }

  std::int64_t batch_;
  std::int64_t tokens_;
  std::int64_t entries_;
  std::int64_t features_;
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const Embedding& embedding, const Site& site) {
  return one_kernel<Scalar>(std::make_unique<EmbeddingKernel<Scalar>>(
      site.batch, site.input().channels(), embedding.entries, embedding.features));
}
template Kernels<float> kernels_of(const Embedding& embedding, const Site& site);
template Kernels<double> kernels_of(const Embedding& embedding, const Site& site);

}  // namespace smoothbound::kernels
