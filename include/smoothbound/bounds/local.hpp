// Bounds around a point w*, on C' = {w : ||v_b - v_b*|| <= R' for every parameter block b}: Cor 4.5
// of the paper and its sharp form.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "smoothbound/bounds/objective.hpp"

namespace smoothbound {

/// What is known of the network's values at the point, for some input. All of it is optional.
struct ValuesAtPoint {
  std::vector<Magnitude> layer_norms;      // ||z_l(w*)|| of each layer of the graph; or empty
  std::optional<Magnitude> loss_gradient;  // ||grad f(psi(w*))||
  /// ||hess f(psi(w*))|| of the logistic loss of one sample, which grows by a factor of
  /// exp(sqrt(2) d) at most within a distance d.
  std::optional<Magnitude> loss_curvature;
};

/// What is known of a parameter block v* at the point, each an upper bound. None depends on the
/// number of samples in a batch.
struct BlockAtPoint {
  Magnitude norm;                                  // ||v*||
  Magnitude linear_input = Magnitude::infinity();  // operator norm of z -> beta(v*, z)
  /// b with ||beta^v(v*)|| <= l_{beta^v} b, at every level: the norm of the part of v* that beta^v
  /// reads.
  Magnitude bias = Magnitude::infinity();
};

struct PointBounds {
  /// One for each of `Graph::blocks`.
  std::vector<BlockAtPoint> blocks;
  /// Of the stacked batch: z_l of all samples, f the loss of all predictions.
  ValuesAtPoint batch;
  /// The largest of one sample: z_l of that sample, f_i its own term of the loss (a mean of n such
  /// terms has grad f_i / n for its blocks). For the level of samples.
  ValuesAtPoint sample;
};

/// m_l, l_l and L_l of every layer as functions of the parameters on C'.
///
/// Paper: Cor 4.5, which is Prop 4.4 with R' for R, l_{beta^z} + L_beta ||v*|| for l_{beta^z} and
/// ||beta^0|| + l_{beta^v} ||v*|| for ||beta^0||. Sharp: the operator norm of z -> beta(v*, z) for
/// L_beta ||v*||, the bias's own norm for ||v*||, and m_l = min{the recursion's,
/// ||z_l(w*)|| + l_l sqrt(blocks) R'}; see section 6 of docs/theory.md.
///
/// `inputs.default_radius` and the radii of the graph are not used. `parameter_norm` of the table
/// is sup ||w|| on C'. Throws std::invalid_argument if the point has not one block for each of the
/// graph, or layer norms for some layers only.
BoundTable evaluate_bounds_around(const Graph& graph, const Inputs& inputs,
                                  const PointBounds& point, const Magnitude& radius, Method method);

/// How the bounds of a layer of such a table came about. Throws as above.
rules::Trace trace_layer_around(const Graph& graph, const Inputs& inputs, const PointBounds& point,
                                const Magnitude& radius, const BoundTable& table,
                                std::uint32_t layer);

/// Bounds of F on C', given the table of `evaluate_bounds_around` for the same point and radius and
/// `inputs_of(settings)`. As `bound_objective`, and with a known ||grad f(psi(w*))|| the second
/// term of the minimum in Prop 4.2: lf = min{l_f, ||grad f(psi(w*))|| + L_f l_psi D}, where D is
/// the diameter of C' (paper) or the largest distance from w*, its half (sharp). Throws as above.
ObjectiveBounds bound_objective_around(const Graph& graph, const ResolvedSettings& settings,
                                       const PointBounds& point, const Magnitude& radius,
                                       const BoundTable& table);

/// The mean of such bounds for each sample alone, F being a mean over samples that do not see each
/// other: `samples` are the values for one each, `norms` those of their inputs. Sharp. Throws
/// std::invalid_argument for other numbers of samples, and if F is no such mean.
ObjectiveBounds bound_objective_by_sample(const Graph& graph, const ResolvedSettings& settings,
                                          const PointBounds& point, const Magnitude& radius,
                                          std::span<const ValuesAtPoint> samples,
                                          std::span<const Magnitude> norms);

}  // namespace smoothbound
