#include "smoothbound/train/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "smoothbound/runtime/norm.hpp"

namespace smoothbound {
namespace {

constexpr std::string_view below_doubles = "the certified step is below the smallest double";

// The enclosure of a bound: only its upper end is known.
Real at_most(const Magnitude& value) { return {value, LowerBound(), value.to_double()}; }

CertifiedStep step_of(const Magnitude& smoothness, const LowerBound& step, std::string reason) {
  CertifiedStep result{smoothness, 0, std::move(reason), {}};
  if (smoothness.is_infinite()) return result;
  result.step = step.to_double();
  result.reason.clear();
  if (!(result.step >= std::numeric_limits<double>::min())) {
    result.step = 0;
    result.reason = below_doubles;
  }
  return result;
}

// Of the groups that have a step together.
std::vector<Magnitude> group_lengths(const LayerwiseBounds& bounds,
                                     std::span<const Magnitude> lengths) {
  std::vector<Magnitude> result;
  for (const StepGroup& group : bounds.groups) {
    Magnitude& length = result.emplace_back();
    for (const std::uint32_t block : group.blocks) length = hypotenuse(length, lengths[block]);
  }
  return result;
}

}  // namespace

std::vector<Magnitude> block_lengths(const ParameterLayout& layout,
                                     std::span<const double> gradient) {
  std::vector<Magnitude> lengths;
  for (const ParameterBlock& block : layout.blocks) {
    const double norm = euclidean_norm(gradient.subspan(static_cast<std::size_t>(block.offset),
                                                        static_cast<std::size_t>(block.elements)));
    lengths.push_back(measured(norm).upper);
  }
  return lengths;
}

std::vector<double> steps_by_block(const LayerwiseBounds& bounds,
                                   std::span<const Magnitude> lengths, const Magnitude& farthest) {
  const std::vector<Magnitude> D = best_majorizer(bounds, group_lengths(bounds, lengths), farthest);
  std::vector<double> steps(lengths.size());
  for (std::size_t i = 0; i < D.size(); ++i) {
    const double step = (LowerBound::from_count(1) / D[i]).to_double();
    for (const std::uint32_t block : bounds.groups[i].blocks) {
      // What does not move needs no step, and one below the doubles is none.
      const bool moves = !lengths[block].is_zero() && step >= std::numeric_limits<double>::min();
      steps[block] = moves ? step : 0;
    }
  }
  return steps;
}

template <class Scalar>
SampleNorms measure_samples(std::span<const Scalar> x, std::int64_t samples, std::int64_t batch,
                            std::span<const double> targets) {
  if (samples < 1 || batch < 1 || batch > samples) {
    throw std::invalid_argument("a batch has between 1 and all of the samples");
  }
  const auto size = x.size() / static_cast<std::size_t>(samples);
  std::vector<double> norms;
  for (std::int64_t i = 0; i < samples; ++i) {
    norms.push_back(euclidean_norm(x.subspan(static_cast<std::size_t>(i) * size, size)));
  }
  std::ranges::sort(norms, std::greater<>());
  SampleNorms result;
  result.sample = measured(norms.front()).upper;
  for (std::int64_t i = 0; i < batch; ++i) {
    result.batch = hypotenuse(result.batch, measured(norms[static_cast<std::size_t>(i)]).upper);
  }
  result.label = Magnitude::from_count(1);
  if (!targets.empty()) {
    const auto of_sample = targets.size() / static_cast<std::size_t>(samples);
    double largest = 0;
    for (std::int64_t i = 0; i < samples; ++i) {
      largest = std::max(largest, euclidean_norm(targets.subspan(
                                      static_cast<std::size_t>(i) * of_sample, of_sample)));
    }
    result.label = measured(largest).upper;
  }
  return result;
}

template SampleNorms measure_samples(std::span<const float>, std::int64_t, std::int64_t,
                                     std::span<const double>);
template SampleNorms measure_samples(std::span<const double>, std::int64_t, std::int64_t,
                                     std::span<const double>);

Certificate::Certificate(const Graph& graph, ResolvedSettings settings, std::int64_t batch,
                         const SampleNorms& norms, Method method)
    : graph_(graph), settings_(std::move(settings)), method_(method) {
  settings_.batch = batch;
  settings_.input_norm = at_most(norms.batch);
  settings_.sample_norm = at_most(norms.sample);
  settings_.label_radius = at_most(norms.label);
}

CertifiedStep Certificate::global_step(bool stochastic) const {
  const BoundTable table = evaluate_bounds(graph_, inputs_of(settings_), method_);
  const ObjectiveBounds objective = bound_objective(graph_, settings_, table);
  const Estimate estimate = stochastic ? stochastic_gradient_descent(objective, settings_)
                                       : gradient_descent(objective, settings_);
  return step_of(objective.smoothness, estimate.step_size, objective.infinite_reason);
}

ObjectiveBounds Certificate::bounds_around(const PointBounds& point,
                                           const Magnitude& radius) const {
  const BoundTable table =
      evaluate_bounds_around(graph_, inputs_of(settings_), point, radius, method_);
  return bound_objective_around(graph_, settings_, point, radius, table);
}

LayerwiseBounds Certificate::blocks_around(const PointBounds& point,
                                           const Magnitude& radius) const {
  const BoundTable table =
      evaluate_bounds_around(graph_, inputs_of(settings_), point, radius, method_);
  return bound_layerwise_around(graph_, settings_, point, radius, table,
                                bound_objective_around(graph_, settings_, point, radius, table));
}

LayerwiseBounds Certificate::global_blocks() const {
  const BoundTable table = evaluate_bounds(graph_, inputs_of(settings_), method_);
  return bound_layerwise(graph_, settings_, table, bound_objective(graph_, settings_, table));
}

std::vector<double> Certificate::local_steps_by_block(const PointBounds& point,
                                                      std::span<const Magnitude> lengths,
                                                      double radius, bool is_given) const {
  double most = -1;
  std::vector<double> best;
  const auto is_better = [&](double r) {
    const Magnitude farthest = Magnitude::from_double(r);
    std::vector<double> steps = steps_by_block(blocks_around(point, farthest), lengths, farthest);
    double certified = 0;
    for (std::size_t b = 0; b < steps.size(); ++b) {
      const double length = lengths[b].to_double();
      certified += steps[b] * length * length;
    }
    if (!(certified > most)) return false;
    most = certified;
    best = std::move(steps);
    return true;
  };
  is_better(radius);
  if (is_given) return best;
  constexpr int most_doublings = 20;
  for (const double factor : {2.0, 0.5}) {
    double r = radius;
    int doublings = 0;
    while (doublings < most_doublings && is_better(r *= factor)) ++doublings;
    if (doublings > 0) break;
  }
  return best;
}

CertifiedStep Certificate::local_step(const PointBounds& point, const ParameterLayout& layout,
                                      std::span<const double> gradient, double radius,
                                      bool layerwise) const {
  const std::vector<Magnitude> lengths = block_lengths(layout, gradient);
  const Magnitude longest =
      lengths.empty() ? Magnitude() : *std::max_element(lengths.begin(), lengths.end());
  struct Candidate {
    CertifiedStep certified;
    double radius = 0;
    bool limited_by_radius = false;  // a larger one would allow more
  };
  const auto step_within = [&](double r) {
    const ObjectiveBounds objective = bounds_around(point, Magnitude::from_double(r));
    const LowerBound by_smoothness = LowerBound::from_count(1) / objective.smoothness;
    const LowerBound by_radius = LowerBound::from_double(r) / longest;
    const bool limited = !longest.is_zero() && by_radius < by_smoothness;
    return Candidate{step_of(objective.smoothness, limited ? by_radius : by_smoothness,
                             objective.infinite_reason),
                     r, limited};
  };
  const auto with_blocks = [&](Candidate candidate) {
    if (layerwise && candidate.certified.step > 0) {
      candidate.certified.by_block =
          local_steps_by_block(point, lengths, candidate.radius, radius > 0);
    }
    return candidate.certified;
  };
  if (radius > 0) return with_blocks(step_within(radius));

  // 1 / L falls with R', R' / ||g|| rises: the longest step is where they meet.
  constexpr double factor = 16;
  constexpr int most_factors = 60;
  constexpr int halvings = 12;
  double low = 1;
  double high = 1;
  Candidate best = step_within(1);
  const auto keep_better = [&](const Candidate& candidate) {
    if (candidate.certified.step > best.certified.step) best = candidate;
    return candidate.limited_by_radius;
  };
  const bool upwards = best.limited_by_radius;
  for (int i = 0; i < most_factors; ++i) {
    double& end = upwards ? high : low;
    end *= upwards ? factor : 1 / factor;
    if (keep_better(step_within(end)) != upwards) break;
    (upwards ? low : high) = end;
  }
  for (int i = 0; i < halvings; ++i) {
    const double middle = std::sqrt(low * high);
    (keep_better(step_within(middle)) ? low : high) = middle;
  }
  return with_blocks(std::move(best));
}

}  // namespace smoothbound
