#include "smoothbound/bounds/objective.hpp"

#include <algorithm>

#include "loss_at_levels.hpp"
#include "smoothbound/rules/unsaturated.hpp"

namespace smoothbound {
namespace {

LossSite site_of_loss(const Graph& graph, const ResolvedSettings& settings, Method method) {
  LossSite site{method, settings.batch};
  site.label_radius = settings.label_radius.upper;
  site.classes = graph.output_shape().channels();
  site.positions = graph.output_shape().positions();
  site.label_smoothing = settings.label_smoothing;
  site.threshold = settings.threshold;
  return site;
}

// F = f o psi + r: l_F and L_F, of which those of f o psi are increased by what is given.
ObjectiveBounds with_regularizer(const Magnitude& lipschitz, const Magnitude& smoothness,
                                 const ResolvedSettings& settings, const BoundTable& table) {
  const Magnitude lambda = settings.regularizer.upper;
  return {lipschitz + lambda * table.parameter_norm, smoothness + lambda, Route::stacked, {}};
}

// Prop 4.2 for the batch as one function.
ObjectiveBounds compose_stacked(const Graph& graph, const BoundTable& table,
                                const ResolvedSettings& settings, const GradientAtPoint& at_point) {
  const Triple& psi = table.network();
  LossSite site = site_of_loss(graph, settings, table.method);
  site.prediction_bound = psi.m;
  const LossConstants f = loss_constants(*settings.loss, site);
  const Magnitude& Lf = f.smoothness.value;
  const Magnitude lf =
      std::min(f.lipschitz.value, at_point.norm + Lf * psi.lipschitz * at_point.distance);
  return with_regularizer(psi.lipschitz * lf,
                          psi.smoothness * lf + psi.lipschitz * psi.lipschitz * Lf, settings,
                          table);
}

// The same with the mean of the terms of f taken at each level: over what it sums by the
// Cauchy-Schwarz inequality, over the rest as the largest. Section 5 of docs/theory.md.
ObjectiveBounds compose_at_levels(const Graph& graph, const BoundTable& table,
                                  const ResolvedSettings& settings, const Refinements& refine,
                                  const GradientsAtPoint& at_point) {
  const rules::Value psi = table.value(graph.output());
  Magnitude lipschitz = Magnitude::infinity();
  Magnitude smoothness = Magnitude::infinity();
  Magnitude slope = Magnitude::infinity();
  Magnitude curvature;
  // <z', f'' z'>, where z is small and not all of z' large, of a term and of the batch.
  Magnitude bent = Magnitude::infinity();
  Magnitude bent_of_batch = Magnitude::infinity();
  Magnitude least = Magnitude::infinity();  // of a level alone: it names the route
  Route route = Route::stacked;
  for (const LossAtLevel& f : loss_at_levels(graph, settings, psi, refine, at_point)) {
    const Triple at = psi.total(f.level);
    const Magnitude l_of_terms = at.lipschitz / f.root_terms;
    const Magnitude first = at.smoothness * f.slope;
    const Magnitude alone = first + l_of_terms * l_of_terms * f.curvature;
    if (alone < least || (alone == least && alone.is_finite())) {
      least = alone;
      route = levels[f.level].samples ? Route::sample : Route::stacked;
    }
    smoothness = std::min(smoothness, first);
    lipschitz = std::min(lipschitz, at.lipschitz * f.slope);
    slope = std::min(slope, l_of_terms);
    curvature = f.curvature;
    // The last one of them is the finest, where all of that is smallest.
    if (psi.knows_blocks() && f.level <= per_token && f.radial_curvature.is_finite()) {
      const Magnitude mean = f.curvature / f.terms;
      const Magnitude s = square_root(f.radial_curvature / mean.turned());
      bent = mean * rules::squared_gradient(psi.blocks(), f.level, psi.m[f.level], s);
      if (refine.radial && f.level == euclidean) bent_of_batch = bent;
    }
  }
  ObjectiveBounds bounds = with_regularizer(
      lipschitz, smoothness + std::min({slope * slope * curvature, bent, bent_of_batch}), settings,
      table);
  bounds.route = route;
  return bounds;
}

std::string reason_of(const Graph& graph, const ResolvedSettings& settings,
                      const BoundTable& table) {
  const LossConstants f =
      loss_constants(*settings.loss, site_of_loss(graph, settings, table.method));
  for (const Constant& constant : {f.smoothness, f.lipschitz}) {
    if (constant.value.is_infinite()) {
      return with_remedy(constant.source, constant.remedy, settings.words);
    }
  }
  const CauseTable causes(graph, inputs_of(settings), table);
  for (const auto entry : {&Triple::smoothness, &Triple::lipschitz, &Triple::m}) {
    if (const Cause* cause = causes.find(graph.output(), entry)) {
      return "layer '" + graph.layers[cause->layer].name + "', " + cause->reason;
    }
  }
  return "beyond the largest number";
}

// L_F as it is printed with 17 digits, rounded up: whoever divides by that must not find the step
// size above it, or too few iterations.
Magnitude as_printed(const Magnitude& value) {
  constexpr int digits = 17;
  if (value.is_zero() || value.is_infinite()) return value;
  return Magnitude::from_decimal(value.to_text(digits));
}

Estimate estimate(const ObjectiveBounds& objective, const ResolvedSettings& settings,
                  std::int64_t step_divisor, std::int64_t factor) {
  const Magnitude smoothness = as_printed(objective.smoothness);
  const LowerBound squared = settings.accuracy.lower * settings.accuracy.lower;
  const Magnitude work = smoothness * settings.initial_gap.upper;
  return {LowerBound::from_count(1) / (Magnitude::from_count(step_divisor) * smoothness),
          work / squared, ceiling(Magnitude::from_count(factor) * work / squared)};
}

ObjectiveBounds compose(const Graph& graph, const ResolvedSettings& settings,
                        const BoundTable& table, const Refinements& refine,
                        const GradientsAtPoint& at_point) {
  ObjectiveBounds objective = table.method == Method::paper
                                  ? compose_stacked(graph, table, settings, at_point.batch)
                                  : compose_at_levels(graph, table, settings, refine, at_point);
  if (objective.smoothness.is_infinite() || objective.lipschitz.is_infinite()) {
    objective.infinite_reason = reason_of(graph, settings, table);
  }
  return objective;
}

}  // namespace

GradientsAtPoint gradients_at(const PointBounds& point, const Magnitude& radius, Method method) {
  const Magnitude blocks = Magnitude::from_count(static_cast<std::int64_t>(point.blocks.size()));
  Magnitude distance = square_root(blocks) * radius;
  if (method == Method::paper) distance = scale(distance, 1);
  const auto gradient = [&](const ValuesAtPoint& values) {
    return GradientAtPoint{values.loss_gradient.value_or(Magnitude::infinity()), distance,
                           values.loss_curvature.value_or(Magnitude::infinity())};
  };
  return {gradient(point.batch), gradient(point.sample)};
}

std::vector<LossAtLevel> loss_at_levels(const Graph& graph, const ResolvedSettings& settings,
                                        const rules::Value& psi, const Refinements& refine,
                                        const GradientsAtPoint& at_point) {
  LossSite site = site_of_loss(graph, settings, Method::sharp);
  if (refine.loss) {
    site.position_bound = psi.m[per_token];
    site.entry_bound = psi.m[maximum];
  }
  const Magnitude root_mean_square = std::min(
      psi.m[per_sample], psi.m[euclidean] / square_root(LowerBound::from_count(settings.batch)));
  std::vector<LossAtLevel> open;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (!divides_terms(*settings.loss, level) || !psi.level_set().has(level)) continue;
    // Norms of the predictions of whole samples say nothing of a part of one.
    site.prediction_bound = level == euclidean    ? root_mean_square
                            : level == per_sample ? psi.m[per_sample]
                                                  : Magnitude::infinity();
    if (!settings.loss->is_mean()) site.prediction_bound = psi.m[euclidean];
    const LossConstants f = term_constants(*settings.loss, site);
    const LowerBound terms = summed_terms(*settings.loss, site, level);
    const LowerBound root_terms = square_root(terms);
    Magnitude lf = f.lipschitz.value / root_terms;
    Magnitude curvature = f.smoothness.value;
    if (level == euclidean || level == per_sample) {
      const GradientAtPoint& known = level == euclidean ? at_point.batch : at_point.sample;
      const Magnitude distance = psi.lipschitz(level) * known.distance;
      if (known.curvature < curvature) {
        const Magnitude root_two = square_root(Magnitude::from_count(2));
        curvature = std::min(curvature, known.curvature * exponential(root_two * distance));
      }
      lf = std::min(lf, known.norm + curvature / terms * distance);
    }
    open.push_back({level, lf, terms, root_terms, curvature, f.radial_curvature});
  }
  return open;
}

Inputs inputs_of(const ResolvedSettings& settings) {
  return {settings.batch, settings.input_norm.upper, settings.radius.upper, settings.words,
          settings.sample_norm.upper};
}

ObjectiveBounds bound_objective(const Graph& graph, const ResolvedSettings& settings,
                                const BoundTable& table, const Refinements& refine) {
  return compose(graph, settings, table, refine, {});
}

ObjectiveBounds bound_objective_around(const Graph& graph, const ResolvedSettings& settings,
                                       const PointBounds& point, const Magnitude& radius,
                                       const BoundTable& table) {
  return compose(graph, settings, table, {}, gradients_at(point, radius, table.method));
}

Estimate gradient_descent(const ObjectiveBounds& objective, const ResolvedSettings& settings) {
  return estimate(objective, settings, 1, 2);
}

Estimate stochastic_gradient_descent(const ObjectiveBounds& objective,
                                     const ResolvedSettings& settings) {
  return estimate(objective, settings, 2, 4);
}

}  // namespace smoothbound
