#include "smoothbound/runtime/samples.hpp"

#include <fmt/format.h>

#include "smoothbound/data/input_file.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

bool takes_labels(const LossRow* loss) {
  return loss != nullptr && loss->labels != LabelKind::none;
}

std::string there_are(std::int64_t samples) {
  return samples == 1 ? "there is 1 sample" : fmt::format("there are {} samples", samples);
}

}  // namespace

std::vector<std::string> SampleRequest::files() const {
  std::vector<std::string> files;
  if (is_input) files.push_back(name);
  for (const std::string& file : {labels, targets}) {
    if (!file.empty()) files.push_back(file);
  }
  if (!is_input && !is_random()) files.push_back(name);
  return files;
}

TooFewSamples::TooFewSamples(const Dataset& from, const std::string& network, std::int64_t batch)
    : std::runtime_error(
          fmt::format("{}, and the batch of '{}' is {}", there_are(from.samples), network, batch)),
      data(from.name),
      available(from.samples),
      asked(batch) {}

TargetsNotTaken::TargetsNotTaken(const LossRow* of)
    : std::runtime_error(of == nullptr
                             ? "targets need a loss, and there is none"
                             : fmt::format("targets do not apply to the loss {}", of->name)),
      loss(of) {}

Samples::Samples(SampleRequest request) : request_(std::move(request)) {
  if (request_.is_random()) return;
  DatasetOptions options;
  options.split = request_.split;
  options.divisor = request_.divisor;
  if (!request_.labels.empty()) options.labels = request_.labels;
  dataset_ = open_dataset(request_.name, options);
  stored_ = dataset_->sample_shape;
}

std::optional<std::int64_t> Samples::count() const {
  if (request_.is_random()) return std::nullopt;
  return dataset_->samples;
}

void Samples::fit(const Report& report) {
  if (request_.is_random()) return;
  if (have_targets()) {
    const LossRow* loss = report.settings.loss;
    if (loss == nullptr || loss->labels != LabelKind::classes_or_targets) {
      throw TargetsNotTaken(loss);
    }
    targets_ = std::make_shared<const ArrayFile>(
        open_targets(request_.targets, dataset_->samples, report.graph.output_shape()));
  }
  if (report.settings.batch > dataset_->samples) {
    throw TooFewSamples(*dataset_, report.graph.name, report.settings.batch);
  }
  const Border border = request_.is_input ? Border::none : Border::zeros;
  dataset_ = fit_samples(*std::move(dataset_), report.graph.input, border);
}

void Samples::generate(const Report& report) {
  if (!request_.is_random()) return;
  constexpr std::int64_t most_classes = 0xFFFFFFFF;
  const std::int64_t outputs = report.graph.output_shape().elements();
  const bool labelled = takes_labels(report.settings.loss) && outputs <= most_classes;
  dataset_ = random_dataset(report.graph.input, report.settings.batch, request_.seed,
                            labelled ? outputs : 0);
  stored_ = dataset_->sample_shape;
}

std::optional<std::string> Samples::split() const {
  if (request_.is_random() || request_.is_input) return std::nullopt;
  if (request_.name != "fashion-mnist" && !is_directory(request_.name)) return std::nullopt;
  return request_.split == Split::train ? "train" : "test";
}

PreparationOptions Samples::preparation(const Report& report) const {
  PreparationOptions options;
  options.standardise = request_.standardise;
  if (request_.is_random() || request_.scale_norm) {
    options.norm = report.settings.input_norm.nearest;
  }
  return options;
}

SampleOrigin Samples::origin(const Report& report, const Preparation& done) const {
  SampleOrigin origin;
  origin.name = dataset_->name;
  origin.split = split();
  if (request_.is_random()) origin.seed = request_.seed;
  if (dataset_->type) origin.numbers = {*dataset_->type, dataset_->divisor};
  if (targets_) origin.targets = target_numbers();
  origin.stored = stored_;
  origin.used = dataset_->sample_shape;
  origin.preparation = done;
  origin.norm = preparation(report).norm;
  return origin;
}

SampleOrigin::Numbers Samples::target_numbers() const {
  const ElementType type = targets_->entries().front().type;
  return {type, divisor_of(type, request_.divisor)};
}

Labels Samples::labels(const Report& report) const {
  Labels result;
  const std::int64_t outputs = report.graph.output_shape().elements();
  if (targets_) {
    result.targets.resize(static_cast<std::size_t>(report.settings.batch * outputs));
    targets_->read_range(targets_->entries().front(), 0, std::span<double>(result.targets));
    const double divisor = target_numbers().divisor;
    for (double& target : result.targets) target /= divisor;
    return result;
  }
  if (!dataset_->labels) return result;
  std::vector<std::int64_t>& classes = result.classes;
  classes = *dataset_->labels;
  classes.resize(static_cast<std::size_t>(report.settings.batch));
  const LossRow* loss = report.settings.loss;
  if (!takes_labels(loss)) return result;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] < outputs) continue;
    throw DataError(request_.labels.empty() ? dataset_->name : request_.labels,
                    fmt::format("sample {} has the label {}, and '{}' has {} output{}", i,
                                classes[i], report.graph.name, outputs, outputs == 1 ? "" : "s"),
                    fmt::format("{} needs an output for each class", loss->name));
  }
  return result;
}

}  // namespace smoothbound
