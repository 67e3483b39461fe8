// The automatic-differentiation oracles of psi: w -> output of a network on a fixed batch.
#pragma once

#include <functional>
#include <span>

#include "smoothbound/runtime/trajectory.hpp"

namespace smoothbound {

/// psi(w), Algo 1: executes the network on `x`, a stacked batch in plain layout, and keeps what
/// derivatives need. Throws std::invalid_argument if a size is wrong, as all below do.
template <class Scalar>
void forward(std::span<const Scalar> x, Trajectory<Scalar>& trajectory);
template <class Scalar>
Trajectory<Scalar> forward(const Network<Scalar>& network, std::span<const Scalar> x);

/// grad_w = grad psi(w) mu, Algo 2: one backward pass, where mu has the size of the output.
/// `grad_x`, likewise by x, may be empty.
template <class Scalar>
void vjp(Trajectory<Scalar>& trajectory, std::span<const Scalar> mu, std::span<Scalar> grad_w,
         std::span<Scalar> grad_x = {});

/// y_dot = grad psi(w)^T w_dot (+ the same by x): the linearized chain (32). An empty tangent is
/// zero.
template <class Scalar>
void jvp(Trajectory<Scalar>& trajectory, std::span<const Scalar> w_dot,
         std::span<const Scalar> x_dot, std::span<Scalar> y_dot);

/// mu_dot out of y_dot, for `hvp`.
template <class Scalar>
using CotangentTangent =
    std::function<void(std::span<const Scalar> y_dot, std::span<Scalar> mu_dot)>;

/// h = hess psi(w)[w_dot, ., mu], forward over reverse. With `mu_dot`, which gives the derivative
/// of mu along w_dot, the derivative of the whole vjp: for mu = grad f(psi(w)) the product of the
/// Hessian of f o psi.
template <class Scalar>
void hvp(Trajectory<Scalar>& trajectory, std::span<const Scalar> mu, std::span<const Scalar> w_dot,
         std::span<Scalar> h, const CotangentTangent<Scalar>& mu_dot = {});

/// The same for psi as a function of the parameters and the input, along (w_dot, x_dot): h and h_x
/// are the parts of the product by w and by x. An empty tangent is zero.
template <class Scalar>
void joint_hvp(Trajectory<Scalar>& trajectory, std::span<const Scalar> mu,
               std::span<const Scalar> w_dot, std::span<const Scalar> x_dot, std::span<Scalar> h,
               std::span<Scalar> h_x);

/// hess psi(w)[w_dot, w_dot, .]: the second derivative of psi along a line.
template <class Scalar>
void second_directional(Trajectory<Scalar>& trajectory, std::span<const Scalar> w_dot,
                        std::span<Scalar> y_ddot);

}  // namespace smoothbound
