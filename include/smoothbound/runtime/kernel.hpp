// What the runtime asks of a component: its value and its first and second derivatives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "smoothbound/runtime/derivative_bounds.hpp"
#include "smoothbound/runtime/layout.hpp"
#include "smoothbound/runtime/taylor.hpp"

namespace smoothbound {

/// What a network is built for.
enum class Purpose : std::uint8_t { values, derivatives };

/// A component that has constants but cannot be executed.
class NotExecutable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace smoothbound

namespace smoothbound::kernels {

/// A parameter array of a component, "weight" say, row-major.
struct ParameterShape {
  std::string name;
  std::vector<std::int64_t> sizes;
  [[nodiscard]] std::int64_t elements() const {
    std::int64_t product = 1;
    for (const std::int64_t size : sizes) product *= size;
    return product;
  }
};

/// Which of its input and output a kernel's derivatives refer to.
struct Needs {
  bool input = false;
  bool output = false;
};

/// Where a kernel is differentiated: y = phi(v, z).
template <class Scalar>
struct Point {
  std::span<const Scalar* const> z;  // null where the kernel does not need its input
  const Scalar* y = nullptr;         // null unless the kernel needs its output
  const Scalar* v = nullptr;         // as `pack` left them
  std::byte* state = nullptr;        // what `forward` noted for the derivatives
  Scalar* scratch = nullptr;
};

/// A part of a network with value and derivatives on a stacked batch, its layouts fixed.
///
/// A tangent (z_dot, v_dot, y_bar_dot) that is null stands for zero, a result that is null is not
/// wanted. `jvp` is not called where all tangents are zero. Results are overwritten.
template <class Scalar>
class Kernel {
 public:
  using Inputs = std::span<const Scalar* const>;
  using Outputs = std::span<Scalar* const>;

  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  /// Fixes the layouts: those offered are replaced by those wanted, the output's is returned.
  /// Called once, before all else.
  virtual Layout plan(std::span<Layout> inputs, Purpose purpose) = 0;
  /// Its parameters, one behind the other in v.
  [[nodiscard]] virtual std::vector<ParameterShape> parameters() const { return {}; }
  [[nodiscard]] virtual Needs value_needs() const { return {}; }
  /// Of the tangents, for `hvp`.
  [[nodiscard]] virtual Needs tangent_needs() const { return {}; }
  /// Whether the output may lie where the input does, tangents and cotangents likewise.
  [[nodiscard]] virtual bool works_in_place() const { return false; }
  [[nodiscard]] virtual std::size_t state_bytes() const { return 0; }
  [[nodiscard]] virtual std::int64_t scratch_elements() const { return 0; }
  /// Size of v in the form in which it computes; 0: as it is.
  [[nodiscard]] virtual std::int64_t packed_elements() const { return 0; }
  virtual void pack(const Scalar* /*v*/, Scalar* /*packed*/) const {}
  /// Set for y = x above 0, this multiple of x else: other kernels may do that on the way.
  [[nodiscard]] virtual std::optional<Scalar> slope_below() const { return std::nullopt; }
  /// Whether `forward`, from now on, also does what `next` would do to its output in place,
  /// exactly. The derivatives do not change: those of `next` remain with it. Called after `plan`.
  virtual bool fuse(const Kernel& /*next*/) { return false; }

  /// y = phi(v, z). `at.y` is not set.
  virtual void forward(const Point<Scalar>& at, Scalar* y) = 0;
  /// y_dot = D phi [z_dot, v_dot].
  virtual void jvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* v_dot, Scalar* y_dot) = 0;
  /// z_bar = (d phi/dz)^T y_bar, v_bar = (d phi/dv)^T y_bar.
  virtual void vjp(const Point<Scalar>& at, const Scalar* y_bar, Outputs z_bar, Scalar* v_bar) = 0;
  /// The derivative of `vjp` along (z_dot, v_dot, y_bar_dot); y_dot is what `jvp` gives.
  virtual void hvp(const Point<Scalar>& at, Inputs z_dot, const Scalar* y_dot, const Scalar* v_dot,
                   const Scalar* y_bar, const Scalar* y_bar_dot, Outputs z_bar_dot,
                   Scalar* v_bar_dot) = 0;
  /// y_ddot = D^2 phi [(z_dot, v_dot), (z_dot, v_dot)] + d phi/dz [z_ddot].
  virtual void second(const Point<Scalar>& at, Inputs z_dot, Inputs z_ddot, const Scalar* y_dot,
                      const Scalar* v_dot, Scalar* y_ddot) = 0;

  /// What encloses its output along a line of parameters; it may refer to the kernel. Null: nothing
  /// does, in this scalar type or at all.
  virtual std::unique_ptr<TaylorRule> taylor_rule() { return nullptr; }
  /// What is known of its derivatives near a point. Nothing: they are not known to be continuous,
  /// or nobody has looked, in this scalar type or at all.
  virtual std::optional<DerivativeBounds> derivative_bounds(const Vicinity& /*at*/) { return {}; }
};

template <class Scalar>
using Kernels = std::vector<std::unique_ptr<Kernel<Scalar>>>;

template <class Scalar>
Kernels<Scalar> one_kernel(std::unique_ptr<Kernel<Scalar>> kernel) {
  Kernels<Scalar> list;
  list.push_back(std::move(kernel));
  return list;
}

}  // namespace smoothbound::kernels
