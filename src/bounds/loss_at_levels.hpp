// The loss on the values that a network can take, level by level: section 5 of docs/theory.md.
#pragma once

#include <vector>

#include "smoothbound/bounds/local.hpp"

namespace smoothbound {

/// Of a point, for the batch as a whole or one sample: ||grad f(psi(w*))||, D of Prop 4.2, and of
/// the logistic loss of one sample ||hess f(psi(w*))||.
struct GradientAtPoint {
  Magnitude norm = Magnitude::infinity();
  Magnitude distance;
  Magnitude curvature = Magnitude::infinity();
};
struct GradientsAtPoint {
  GradientAtPoint batch{};
  GradientAtPoint sample{};
};

/// Those that are known of the point, on the balls of that radius around it.
GradientsAtPoint gradients_at(const PointBounds& point, const Magnitude& radius, Method method);

/// At a level A that does not cut a term of the loss.
struct LossAtLevel {
  std::size_t level = euclidean;
  Magnitude slope;             // g_A / sqrt(N_A)
  LowerBound terms;            // N_A
  LowerBound root_terms;       // sqrt(N_A)
  Magnitude curvature;         // L_f
  Magnitude radial_curvature;  // of `LossConstants`
};

/// All levels that are open to the loss, by method sharp. `psi`: the network's values.
std::vector<LossAtLevel> loss_at_levels(const Graph& graph, const ResolvedSettings& settings,
                                        const rules::Value& psi, const Refinements& refine,
                                        const GradientsAtPoint& at_point);

}  // namespace smoothbound
