#include "matmul.hpp"

#include <algorithm>

#include "array.hpp"
#include "kernels.hpp"

namespace smoothbound::kernels {
namespace {

// y = scale op(A) op(B), matrix by matrix. Bilinear in its two inputs.
template <class Scalar>
class MatMulKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  MatMulKernel(const MatMul& matmul, const Site& site)
      : product_{matmul.sizes_of(site.inputs), site.batch, matmul.scale.nearest,
                 matmul.transposes_first(), matmul.transposes_second()},
        scale_(static_cast<Scalar>(matmul.scale.nearest)) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    std::ranges::fill(inputs, plain_layout);
    return plain_layout;
  }
  [[nodiscard]] Needs value_needs() const override { return {.input = true}; }
  [[nodiscard]] Needs tangent_needs() const override { return {.input = true}; }
  [[nodiscard]] std::int64_t scratch_elements() const override { return outputs(); }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    product_.multiply(at.z[0], at.z[1], false, y);
    scale_by(y, y);
  }
  void jvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*v_dot*/, Scalar* y_dot) override {
    push(at, z_dot, false, y_dot);
    scale_by(y_dot, y_dot);
  }
  void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar,
           Scalar* /*v_bar*/) override {
    for (const std::size_t k : {0U, 1U}) {
      if (z_bar[k] == nullptr) continue;
      scale_by(y_bar, at.scratch);
      pull(k, at.scratch, at.z[1 - k], false, z_bar[k]);
    }
  }
  void hvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* /*y_dot*/, const Scalar* /*v_dot*/,
           const Scalar* y_bar, const Scalar* y_bar_dot, Outputs z_bar_dot,
           Scalar* /*v_bar_dot*/) override {
    for (const std::size_t k : {0U, 1U}) {
      if (z_bar_dot[k] == nullptr) continue;
      const std::int64_t count = k == 0 ? product_.first() : product_.second();
      bool begun = false;
      if (z_dot[1 - k] != nullptr) {
        scale_by(y_bar, at.scratch);
        pull(k, at.scratch, z_dot[1 - k], false, z_bar_dot[k]);
        begun = true;
      }
      if (y_bar_dot != nullptr) {
        scale_by(y_bar_dot, at.scratch);
        pull(k, at.scratch, at.z[1 - k], begun, z_bar_dot[k]);
        begun = true;
      }
      if (!begun) fill(z_bar_dot[k], count, Scalar{0});
    }
  }
  void second(const Point<Scalar>& at, Inputs z_dot, Inputs z_ddot, const Scalar* /*y_dot*/,
              const Scalar* /*v_dot*/, Scalar* y_ddot) override {
    bool begun = false;
    if (z_dot[0] != nullptr && z_dot[1] != nullptr) {
      product_.multiply(z_dot[0], z_dot[1], false, y_ddot);
      add_scaled(Scalar{1}, y_ddot, outputs(), y_ddot);
      begun = true;
    }
    begun = push(at, z_ddot, begun, y_ddot) || begun;
    if (!begun) fill(y_ddot, outputs(), Scalar{0});
    scale_by(y_ddot, y_ddot);
  }

  std::unique_ptr<TaylorRule> taylor_rule() override {
    if constexpr (std::is_same_v<Scalar, double>) return matmul_rule(product_);
    return nullptr;
  }

 private:
  [[nodiscard]] std::int64_t outputs() const { return product_.outputs(); }

  void scale_by(const Scalar* in, Scalar* out) const {
    parallel_for(outputs(), array_grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) out[i] = scale_ * in[i];
    });
  }

  // op(A_dot) op(B) + op(A) op(B_dot), for what is not zero. Returns whether anything is.
  bool push(const Point<Scalar>& at, Inputs dot, bool accumulate, Scalar* y) const {
    if (dot[0] != nullptr) product_.multiply(dot[0], at.z[1], accumulate, y);
    if (dot[1] != nullptr) product_.multiply(at.z[0], dot[1], accumulate || dot[0] != nullptr, y);
    return dot[0] != nullptr || dot[1] != nullptr;
  }
  // The cotangent of A is Y op(B)^T, that of B is op(A)^T Y; turned where they are.
  void pull(std::size_t k, const Scalar* y, const Scalar* other, bool accumulate,
            Scalar* out) const {
    const auto [stack, rows, inner, columns] = product_.sizes;
    const bool turns_first = product_.turns_first;
    const bool turns_second = product_.turns_second;
    const auto turned = MatrixProduct::turned;
    for (std::int64_t i = 0; i < product_.matrices(); ++i) {
      const Scalar* const Y = y + i * rows * columns;
      const Scalar* const O = other + i * (k == 0 ? inner * columns : rows * inner);
      Scalar* const to = out + i * (k == 0 ? rows * inner : inner * columns);
      if (k == 0 && !turns_first) {
        linalg::gemm(turned(false), turned(!turns_second), rows, inner, columns, Y, O, accumulate,
                     to);
      } else if (k == 0) {
        linalg::gemm(turned(turns_second), turned(true), inner, rows, columns, O, Y, accumulate,
                     to);
      } else if (!turns_second) {
        linalg::gemm(turned(!turns_first), turned(false), inner, columns, rows, O, Y, accumulate,
                     to);
      } else {
        linalg::gemm(turned(true), turned(turns_first), columns, inner, rows, Y, O, accumulate, to);
      }
    }
  }

  MatrixProduct product_;
  Scalar scale_;
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const MatMul& matmul, const Site& site) {
  return one_kernel<Scalar>(std::make_unique<MatMulKernel<Scalar>>(matmul, site));
}
template Kernels<float> kernels_of(const MatMul& matmul, const Site& site);
template Kernels<double> kernels_of(const MatMul& matmul, const Site& site);

}  // namespace smoothbound::kernels
