#include "smoothbound/train/training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <type_traits>

#include "enclosure_steps.hpp"
#include "mini_batch.hpp"
#include "proposal.hpp"
#include "smoothbound/runtime/norm.hpp"

namespace smoothbound {
namespace {

// Beyond this multiple of where it began (or of 1), an objective counts as diverged.
constexpr double divergence = 1e6;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

TrainingFailed::TrainingFailed(std::int64_t at, const std::string& message)
    : std::runtime_error(fmt::format("iteration {}: {}", at, message)), iteration(at) {}

template <class Scalar>
Training<Scalar>::Training(const Graph& graph, ResolvedSettings settings,
                           TrainingSamples<Scalar> samples, Method method,
                           const TrainingOptions& options)
    : graph_(graph),
      settings_(std::move(settings)),
      options_(options),
      samples_(std::move(samples)) {
  if (options_.mini_batch == samples_.count) options_.mini_batch = 0;
  check_options();
  ObjectiveOptions of_objective;
  of_objective.micro_batch = options_.micro_batch;
  of_objective.regularizer = settings_.regularizer.nearest;
  of_objective.clusters = settings_.clusters;
  of_objective.label_smoothing = settings_.label_smoothing.nearest;
  of_objective.threshold = settings_.threshold.nearest;
  of_objective.warm_start = false;  // a run that is taken up again has none
  const std::int64_t batch = is_stochastic() ? options_.mini_batch : samples_.count;
  std::span<const Scalar> x = samples_.x;
  Labels labels;  // of mini-batches: `load_samples` brings them
  if (is_stochastic()) {
    const auto size = static_cast<std::size_t>(graph.input.elements());
    batch_x_.resize(static_cast<std::size_t>(batch) * size);
    x = batch_x_;
  } else {
    labels = samples_.labels;
  }
  objective_ = std::make_unique<Objective<Scalar>>(graph, *settings_.loss, x, batch,
                                                   std::move(labels), of_objective);
  certificate_ =
      std::make_unique<Certificate>(graph, settings_, batch,
                                    measure_samples(std::span<const Scalar>(samples_.x),
                                                    samples_.count, batch, samples_.labels.targets),
                                    method);
  global_ = certificate_->global_step(is_stochastic());
  if (global_.smoothness.is_zero()) {
    throw TrainingUnsupported(
        "L_F = 0: no parameter changes the objective, and there is nothing to minimize",
        Remedy::reachable_parameters);
  }
  if (options_.rule == StepRule::certified && global_.step == 0) {
    throw TrainingUnsupported(fmt::format("there is no certified step: {}", global_.reason),
                              Remedy::line_search);
  }
  if (options_.layerwise) global_blocks_ = certificate_->global_blocks();
  if (options_.rule == StepRule::local) {
    layer_norms_ = std::make_unique<LayerNormRecorder<Scalar>>(graph);
    objective_->set_observer(layer_norms_.get());
  }
  if (options_.oracle == steps::StepKind::gradient) {
    balls_.emplace(parameter_layout(), settings_.radius);
  }
  if (options_.oracle != steps::StepKind::gradient) {
    try {
      second_order_ = std::make_unique<steps::SecondOrder>(graph, batch, options_.oracle,
                                                           options_.dual_residual);
    } catch (const steps::TooManyParameters& error) {
      throw TrainingUnsupported(error.what(), Remedy::gauss_newton);
    }
  }
  if (options_.rule == StepRule::enclosure) {
    try {
      enclosure_ = std::make_unique<EnclosureSteps>(graph, settings_, batch, of_objective);
    } catch (const NotEnclosed& error) {
      throw TrainingUnsupported(error.what(), Remedy::line_search);
    }
  }
  gradient_.resize(static_cast<std::size_t>(parameter_layout().elements));
  narrow_gradient_.resize(gradient_.size());
}

template <class Scalar>
Training<Scalar>::~Training() = default;

template <class Scalar>
void Training<Scalar>::check_options() const {
  const TrainingOptions& options = options_;
  if (options.mini_batch < 0 || options.mini_batch > samples_.count) {
    throw std::invalid_argument("a mini-batch has between 1 and all of the samples");
  }
  if (!(options.gamma > 0) || !std::isfinite(options.gamma) || !(options.local_radius >= 0) ||
      !(options.dual_residual >= 0)) {
    throw std::invalid_argument("step sizes, radii and residuals are positive and finite");
  }
  const bool first_order = options.oracle == steps::StepKind::gradient;
  if (!first_order && sizeof(Scalar) != sizeof(double)) {
    throw ContradictoryOptions("Gauss-Newton and Newton steps are computed in float64",
                               Remedy::float64);
  }
  if (!first_order && (options.rule == StepRule::certified || options.rule == StepRule::local)) {
    throw TrainingUnsupported("certified steps are those of the gradient oracle",
                              Remedy::constant_or_search);
  }
  if (options.layerwise && options.rule != StepRule::certified && options.rule != StepRule::local) {
    throw std::invalid_argument("layer-wise steps are certified ones");
  }
  if (options.mini_batch == 0) return;
  if (options.layerwise) {
    throw ContradictoryOptions("layer-wise steps are those of all samples", Remedy::all_samples);
  }
  if (!settings_.loss->is_mean()) {
    throw TrainingUnsupported(
        fmt::format("{} is no mean over the samples: it has no mini-batches", settings_.loss->name),
        Remedy::all_samples);
  }
  if (options.rule == StepRule::local) {
    throw ContradictoryOptions("steps certified around a point are those of all samples",
                               Remedy::all_samples_or_global_step);
  }
}

template <class Scalar>
const ParameterLayout& Training<Scalar>::parameter_layout() const {
  return objective_->parameter_layout();
}

template <class Scalar>
int Training<Scalar>::begin(std::span<const double> w) {
  TrainingState state;
  state.w.assign(w.begin(), w.end());
  const int moved = balls_ ? balls_->project(state.w) : 0;
  resume(std::move(state));
  return moved;
}

template <class Scalar>
std::optional<std::string> Training<Scalar>::layer_outside(std::span<const double> w) const {
  const std::optional<std::size_t> block = balls_ ? balls_->find_outside(w) : std::nullopt;
  if (!block) return std::nullopt;
  return graph_.layers[parameter_layout().blocks[*block].layer].name;
}

template <class Scalar>
void Training<Scalar>::resume(TrainingState state) {
  if (state.w.size() != gradient_.size()) {
    throw std::invalid_argument("the parameters are those of another network");
  }
  state_ = std::move(state);
  calls_before_ = objective_->oracle_calls() - state_.oracle_calls;
}

template <class Scalar>
void Training<Scalar>::fail(const std::string& message) const {
  throw TrainingFailed(state_.iteration, message);
}

template <class Scalar>
void Training<Scalar>::load_samples(std::int64_t iteration) {
  if (!is_stochastic() || loaded_ == iteration) return;
  const std::vector<std::int64_t> drawn =
      draw_mini_batch(samples_.count, options_.mini_batch, options_.seed, iteration);
  const auto take = [&](const auto& all, auto& part) {
    const std::size_t size = all.size() / static_cast<std::size_t>(samples_.count);
    part.resize(drawn.size() * size);
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      const auto first = all.begin() + drawn[i] * static_cast<std::ptrdiff_t>(size);
      std::copy(first, first + static_cast<std::ptrdiff_t>(size),
                part.begin() + static_cast<std::ptrdiff_t>(i * size));
    }
  };
  take(samples_.x, batch_x_);
  Labels labels;
  take(samples_.labels.classes, labels.classes);
  take(samples_.labels.targets, labels.targets);
  objective_->replace_samples(std::move(labels));
  objective_point_.clear();
  loaded_ = iteration;
}

template <class Scalar>
void Training<Scalar>::set_point(std::span<const double> w) {
  if (std::ranges::equal(objective_point_, w)) return;
  if (layer_norms_) layer_norms_->reset();
  convert<Scalar, double>(w, narrow_);
  objective_->set_point(narrow_);
  objective_point_.assign(w.begin(), w.end());
}

// F, and NaN where the network's outputs are not finite.
template <class Scalar>
double Training<Scalar>::value_at(std::span<const double> w) {
  set_point(w);
  const std::vector<double>& predictions = objective_->predictions();
  const bool finite =
      std::ranges::all_of(predictions, [](double value) { return std::isfinite(value); });
  return finite ? objective_->value() : std::numeric_limits<double>::quiet_NaN();
}

template <class Scalar>
IterationRecord Training<Scalar>::evaluate() {
  IterationRecord record;
  record.iteration = state_.iteration;
  load_samples(state_.iteration);
  record.objective = value_at(state_.w);
  if (!std::isfinite(record.objective)) {
    fail(std::isnan(record.objective) ? "the network's outputs are not finite: it diverged"
                                      : "the objective is not finite: it diverged");
  }
  const double start =
      std::isnan(state_.first_objective) ? record.objective : state_.first_objective;
  if (record.objective > divergence * std::max(1.0, start)) {
    fail(
        fmt::format("the objective has risen from {:.4g} to {:.4g}: it diverges, the steps are "
                    "too long",
                    start, record.objective));
  }
  objective_->gradient(narrow_gradient_);
  convert<double, Scalar>(narrow_gradient_, gradient_);
  const double norm = euclidean_norm(std::span<const double>(gradient_));
  if (!std::isfinite(norm)) fail("the gradient is not finite");
  record.gradient_mapping = norm;
  return record;
}

template <class Scalar>
CertifiedStep Training<Scalar>::certify() {
  if (options_.rule == StepRule::certified) {
    CertifiedStep step = global_;
    if (global_blocks_) {
      step.by_block = steps_by_block(*global_blocks_, block_lengths(parameter_layout(), gradient_));
    }
    return step;
  }
  PointBounds point = point_bounds(graph_, parameter_layout(), state_.w);
  point.batch.layer_norms = layer_norms_->batch_norms();
  point.sample.layer_norms = layer_norms_->sample_norms();
  set_loss_gradient(point, *settings_.loss, objective_->loss(), samples_.count);
  CertifiedStep step = certificate_->local_step(point, parameter_layout(), gradient_,
                                                options_.local_radius, options_.layerwise);
  if (step.step == 0) fail(fmt::format("there is no certified step: {}", step.reason));
  return step;
}

template <class Scalar>
double Training<Scalar>::mapping_norm(double gamma) const {
  std::vector<double> mapping(gradient_.size());
  balls_->gradient_mapping(state_.w, gradient_, gamma, mapping);
  return euclidean_norm(std::span<const double>(mapping));
}

template <class Scalar>
typename Training<Scalar>::Proposal Training<Scalar>::propose_gradient(IterationRecord& record) {
  Proposal proposal;
  const auto project = [&](double gamma) {
    proposal.w = state_.w;
    for (std::size_t i = 0; i < gradient_.size(); ++i) proposal.w[i] -= gamma * gradient_[i];
    balls_->project(proposal.w);
    double square = 0;
    double along = 0;
    for (std::size_t i = 0; i < gradient_.size(); ++i) {
      const double moved = proposal.w[i] - state_.w[i];
      square += moved * moved;
      along += moved * gradient_[i];
    }
    record.step = gamma;
    record.gradient_mapping = mapping_norm(gamma);
    return along + square / (2 * gamma);  // by which F has to change at least
  };
  if (options_.rule == StepRule::certified || options_.rule == StepRule::local) {
    const CertifiedStep step = certify();
    record.smoothness = step.smoothness;
    project(step.step);
    if (step.by_block.empty()) return proposal;
    ProductOfBalls::BlockStep blocks = balls_->step(state_.w, gradient_, step.by_block);
    const double square = record.gradient_mapping * record.gradient_mapping;
    if (blocks.certified > record.step * square) {
      record.step = blocks.certified / square;
      proposal.w = std::move(blocks.w);
    }
    return proposal;
  }
  if (options_.rule == StepRule::constant) {
    project(options_.gamma);
    return proposal;
  }
  double gamma = state_.gamma > 0 ? state_.gamma : options_.gamma;
  const double slack = 4 * std::numeric_limits<Scalar>::epsilon() * std::abs(record.objective);
  for (;; gamma /= 2, ++record.halvings) {
    if (record.halvings > steps::most_halvings) {
      fail(fmt::format("no step decreases the objective enough, after {} halvings down to {:.3g}",
                       steps::most_halvings, gamma * 2));
    }
    const double change = project(gamma);
    proposal.objective = value_at(proposal.w);
    if (*proposal.objective <= record.objective + change + slack) break;
  }
  proposal.next_gamma = record.halvings == 0 ? longer(gamma) : gamma;
  return proposal;
}

template <class Scalar>
void Training<Scalar>::follow(const IterationRecord& record, Proposal proposal) {
  TrainingState& state = state_;
  const bool finite = std::isfinite(record.gradient_mapping) &&
                      std::ranges::all_of(proposal.w, [](double v) { return std::isfinite(v); });
  if (!finite) fail("the step leads beyond the largest number: it is too long");
  if (std::isnan(state.first_objective)) state.first_objective = record.objective;
  state.smallest_mapping = std::min(state.smallest_mapping, record.gradient_mapping);
  state.sum_of_steps += record.step;
  state.gamma = proposal.next_gamma;
  state.w = std::move(proposal.w);
  ++state.iteration;
}

template <class Scalar>
IterationRecord Training<Scalar>::advance() {
  const Clock::time_point start = Clock::now();
  try {
    IterationRecord record = evaluate();
    Proposal proposal = enclosure_ != nullptr ? propose_enclosed(record)
                        : options_.oracle == steps::StepKind::gradient
                            ? propose_gradient(record)
                            : propose_second_order(record);
    verify(record, proposal);
    follow(record, std::move(proposal));
    state_.oracle_calls = objective_->oracle_calls() - calls_before_;
    state_.seconds += seconds_since(start);
    record.oracle_calls = state_.oracle_calls;
    record.seconds = state_.seconds;
    return record;
  } catch (const LossError& error) {
    fail(error.what());
  } catch (const steps::NotBoundedBelow& error) {
    fail(error.what());
  } catch (const steps::NotFinite& error) {
    fail(error.what());
  }
}

template <class Scalar>
IterationRecord Training<Scalar>::rest() {
  const Clock::time_point start = Clock::now();
  try {
    IterationRecord record = evaluate();
    if (balls_) {
      // The mapping for the step that would come next.
      const double gamma = options_.rule == StepRule::constant ? options_.gamma
                           : options_.rule == StepRule::line_search || enclosure_ != nullptr
                               ? (state_.gamma > 0 ? state_.gamma : options_.gamma)
                               : certify().step;
      record.gradient_mapping = mapping_norm(gamma);
      if (!std::isfinite(record.gradient_mapping)) fail("the gradient mapping is not finite");
    }
    if (std::isnan(state_.first_objective)) state_.first_objective = record.objective;
    record.oracle_calls = objective_->oracle_calls() - calls_before_;
    calls_before_ += record.oracle_calls - state_.oracle_calls;
    record.seconds = state_.seconds + seconds_since(start);
    return record;
  } catch (const LossError& error) {
    fail(error.what());
  }
}

template <class Scalar>
void Training<Scalar>::note_first_objective() {
  if (!is_stochastic() || state_.iteration > 0) return;
  const double first = full_objective();
  if (std::isfinite(first)) state_.all_samples_first = first;
}

template <class Scalar>
double Training<Scalar>::full_objective() {
  if (!is_stochastic()) {
    load_samples(state_.iteration);
    return value_at(state_.w);
  }
  // Mini-batch after mini-batch; the mean of means, weighted by their sizes.
  ObjectiveOptions options;
  options.micro_batch = options_.micro_batch > 0 ? options_.micro_batch : options_.mini_batch;
  options.regularizer = settings_.regularizer.nearest;
  options.label_smoothing = settings_.label_smoothing.nearest;
  options.threshold = settings_.threshold.nearest;
  if (graph_.couples_samples) return std::numeric_limits<double>::quiet_NaN();
  Objective<Scalar> all(graph_, *settings_.loss, samples_.x, samples_.count, samples_.labels,
                        options);
  std::vector<Scalar> w;
  convert<Scalar, double>(state_.w, w);
  all.set_point(w);
  return all.value();
}

template class Training<float>;
template class Training<double>;

}  // namespace smoothbound
