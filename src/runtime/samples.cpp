#include "smoothbound/runtime/samples.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "smoothbound/data/input_file.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

bool takes_labels(const LossRow* loss) {
  return loss != nullptr && loss->labels != LabelKind::none;
}

// How many there are, of which each label is one.
std::int64_t classes_of(const LossRow* loss, const Shape& output) {
  const bool each = loss != nullptr && loss->classifies_positions();
  return each ? output.channels() : output.elements();
}

// Those of a sample's labels, but for axes of size 1.
std::vector<std::int64_t> label_axes(const LossRow* loss, const Shape& output) {
  if (loss == nullptr || !loss->classifies_positions()) return {};
  return without_ones(output.sizes().subspan(1));
}

std::string labels_with(const std::vector<std::int64_t>& axes) {
  if (axes.empty()) return "one label";
  return fmt::format("labels of shape [{}]", fmt::join(axes, ", "));
}

// Of the samples that are taken: as many labels as the loss takes, each a class that it knows.
void require_labels_that_fit(const std::string& file, const Dataset& data, const Report& report,
                             const std::vector<std::int64_t>& classes) {
  const LossRow* loss = report.settings.loss;
  const Shape& output = report.graph.output_shape();
  const std::string& network = report.graph.name;
  const std::vector<std::int64_t> axes = label_axes(loss, output);
  if (data.label_axes != axes) {
    throw DataError(
        file,
        fmt::format("each sample has {}, and {} takes {}: the outputs of '{}' have the shape {}",
                    labels_with(data.label_axes), loss->name, labels_with(axes), network,
                    output.to_text()),
        axes.empty() ? "logistic takes a label for each position"
                     : "to classify samples, end the network in dense, or average over the "
                       "positions with global_average_pool");
  }
  const std::int64_t known = classes_of(loss, output);
  const std::string_view place = axes.empty() ? "output" : "channel";
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] < known) continue;
    throw DataError(
        file,
        fmt::format("sample {} has the label {}, and '{}' has {} {}{}",
                    static_cast<std::int64_t>(i) / data.labels_of_sample(), classes[i], network,
                    known, place, known == 1 ? "" : "s"),
        fmt::format("{} needs {} {} for each class", loss->name, axes.empty() ? "an" : "a", place));
  }
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

IdsAsNumbers::IdsAsNumbers(Change asked)
    : std::runtime_error("samples that are ids are taken as they are"), change(asked) {}

LabelsMissing::LabelsMissing(std::string of, const LossRow& asking)
    : std::runtime_error(fmt::format(
          "has no labels, and the loss {} asks what each sample should be", asking.name)),
      data(std::move(of)),
      loss(&asking) {}

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
  const bool are_ids = report.graph.input_ids.has_value();
  if (are_ids) {
    using enum IdsAsNumbers::Change;
    if (request_.standardise) throw IdsAsNumbers(standardised);
    if (request_.scale_norm) throw IdsAsNumbers(scaled);
    if (request_.divisor.value_or(1) != 1) throw IdsAsNumbers(divided);
  }
  if (request_.is_random()) return;
  if (are_ids) dataset_->divisor = 1;
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

void Samples::require_labels(const Report& report) const {
  if (report.settings.loss->labels == LabelKind::none || request_.is_random() || have_targets() ||
      dataset().labels) {
    return;
  }
  throw LabelsMissing(dataset().name, *report.settings.loss);
}

void Samples::generate(const Report& report) {
  if (!request_.is_random()) return;
  constexpr std::int64_t most_classes = 0xFFFFFFFF;
  const LossRow* loss = report.settings.loss;
  const std::int64_t classes = classes_of(loss, report.graph.output_shape());
  const bool labelled = takes_labels(loss) && classes <= most_classes;
  dataset_ = random_dataset(report.graph.input, report.settings.batch, request_.seed,
                            labelled ? classes : 0, label_axes(loss, report.graph.output_shape()));
  if (const auto ids = report.graph.input_ids) {
    dataset_ = with_random_ids(*std::move(dataset_), *ids, request_.seed);
  }
  stored_ = dataset_->sample_shape;
}

std::optional<std::string> Samples::split() const {
  if (request_.is_random() || request_.is_input) return std::nullopt;
  if (request_.name != "fashion-mnist" && !is_directory(request_.name)) return std::nullopt;
  return request_.split == Split::train ? "train" : "test";
}

PreparationOptions Samples::preparation(const Report& report) const {
  PreparationOptions options;
  if (report.graph.input_ids) {
    options.ids = report.graph.input_ids;
    return options;
  }
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
  origin.ids = report.graph.input_ids;
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
  const std::int64_t each = dataset_->labels_of_sample();
  classes.resize(static_cast<std::size_t>(report.settings.batch * each));
  const LossRow* loss = report.settings.loss;
  if (!takes_labels(loss)) return result;
  require_labels_that_fit(request_.labels.empty() ? dataset_->name : request_.labels, *dataset_,
                          report, classes);
  return result;
}

}  // namespace smoothbound
