#include "smoothbound/train/session.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "identity.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/text/output_file.hpp"
#include "smoothbound/train/checkpoint.hpp"

namespace smoothbound {
namespace {

constexpr const char* micro_batch_key = "micro-batch";

template <class Scalar>
std::int64_t find_micro_batch(const Report& report, const TrainingRequest& request) {
  if (report.graph.couples_samples) return 0;
  const std::int64_t mini_batch = request.training.mini_batch;
  RunnerOptions options;
  // Values, cotangents and those of line searches: half of it for one pass.
  options.memory = request.memory / 2;
  options.profile = true;
  try {
    return BatchRunner<Scalar>(report.graph, mini_batch > 0 ? mini_batch : report.settings.batch,
                               options)
        .batch();
  } catch (const MemoryShortage& error) {
    throw MemoryShortage(2 * error.needed, 2 * error.allowed, error.samples, error.all_at_once);
  }
}

template <class Scalar>
std::vector<double> first_parameters(const Report& report, const ParameterSource& source) {
  Network<Scalar> network(report.graph, 1, Purpose::values);
  set_parameters(network, source, report.settings.radius);
  const auto w = network.parameters();
  return {w.begin(), w.end()};
}

std::string text_of(const TrainingOptions& options) {
  if (options.rule == StepRule::constant) return fmt::format("{}", options.gamma);
  return std::string(step_rule_names()[static_cast<std::size_t>(options.rule)]);
}

std::optional<double> if_finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

NothingToMinimize::NothingToMinimize()
    : std::runtime_error("names no loss, so there is nothing to minimize") {}

MiniBatchTooLarge::MiniBatchTooLarge(std::int64_t asked, std::int64_t available)
    : std::runtime_error(fmt::format("a step of {} samples, and there are {}", asked, available)) {}

class TrainingSession::Run {
 public:
  Run() = default;
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  virtual ~Run() = default;
  virtual const TrainingReport& run(const TrainingWatch& watch) = 0;
  virtual void save_parameters(const std::string& path) const = 0;
};

template <class Scalar>
class TrainingSession::RunIn final : public Run {
 public:
  RunIn(TrainingRequest request, Report report) : request_(std::move(request)) {
    result_.bounds = std::move(report);  // where it stays: the training refers to its graph
    TrainingSamples<Scalar> samples = load_samples();
    identity_ = identity_of(request_, result_.bounds);
    settle_micro_batch();
    result_.precision = request_.precision;
    result_.samples = samples.count;
    result_.oracle = request_.training.oracle;
    result_.rule = request_.training.rule;
    result_.step = request_.step;
    result_.method = request_.options.methods.front();
    training_ =
        std::make_unique<Training<Scalar>>(result_.bounds.graph, result_.bounds.settings,
                                           std::move(samples), result_.method, request_.training);
    result_.mini_batch = training_->is_stochastic() ? request_.training.mini_batch : 0;
    result_.certified = training_->global_step();
    begin();
  }

  const TrainingReport& run(const TrainingWatch& watch) override {
    if (!request_.log.empty()) log_.emplace(request_.log, training_->state().iteration);
    try {
      iterate(watch);
    } catch (TrainingFailed& error) {
      if (training_->state().iteration > 0) {
        save_checkpoint();
        error.checkpoint = request_.checkpoint;
      }
      throw;
    }
    result_.state = training_->state();
    return result_;
  }

  void save_parameters(const std::string& path) const override {
    save_trained(path, training_->parameter_layout(), training_->state().w,
                 {{"architecture", result_.bounds.graph.name},
                  {"oracle", identity_.at("oracle")},
                  {"iterations", std::to_string(training_->state().iteration)}});
  }

