#include "smoothbound/bounds/objective.hpp"

#include <algorithm>
#include <functional>

#include "smoothbound/bounds/local.hpp"

namespace smoothbound {
namespace {

LossConstants constants_of(const Graph& graph, const ResolvedSettings& settings, Method method,
                           std::int64_t samples, const Magnitude& prediction_bound) {
  LossSite site{method, samples, prediction_bound, settings.label_radius.upper};
  site.classes = graph.output_shape().channels();
  site.positions = graph.output_shape().positions();
  site.label_smoothing = settings.label_smoothing;
  site.threshold = settings.threshold;
  return loss_constants(*settings.loss, site);
}

struct Bounds {
  Magnitude lipschitz;
  Magnitude smoothness;
};

// Of a point: ||grad f(psi(w*))||, and D of Prop 4.2.
struct GradientAtPoint {
  Magnitude norm = Magnitude::infinity();
  Magnitude distance;
};

// Prop 4.2 for a network with bounds `psi` and `samples` samples.
Bounds compose_loss(const Graph& graph, const BoundTable& table, std::int64_t samples,
                    const ResolvedSettings& settings, const GradientAtPoint& at_point) {
  const Triple& psi = table.network();
  const LossConstants f = constants_of(graph, settings, table.method, samples, psi.m);
  const Magnitude& Lf = f.smoothness.value;
  const Magnitude lf =
      std::min(f.lipschitz.value, at_point.norm + Lf * psi.lipschitz * at_point.distance);
  const Magnitude lambda = settings.regularizer.upper;
  return {psi.lipschitz * lf + lambda * table.parameter_norm,
          psi.smoothness * lf + psi.lipschitz * psi.lipschitz * Lf + lambda};
}

std::string reason_of(const Graph& graph, const ResolvedSettings& settings,
                      const BoundTable& table) {
  const LossConstants f = constants_of(graph, settings, table.method, settings.batch, {});
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

// Prop 4.2 for the batch as a whole and, where that is allowed, for each sample, of which
// `sample_table` makes the bounds.
ObjectiveBounds smaller_route(const Graph& graph, const ResolvedSettings& settings,
                              const BoundTable& table, const GradientAtPoint& batch_gradient,
                              const std::function<BoundTable(const Inputs&)>& sample_table,
                              const GradientAtPoint& sample_gradient) {
  const Bounds stacked = compose_loss(graph, table, settings.batch, settings, batch_gradient);
  ObjectiveBounds objective{stacked.lipschitz, stacked.smoothness, Route::stacked, {}};
  if (table.method == Method::sharp && settings.loss->is_mean() && !graph.couples_samples) {
    const Inputs one{1, settings.sample_norm.upper, settings.radius.upper};
    const Bounds per_sample = compose_loss(graph, sample_table(one), 1, settings, sample_gradient);
    if (per_sample.smoothness < stacked.smoothness ||
        (per_sample.smoothness == stacked.smoothness && per_sample.lipschitz < stacked.lipschitz)) {
      objective.route = Route::per_sample;
    }
    objective.smoothness = std::min(objective.smoothness, per_sample.smoothness);
    objective.lipschitz = std::min(objective.lipschitz, per_sample.lipschitz);
  }
  if (objective.smoothness.is_infinite() || objective.lipschitz.is_infinite()) {
    objective.infinite_reason = reason_of(graph, settings, table);
  }
  return objective;
}

}  // namespace

Inputs inputs_of(const ResolvedSettings& settings) {
  return {settings.batch, settings.input_norm.upper, settings.radius.upper, settings.words};
}

ObjectiveBounds bound_objective(const Graph& graph, const ResolvedSettings& settings,
                                const BoundTable& table) {
  const auto sample_table = [&](const Inputs& one) {
    return evaluate_bounds(graph, one, Method::sharp);
  };
  return smaller_route(graph, settings, table, {}, sample_table, {});
}

ObjectiveBounds bound_objective_around(const Graph& graph, const ResolvedSettings& settings,
                                       const PointBounds& point, const Magnitude& radius,
                                       const BoundTable& table) {
  const Magnitude blocks = Magnitude::from_count(static_cast<std::int64_t>(point.blocks.size()));
  Magnitude distance = square_root(blocks) * radius;
  if (table.method == Method::paper) distance = scale(distance, 1);
  const auto gradient = [&](const ValuesAtPoint& values) {
    return GradientAtPoint{values.loss_gradient.value_or(Magnitude::infinity()), distance};
  };
  const auto sample_table = [&](const Inputs& one) {
    return evaluate_bounds_around(graph, one, {point.blocks, point.sample, {}}, radius,
                                  Method::sharp);
  };
  return smaller_route(graph, settings, table, gradient(point.batch), sample_table,
                       gradient(point.sample));
}

Estimate gradient_descent(const ObjectiveBounds& objective, const ResolvedSettings& settings) {
  return estimate(objective, settings, 1, 2);
}

Estimate stochastic_gradient_descent(const ObjectiveBounds& objective,
                                     const ResolvedSettings& settings) {
  return estimate(objective, settings, 2, 4);
}

}  // namespace smoothbound
