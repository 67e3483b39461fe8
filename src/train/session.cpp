#include "smoothbound/train/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "enclosure_steps.hpp"
#include "identity.hpp"
#include "smoothbound/runtime/adapt_statistics.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/steps/cost.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/digest.hpp"
#include "smoothbound/text/output_file.hpp"
#include "smoothbound/train/checkpoint.hpp"

namespace smoothbound {
namespace {

constexpr const char* micro_batch_key = "micro-batch";

// With what belongs to each: labels, predictions and the evaluation of the loss. Throws
// TooManySamples.
template <class Scalar>
std::int64_t bytes_of_samples(const Report& report, const TrainingRequest& request) {
  const std::int64_t samples = report.settings.batch;
  const auto inputs = static_cast<double>(report.graph.input.elements());
  const auto outputs = static_cast<double>(report.graph.output_shape().elements());
  // All of them even where a step takes few: the objective of all is the first and last number.
  constexpr std::int64_t beside = 2;  // tangents and cotangents of predictions
  const auto arrays =
      static_cast<double>(numbers_of_evaluation(*report.settings.loss, samples) + beside);
  const double each = inputs * sizeof(Scalar) + (outputs + 1 + outputs * arrays) * sizeof(double);
  const double bytes = static_cast<double>(samples) * each;
  constexpr double largest = 0x1p62;
  if (bytes > static_cast<double>(request.memory)) {
    throw TooManySamples(static_cast<std::int64_t>(std::min(bytes, largest)), request.memory,
                         samples);
  }
  return static_cast<std::int64_t>(bytes);
}

template <class Scalar>
std::int64_t find_micro_batch(const Report& report, const TrainingRequest& request) {
  const std::int64_t mini_batch = request.training.mini_batch;
  const std::int64_t batch = mini_batch > 0 ? mini_batch : report.settings.batch;
  const std::int64_t memory = request.memory - bytes_of_samples<Scalar>(report, request);
  std::int64_t most = batch;
  if (request.training.rule == StepRule::enclosure) {
    const std::int64_t fits =
        micro_batch_of_enclosure(report.graph, batch, EnclosureSteps::degree, memory);
    if (fits > 0) most = fits;
  }
  if (report.graph.couples_samples) return 0;
  RunnerOptions options;
  // Beside the samples: values, cotangents and those of line searches; half of it for one pass.
  options.memory = memory / 2;
  options.profile = true;
  options.most_samples = most;
  try {
    return BatchRunner<Scalar>(report.graph, batch, options).batch();
  } catch (const MemoryShortage& error) {
    throw MemoryShortage(2 * error.needed, 2 * error.allowed, error.samples, error.all_at_once);
  }
}

template <class Scalar>
std::vector<double> first_parameters(const Report& report, const ParameterSource& source) {
  Network<Scalar> network(report.graph, 1, Purpose::values);
  set_parameters(network, report.graph, source, report.settings.radius);
  const auto w = network.parameters();
  return {w.begin(), w.end()};
}

std::string text_of(const TrainingOptions& options) {
  if (options.rule == StepRule::constant) return fmt::format("{}", options.gamma);
  std::string text(step_rule_names()[static_cast<std::size_t>(options.rule)]);
  if (options.layerwise) text += layerwise_suffix;
  return text;
}

template <class Scalar>
std::string digest_of(const TrainingSamples<Scalar>& samples) {
  Sha256 digest;
  digest.add_whole(std::span<const Scalar>(samples.x));
  digest.add_whole(std::span<const std::int64_t>(samples.labels.classes));
  digest.add_whole(std::span<const double>(samples.labels.targets));
  return std::move(digest).digits();
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
    if (!request_.checkpoint.empty() || !request_.resume.empty()) {
      identity_.emplace(samples_key, digest_of(samples));
    }
    if (!request_.resume.empty()) load_resumed();
    tell_work();
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
    begin_log();
  }

  const TrainingReport& run(const TrainingWatch& watch) override {
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
    (void)bytes_of_samples<Scalar>(report, request_);  // before there are any
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
    if (resumed_) {
      micro_batch = micro_batch_of(resumed_->identity);
    } else {
      micro_batch = find_micro_batch<Scalar>(result_.bounds, request_);
    }
    identity_[micro_batch_key] = std::to_string(micro_batch);
  }

