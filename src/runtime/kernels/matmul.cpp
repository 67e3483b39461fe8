#include "smoothbound/layers/matmul.hpp"

#include <algorithm>

#include "array.hpp"
#include "kernels.hpp"
#include "smoothbound/runtime/linear_algebra.hpp"

namespace smoothbound::kernels {
namespace {

// y = scale op(A) op(B), matrix by matrix. Bilinear in its two inputs.
template <class Scalar>
class MatMulKernel final : public Kernel<Scalar> {
 public:
  using typename Kernel<Scalar>::Inputs;
  using typename Kernel<Scalar>::Outputs;

  MatMulKernel(const MatMul& matmul, const Site& site)
      : sizes_(matmul.sizes_of(site.inputs)),
        matrices_(site.batch * sizes_.stack),
        scale_(static_cast<Scalar>(matmul.scale.nearest)),
        turns_first_(matmul.transposes_first()),
        turns_second_(matmul.transposes_second()) {}

  Layout plan(std::span<Layout> inputs, Purpose /*purpose*/) override {
    std::ranges::fill(inputs, plain_layout);
    return plain_layout;
  }
  [[nodiscard]] Needs value_needs() const override { return {.input = true}; }
  [[nodiscard]] Needs tangent_needs() const override { return {.input = true}; }
  [[nodiscard]] std::int64_t scratch_elements() const override { return outputs(); }

  void forward(const Point<Scalar>& at, Scalar* y) override {
    multiply(at.z[0], at.z[1], false, y);
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
      const std::int64_t count = k == 0 ? first() : second_elements();
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
      multiply(z_dot[0], z_dot[1], false, y_ddot);
      add_scaled(Scalar{1}, y_ddot, outputs(), y_ddot);
      begun = true;
    }
    begun = push(at, z_ddot, begun, y_ddot) || begun;
    if (!begun) fill(y_ddot, outputs(), Scalar{0});
    scale_by(y_ddot, y_ddot);
  }

 private:
  [[nodiscard]] std::int64_t first() const { return matrices_ * sizes_.rows * sizes_.inner; }
  [[nodiscard]] std::int64_t second_elements() const {
    return matrices_ * sizes_.inner * sizes_.columns;
  }
  [[nodiscard]] std::int64_t outputs() const { return matrices_ * sizes_.rows * sizes_.columns; }
  static linalg::Transpose turned(bool is_turned) {
    return is_turned ? linalg::Transpose::yes : linalg::Transpose::no;
  }

  void scale_by(const Scalar* in, Scalar* out) const {
    parallel_for(outputs(), array_grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) out[i] = scale_ * in[i];
    });
  }

  // y = op(A) op(B), or y += that.
  void multiply(const Scalar* a, const Scalar* b, bool accumulate, Scalar* y) const {
    const auto [stack, rows, inner, columns] = sizes_;
    for (std::int64_t i = 0; i < matrices_; ++i) {
      linalg::gemm(turned(turns_first_), turned(turns_second_), rows, columns, inner,
                   a + i * rows * inner, b + i * inner * columns, accumulate,
                   y + i * rows * columns);
    }
  }
  // op(A_dot) op(B) + op(A) op(B_dot), for what is not zero. Returns whether anything is.
  bool push(const Point<Scalar>& at, Inputs dot, bool accumulate, Scalar* y) const {
    if (dot[0] != nullptr) multiply(dot[0], at.z[1], accumulate, y);
    if (dot[1] != nullptr) multiply(at.z[0], dot[1], accumulate || dot[0] != nullptr, y);
    return dot[0] != nullptr || dot[1] != nullptr;
  }
  // The cotangent of A is Y op(B)^T, that of B is op(A)^T Y; turned where they are.
  void pull(std::size_t k, const Scalar* y, const Scalar* other, bool accumulate,
            Scalar* out) const {
    const auto [stack, rows, inner, columns] = sizes_;
    for (std::int64_t i = 0; i < matrices_; ++i) {
      const Scalar* const Y = y + i * rows * columns;
      const Scalar* const O = other + i * (k == 0 ? inner * columns : rows * inner);
      Scalar* const to = out + i * (k == 0 ? rows * inner : inner * columns);
      if (k == 0 && !turns_first_) {
        linalg::gemm(turned(false), turned(!turns_second_), rows, inner, columns, Y, O, accumulate,
                     to);
      } else if (k == 0) {
        linalg::gemm(turned(turns_second_), turned(true), inner, rows, columns, O, Y, accumulate,
                     to);
      } else if (!turns_second_) {
        linalg::gemm(turned(!turns_first_), turned(false), inner, columns, rows, O, Y, accumulate,
                     to);
      } else {
        linalg::gemm(turned(true), turned(turns_first_), columns, inner, rows, Y, O, accumulate,
                     to);
      }
    }
  }

  MatMul::Sizes sizes_;
  std::int64_t matrices_;
  Scalar scale_;
  bool turns_first_;
  bool turns_second_;
};

}  // namespace

template <class Scalar>
Kernels<Scalar> kernels_of(const MatMul& matmul, const Site& site) {
  return one_kernel<Scalar>(std::make_unique<MatMulKernel<Scalar>>(matmul, site));
}
template Kernels<float> kernels_of(const MatMul& matmul, const Site& site);
template Kernels<double> kernels_of(const MatMul& matmul, const Site& site);

}  // namespace smoothbound::kernels
