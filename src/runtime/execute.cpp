#include "smoothbound/runtime/execute.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "smoothbound/runtime/adapt_statistics.hpp"
#include "smoothbound/runtime/bound_check.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

// Bytes for a sample's part in loss and labels.
std::int64_t reserved_per_sample(const Report& report, bool have_targets) {
  const LossRow* loss = report.settings.loss;
  constexpr std::int64_t number = sizeof(double);
  if (loss == nullptr) return number;
  const std::int64_t arrays =
      numbers_of_evaluation(*loss, report.settings.batch) + (have_targets ? 1 : 0);
  return number * (1 + checked_product(report.graph.output_shape().elements(), arrays,
                                       "the size of the loss"));
}

template <class Scalar>
RunLoss evaluate(const Report& report, const Labels& labels, const std::vector<Scalar>& outputs) {
  const LossRow& loss = *report.settings.loss;
  RunLoss result;
  result.name = loss.name;
  const std::vector<double> predictions(outputs.begin(), outputs.end());
  LossData data;
  data.samples = report.settings.batch;
  data.outputs = report.graph.output_shape().elements();
  data.positions = report.graph.output_shape().positions();
  data.predictions = predictions;
  data.labels = &labels;
  data.clusters = report.settings.clusters;
  data.label_smoothing = report.settings.label_smoothing.nearest;
  data.threshold = report.settings.threshold.nearest;
  try {
    const LossEvaluation evaluation = evaluate_loss(loss, data);
    if (std::isfinite(evaluation.value)) {
      result.value = evaluation.value;
      result.gap = evaluation.gap;
    } else {
      result.overflows = true;
      result.reason = fmt::format("{}: its value is beyond the largest number", loss.name);
    }
  } catch (const LossError& error) {
    result.reason = error.what();
  }
  return result;
}

// Nothing of random labels, of labels for positions, and where outputs do not stand for classes.
template <class Scalar>
std::optional<RunAccuracy> classify(const Report& report, const std::vector<std::int64_t>& classes,
                                    const std::vector<Scalar>& outputs) {
  const LossRow* loss = report.settings.loss;
  const std::int64_t each = report.graph.output_shape().elements();
  if (classes.size() != static_cast<std::size_t>(report.settings.batch)) return std::nullopt;
  if (classes.empty() || each <= 1 || std::ranges::max(classes) >= each) return std::nullopt;
  if (loss != nullptr && loss->labels == LabelKind::none) return std::nullopt;
  RunAccuracy accuracy;
  accuracy.samples = report.settings.batch;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto first = outputs.begin() + static_cast<std::ptrdiff_t>(i) * each;
    accuracy.correct += std::max_element(first, first + each) - first == classes[i] ? 1 : 0;
  }
  return accuracy;
}

template <class Scalar>
typename BatchRunner<Scalar>::Progress in_samples(const RunProgress& progress, std::int64_t all) {
  if (!progress) return {};
  return [&progress, all](double done) {
    progress(std::min(all, static_cast<std::int64_t>(done * static_cast<double>(all))), all);
  };
}

class Execution {
 public:
  Execution(RunRequest& request, const RunProgress& progress)
      : request_(request), samples_(request.samples), progress_(progress) {
    request.options.adapt = statistics_of_files(request.parameters, request.statistics);
  }

  RunReport run() {
    const Report report = make_report(request_.source, request_.options, request_.limits);
    samples_.fit(report);
    return request_.precision == Precision::float32 ? run<float>(report) : run<double>(report);
  }

 private:
  template <class Scalar>
  RunReport run(const Report& report) {
    const std::int64_t batch = report.settings.batch;
    RunnerOptions options;
    options.memory = request_.memory;
    options.profile = request_.profile;
    options.reserved_per_sample = reserved_per_sample(report, samples_.have_targets());
    BatchRunner<Scalar> runner(report.graph, batch, options);
    RunReport result;
    result.precision = request_.precision;
    result.tolerance = rounding_tolerance<Scalar>;
    result.samples_at_once = runner.batch();
    result.parameters = request_.parameters;
    result.statistics = request_.statistics;
    samples_.generate(report);
    const Labels labels = samples_.labels(report);
    std::vector<std::string> notes;
    ParameterSource parameters = request_.parameters;
    parameters.reading.notice = [&notes](const std::string& what) { notes.push_back(what); };
    set_parameters(runner.network(), report.graph, parameters, report.settings.radius);

    const Dataset& dataset = samples_.dataset();
    const Preparation preparation =
        measure_preparation(dataset, 0, batch, samples_.preparation(report));
    RunResult<Scalar> measured = runner.run(
        [&](std::int64_t first, std::span<Scalar> values) {
          dataset.read(first, values);
          apply_preparation(preparation, dataset.sample_shape, values);
        },
        in_samples<Scalar>(progress_, batch));

    result.data = samples_.origin(report, preparation);
    result.blocks = block_norms(runner.network(), report.settings.radius);
    if (report.settings.loss != nullptr) {
      result.loss = evaluate(report, labels, measured.outputs);
    }
    if (!samples_.request().is_random()) {
      result.accuracy = classify(report, labels.classes, measured.outputs);
    }
    result.input_norm = measured.input_norm;
    result.norms = std::move(measured.layer_norms);
    result.profile = std::move(measured.profile);
    result.reorders = measured.reorders;
    result.bounds = bound_measured(report, measured.input_norm);
    std::ranges::move(notes, std::back_inserter(result.bounds.assumptions));
    result.outputs = std::move(measured.outputs);
    return result;
  }

  // The bounds for the samples as they were. Of ids nothing counts but how many there are.
  [[nodiscard]] Report bound_measured(const Report& before, double norm) const {
    if (before.graph.input_ids) return before;
    if (!std::isfinite(norm)) {
      const bool is_short = request_.precision == Precision::float32;
      const std::string what = "the norm of all samples together is not finite";
      if (is_short) throw DataError(samples_.dataset().name, what, Remedy::longer_numbers);
      throw DataError(samples_.dataset().name, what, "divide the samples, or take fewer");
    }
    ReportOptions options = request_.options;
    options.overrides.input_norm = measured(norm);
    options.overrides.sample_norm = options.overrides.input_norm;
    return make_report(request_.source, options, request_.limits);
  }

  const RunRequest& request_;
  Samples& samples_;
  const RunProgress& progress_;
};

}  // namespace

RunReport execute(RunRequest request, const RunProgress& progress) {
  return Execution(request, progress).run();
}

}  // namespace smoothbound