  [[nodiscard]] std::int64_t micro_batch_of(const TrainingIdentity& saved) const {
    const auto found = saved.find(micro_batch_key);
    const std::string text = found == saved.end() ? "" : found->second;
    std::int64_t micro_batch = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), micro_batch);
    if (error != std::errc{} || end != text.data() + text.size() || micro_batch < 0 ||
        micro_batch > result_.bounds.settings.batch) {
      throw DataError(request_.resume, fmt::format("'{}' is no micro-batch of a checkpoint", text),
                      std::string(checkpoint_advice));
    }
    return micro_batch;
  }

  // Before anything is made of it.
  void load_resumed() {
    const ParameterLayout layout =
        Network<Scalar>(result_.bounds.graph, 1, Purpose::values, Storage::none).parameter_layout();
    resumed_ = load_checkpoint(request_.resume, layout);
    compare_identity(identity_, resumed_->identity, request_.resume);
  }

  void begin() {
    if (!resumed_) {
      result_.parameters = request_.parameters;
      ParameterSource source = request_.parameters;
      source.reading.notice = [this](const std::string& what) {
        if (request_.notice) request_.notice(result_.bounds.file, what);
      };
      result_.projected = training_->begin(first_parameters<Scalar>(result_.bounds, source));
      return;
    }
    result_.parameters.file = request_.resume;
    if (const auto layer = training_->layer_outside(resumed_->state.w)) {
      throw DataError(request_.resume,
                      fmt::format("the parameters of layer '{}' are not in their ball, where every "
                                  "projected step ends",
                                  *layer),
                      std::string(checkpoint_advice));
    }
    training_->resume(std::move(resumed_->state));
  }

  // Of a run that will take long, before it begins.
  void tell_work() const {
    constexpr double long_work = 1e13;
    constexpr double rate = 1e10;  // of one core, by order of magnitude
    constexpr double hour = 3600;
    const std::int64_t left = request_.iterations - (resumed_ ? resumed_->state.iteration : 0);
    const std::int64_t mini_batch = request_.training.mini_batch;
    const std::int64_t batch = mini_batch > 0 ? mini_batch : result_.bounds.settings.batch;
    const steps::NetworkCost cost = steps::count_costs(result_.bounds.graph, batch);
    const double work = static_cast<double>(left) * cost.gradient.value.to_double();
    if (!request_.notice || !cost.gradient.is_known() || work < long_work) return;
    request_.notice(result_.bounds.file,
                    fmt::format("gradients up to iteration {} take about {:.2g} multiplications, "
                                "{:.2g} h of one core at 1e10 a second",
                                request_.iterations, work, work / rate / hour));
  }

  void begin_log() {
    if (request_.log.empty()) return;
    const TrainingState& state = training_->state();
    log_.emplace(request_.log, state.iteration, state.first_objective,
                 request_.training.rule == StepRule::enclosure);
    if (!request_.notice) return;
    if (log_->has_dropped_a_part()) {
      request_.notice(request_.log, "its last line is cut short and is dropped");
    } else if (log_->has_gap()) {
      request_.notice(request_.log,
                      fmt::format("it does not have all iterations before {}", state.iteration));
    }
  }

  void iterate(const TrainingWatch& watch) {
    const auto is_stopped = [&] { return watch.is_stopped && watch.is_stopped(); };
    training_->note_first_objective();
    if (resumed_ && training_->state().iteration >= request_.iterations && request_.notice) {
      request_.notice(request_.resume,
                      fmt::format("it has {} iterations, and no more are asked for",
                                  training_->state().iteration));
    }
    while (training_->state().iteration < request_.iterations && !is_stopped()) {
      const IterationRecord record = training_->advance();
      take(record);
      if (training_->state().iteration % request_.checkpoint_every == 0) save_checkpoint();
      if (watch.progress) {
        watch.progress(training_->state().iteration, request_.iterations, record);
      }
      if (!training_->is_stochastic() && record.gradient_mapping <= request_.accuracy) break;
    }
    result_.interrupted = is_stopped();
    save_checkpoint();
    take(training_->rest());
    result_.last_objective = if_finite(training_->full_objective());
  }

  void take(const IterationRecord& record) {
    result_.records.push_back(record);
    if (!log_) return;
    try {
      log_->append(record);
    } catch (const OutputError& error) {
      const std::string message = fmt::format("iteration {}: {}", record.iteration, error.what());
      if (request_.checkpoint.empty()) throw OutputError(message, error.cause, error.hint);
      save_checkpoint();
      throw OutputError(fmt::format("{}; the run is saved in '{}'", message, request_.checkpoint),
                        error.cause, error.hint);
    }
  }

  void save_checkpoint() const {
    if (request_.checkpoint.empty()) return;
    try {
      smoothbound::save_checkpoint(request_.checkpoint, training_->parameter_layout(),
                                   training_->state(), identity_);
    } catch (const OutputError& error) {
      throw OutputError(fmt::format("iteration {}: {}; the last checkpoint is as it was",
                                    training_->state().iteration, error.what()),
                        error.cause, error.hint);
    }
  }

  TrainingRequest request_;
  TrainingReport result_;
  TrainingIdentity identity_;
  std::optional<Checkpoint> resumed_;
  std::unique_ptr<Training<Scalar>> training_;
  std::optional<LogFile> log_;
};

TrainingSession::TrainingSession(TrainingRequest request) {
  if (request.options.methods.size() != 1) {
    throw std::invalid_argument("a step is certified by one method");
  }
  request.options.adapt = statistics_of_files(request.parameters, request.statistics);
  Report report = make_report(request.source, request.options, request.limits);
  if (report.settings.loss == nullptr) throw NothingToMinimize();
  request.samples.fit(report);
  request.samples.require_labels(report);
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
