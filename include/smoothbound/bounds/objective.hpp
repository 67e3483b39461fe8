// The objective F = f o psi + r: Prop 4.2 and Theorem 4.1.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "smoothbound/bounds/evaluate.hpp"
#include "smoothbound/spec/settings.hpp"

namespace smoothbound {

/// By which way a bound on the objective was found.
enum class Route : std::uint8_t {
  stacked,  // the norms of the whole batch, by Cauchy-Schwarz
  sample,   // the largest of a sample, or of a part of one
  hessian,  // all columns of the Hessian at the weights
};

constexpr std::string_view name_of(Route route) {
  constexpr std::array<std::string_view, 3> names{"stacked", "per-sample", "hessian"};
  return names[static_cast<std::size_t>(route)];
}

struct ObjectiveBounds {
  Magnitude lipschitz;
  Magnitude smoothness;
  Route route = Route::stacked;  // whose norms alone give the smallest smoothness
  std::string infinite_reason;   // if one of the two is inf
};

/// Bounds of F on the product of balls (Prop 4.2): L_F = L_psi l_f + l_psi^2 L_f + lambda and
/// l_F = l_psi l_f + lambda sup ||w||. "Sharp" takes the mean of the terms of a loss at the level
/// at which it is smallest: section 5 of docs/theory.md.
///
/// Of the minimum in Prop 4.2, the first term l_f on psi(C) is used: the second one, ||grad f(z)||
/// + L_f l_psi D, needs a value of the gradient that depends on data.
ObjectiveBounds bound_objective(const Graph& graph, const ResolvedSettings& settings,
                                const BoundTable& table, const Refinements& refine = {});

/// The bounds' inputs that the settings say.
Inputs inputs_of(const ResolvedSettings& settings);

/// A step size and how many steps Theorem 4.1 asks for.
struct Estimate {
  LowerBound step_size;
  Magnitude order;       // L_F gap / accuracy^2, the paper's O(.) with constant 1
  Magnitude iterations;  // with the constant, rounded up to an integer
};

/// Projected gradient descent, step 1/L_F: 2 L_F gap / accuracy^2 iterations reach a gradient
/// mapping of norm `accuracy`.
Estimate gradient_descent(const ObjectiveBounds& objective, const ResolvedSettings& settings);
/// Its stochastic form, step 1/(2 L_F): after 4 L_F gap / accuracy^2 iterations
/// E||g||^2 <= accuracy^2 + 2 variance.
Estimate stochastic_gradient_descent(const ObjectiveBounds& objective,
                                     const ResolvedSettings& settings);

}  // namespace smoothbound