 private:
  TrainingSamples<Scalar> load_samples() {
    const Report& report = result_.bounds;
    TrainingSamples<Scalar> samples;
    samples.count = report.settings.batch;
    request_.samples.generate(report);
    if (request_.training.mini_batch > samples.count) {
      throw MiniBatchTooLarge(request_.training.mini_batch, samples.count);
    }
    samples.x.resize(static_cast<std::size_t>(samples.count * report.graph.input.elements()));
    const Preparation preparation = smoothbound::load_samples(request_.samples.dataset(), 0,
                                                              request_.samples.preparation(report),
                                                              std::span<Scalar>(samples.x));
    samples.labels = request_.samples.labels(report);
    result_.data = request_.samples.origin(report, preparation);
    return samples;
  }

  // Sums depend on it in their last bits: a run that is taken up keeps it.
  void settle_micro_batch() {
    std::int64_t& micro_batch = request_.training.micro_batch;
    if (request_.resume.empty()) {
      micro_batch = find_micro_batch<Scalar>(result_.bounds, request_);
    } else {
      const TrainingIdentity saved = read_identity(request_.resume);
      compare_identity(identity_, saved, request_.resume);
      const auto found = saved.find(micro_batch_key);
      if (found != saved.end()) micro_batch = std::stoll(found->second);
    }
    identity_[micro_batch_key] = std::to_string(micro_batch);
  }

  void begin() {
    if (request_.resume.empty()) {
      result_.parameters = request_.parameters;
      result_.projected =
          training_->begin(first_parameters<Scalar>(result_.bounds, request_.parameters));
    } else {
      result_.parameters.file = request_.resume;
      training_->resume(load_checkpoint(request_.resume, training_->parameter_layout()).state);
    }
  }

  void iterate(const TrainingWatch& watch) {
    const auto is_stopped = [&] { return watch.is_stopped && watch.is_stopped(); };
    if (training_->is_stochastic()) {
      result_.all_samples_first = if_finite(training_->full_objective());
    }
    while (training_->state().iteration < request_.iterations && !is_stopped()) {
      const IterationRecord record = training_->advance();
      take(record);
      if (training_->state().iteration % request_.checkpoint_every == 0) save_checkpoint();
      if (watch.progress) watch.progress(training_->state().iteration, request_.iterations);
      if (!training_->is_stochastic() && record.gradient_mapping <= request_.accuracy) break;
    }
    result_.interrupted = is_stopped();
    save_checkpoint();
    take(training_->rest());
    result_.last_objective = if_finite(training_->full_objective());
  }

  void take(const IterationRecord& record) {
    if (log_) log_->append(record);
    result_.records.push_back(record);
  }

  void save_checkpoint() const {
    if (request_.checkpoint.empty()) return;
    try {
      smoothbound::save_checkpoint(request_.checkpoint, training_->parameter_layout(),
                                   training_->state(), identity_);
    } catch (const OutputError& error) {
      throw OutputError(fmt::format("iteration {}: {}; the last checkpoint is as it was",
                                    training_->state().iteration, error.what()),
                        error.silent);
    }
  }

  TrainingRequest request_;
  TrainingReport result_;
  TrainingIdentity identity_;
  std::unique_ptr<Training<Scalar>> training_;
  std::optional<LogFile> log_;
};

TrainingSession::TrainingSession(TrainingRequest request) {
  if (request.options.methods.size() != 1) {
    throw std::invalid_argument("a step is certified by one method");
  }
  Report report = make_report(request.source, request.options, request.limits);
  if (report.settings.loss == nullptr) throw NothingToMinimize();
  request.samples.fit(report);
  if (request.step.empty()) request.step = text_of(request.training);
  if (request.precision == Precision::float32) {
    run_ = std::make_unique<RunIn<float>>(std::move(request), std::move(report));
  } else {
    run_ = std::make_unique<RunIn<double>>(std::move(request), std::move(report));
  }
}

TrainingSession::~TrainingSession() = default;

const TrainingReport& TrainingSession::run(const TrainingWatch& watch) { return run_->run(watch); }

void TrainingSession::save_parameters(const std::string& path) const {
  run_->save_parameters(path);
}

}  // namespace smoothbound
