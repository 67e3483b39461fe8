// Kernels of linear parts without parameters: poolings, sums, changes of layout.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "array.hpp"
#include "linear_taylor.hpp"
#include "near_point.hpp"
#include "smoothbound/runtime/kernel.hpp"

namespace smoothbound::kernels {

/// All derivatives of a linear map follow from it and its transpose. What is linear only near a
/// point (max pooling) notes in `forward` where it stands.
template <class Scalar>
class LinearKernel : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  void forward(const Point<Scalar>& at, Scalar* y) override { apply(at, at.z, y); }

  void jvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*v_dot*/, Scalar* y_dot) final {
    apply(at, z_dot, y_dot);
  }

  void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar, Scalar* /*v_bar*/) final {
    apply_transposed(at, y_bar, z_bar);
  }

  void hvp(const Point<Scalar>& at, Inputs /*z_dot*/, const Scalar* /*y_dot*/,
           const Scalar* /*v_dot*/, const Scalar* /*y_bar*/, const Scalar* y_bar_dot,
           Outputs z_bar_dot, Scalar* /*v_bar_dot*/) final {
    apply_transposed(at, y_bar_dot, z_bar_dot);
  }

  void second(const Point<Scalar>& at, Inputs /*z_dot*/, Inputs z_ddot, const Scalar* /*y_dot*/,
              const Scalar* /*v_dot*/, Scalar* y_ddot) final {
    apply(at, z_ddot, y_ddot);
  }

  std::unique_ptr<TaylorRule> taylor_rule() override {
    if constexpr (std::is_same_v<Scalar, double>) {
      if (std::optional<LinearSite> site = linear_site()) {
        return linear_rule(*this, std::move(*site));
      }
    }
    return nullptr;
  }
  std::optional<DerivativeBounds> derivative_bounds(const Vicinity& at) override {
    if constexpr (std::is_same_v<Scalar, double>) {
      if (const std::optional<LinearSite> site = linear_site()) return near_point(*this, *site, at);
    }
    return std::nullopt;
  }

 protected:
  /// What its rule has to know; nothing: it has none.
  [[nodiscard]] virtual std::optional<LinearSite> linear_site() const { return std::nullopt; }
  /// y = A z; an input that is null is zero.
  virtual void apply(const Point<Scalar>& at, Inputs z, Scalar* y) = 0;
  /// z_bar = A^T y_bar, for the inputs that are wanted; y_bar null is zero.
  virtual void apply_transposed(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar) = 0;
};

}  // namespace smoothbound::kernels
