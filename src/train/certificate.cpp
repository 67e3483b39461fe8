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
  CertifiedStep result{smoothness, 0, std::move(reason)};
  if (smoothness.is_infinite()) return result;
  result.step = step.to_double();
  result.reason.clear();
  if (!(result.step >= std::numeric_limits<double>::min())) {
    result.step = 0;
    result.reason = below_doubles;
  }
  return result;
}

}  // namespace

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

CertifiedStep Certificate::local_step(const PointBounds& point, const ParameterLayout& layout,
                                      std::span<const double> gradient, double radius) const {
  Magnitude longest;  // of the gradient's blocks
  for (const ParameterBlock& block : layout.blocks) {
    const double norm = euclidean_norm(gradient.subspan(static_cast<std::size_t>(block.offset),
                                                        static_cast<std::size_t>(block.elements)));
    longest = std::max(longest, measured(norm).upper);
  }
  struct Candidate {
    CertifiedStep certified;
    bool limited_by_radius = false;  // a larger one would allow more
  };
  const auto step_within = [&](double r) {
    const ObjectiveBounds objective = bounds_around(point, Magnitude::from_double(r));
    const LowerBound by_smoothness = LowerBound::from_count(1) / objective.smoothness;
    const LowerBound by_radius = LowerBound::from_double(r) / longest;
    const bool limited = !longest.is_zero() && by_radius < by_smoothness;
    return Candidate{step_of(objective.smoothness, limited ? by_radius : by_smoothness,
                             objective.infinite_reason),
                     limited};
  };
  if (radius > 0) return step_within(radius).certified;

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
  return best.certified;
}

}  // namespace smoothbound
