// Kernels of affine parts b(v, z) = beta(v, z) + beta^v(v), (6) of the paper.
#pragma once

#include <type_traits>
#include <utility>

#include "affine_taylor.hpp"
#include "array.hpp"
#include "near_point.hpp"
#include "smoothbound/runtime/kernel.hpp"

namespace smoothbound::kernels {

/// All derivatives of a bilinear map follow from three products.
template <class Scalar>
class BilinearKernel : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;
  using Both = std::array<ProductOf<Scalar>, 2>;

  [[nodiscard]] Needs value_needs() const override { return {.input = true}; }
  [[nodiscard]] Needs tangent_needs() const override { return {.input = true}; }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    apply(at.z[0], at.v, true, false, y, at.scratch);
  }

  void jvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* v_dot, Scalar* y_dot) final {
    if (z_dot[0] != nullptr) apply(z_dot[0], at.v, false, false, y_dot, at.scratch);
    if (v_dot != nullptr) apply(at.z[0], v_dot, true, z_dot[0] != nullptr, y_dot, at.scratch);
  }

  void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar, Scalar* v_bar) final {
    if (z_bar[0] != nullptr) apply_transposed(y_bar, at.v, false, z_bar[0], at.scratch);
    if (v_bar != nullptr) outer(at.z[0], y_bar, true, false, v_bar, at.scratch);
  }

  void hvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*y_dot*/, const Scalar* v_dot,
           const Scalar* y_bar, const Scalar* y_bar_dot, Outputs z_bar_dot,
           Scalar* v_bar_dot) final {
    if (z_bar_dot[0] != nullptr) {
      if (v_dot != nullptr) apply_transposed(y_bar, v_dot, false, z_bar_dot[0], at.scratch);
      if (y_bar_dot != nullptr) {
        apply_transposed(y_bar_dot, at.v, v_dot != nullptr, z_bar_dot[0], at.scratch);
      }
      if (v_dot == nullptr && y_bar_dot == nullptr) {
        fill(z_bar_dot[0], input_elements(), Scalar{0});
      }
    }
    if (v_bar_dot != nullptr) {
      if (y_bar_dot != nullptr) outer(at.z[0], y_bar_dot, true, false, v_bar_dot, at.scratch);
      if (z_dot[0] != nullptr) {
        outer(z_dot[0], y_bar, false, y_bar_dot != nullptr, v_bar_dot, at.scratch);
      }
      if (z_dot[0] == nullptr && y_bar_dot == nullptr) {
        fill(v_bar_dot, parameter_elements(), Scalar{0});
      }
    }
  }

  void second(const Point<Scalar>& at, Inputs z_dot, Inputs z_ddot, const Scalar* /*y_dot*/,
              const Scalar* v_dot, Scalar* y_ddot) final {
    const bool mixed = z_dot[0] != nullptr && v_dot != nullptr;
    if (mixed) {
      apply(z_dot[0], v_dot, false, false, y_ddot, at.scratch);
      add_scaled(Scalar{1}, y_ddot, output_elements(), y_ddot);
    }
    if (z_ddot[0] != nullptr) {
      apply(z_ddot[0], at.v, false, mixed, y_ddot, at.scratch);
    } else if (!mixed) {
      fill(y_ddot, output_elements(), Scalar{0});
    }
  }

  std::unique_ptr<TaylorRule> taylor_rule() final {
    if constexpr (std::is_same_v<Scalar, double>) {
      std::unique_ptr<AffineBounds> bounds = affine_bounds();
      if (bounds == nullptr) return nullptr;
      return affine_rule(
          std::move(bounds),
          [this](const double* z, const double* v, bool with_bias, bool accumulate, double* y,
                 double* scratch) { apply(z, v, with_bias, accumulate, y, scratch); },
          [this](const double* z, const Both& both, bool with_bias, double* scratch) {
            apply_both(z, both, with_bias, scratch);
          });
    } else {
      return nullptr;
    }
  }
  std::optional<DerivativeBounds> derivative_bounds(const Vicinity& at) final {
    if constexpr (std::is_same_v<Scalar, double>) {
      if (const std::unique_ptr<AffineBounds> bounds = affine_bounds()) {
        return near_point(*bounds, at);
      }
    }
    return std::nullopt;
  }

 protected:
  /// What its rule asks of weights; null: it has none.
  [[nodiscard]] virtual std::unique_ptr<AffineBounds> affine_bounds() const { return nullptr; }
  /// y (+)= beta(v, z), and + beta^v(v) if `with_bias`.
  virtual void apply(const Scalar* z, const Scalar* v, bool with_bias, bool accumulate, Scalar* y,
                     Scalar* scratch) = 0;
  /// Both of them, for kernels that have something to share.
  virtual void apply_both(const Scalar* z, const Both& both, bool with_bias, Scalar* scratch) {
    for (const auto& [v, accumulate, y] : both) apply(z, v, with_bias, accumulate, y, scratch);
  }
  /// z_bar (+)= beta(v, .)^T y_bar.
  virtual void apply_transposed(const Scalar* y_bar, const Scalar* v, bool accumulate,
                                Scalar* z_bar, Scalar* scratch) = 0;
  /// v_bar (+)= beta(., z)^T y_bar + (beta^v)^T y_bar if `with_bias`; without, the bias's entries
  /// are set to 0, or left as they are when accumulating. v_bar is not packed.
  virtual void outer(const Scalar* z, const Scalar* y_bar, bool with_bias, bool accumulate,
                     Scalar* v_bar, Scalar* scratch) = 0;
  [[nodiscard]] virtual std::int64_t input_elements() const = 0;
  [[nodiscard]] virtual std::int64_t output_elements() const = 0;
  [[nodiscard]] virtual std::int64_t parameter_elements() const = 0;
};

}  // namespace smoothbound::kernels
