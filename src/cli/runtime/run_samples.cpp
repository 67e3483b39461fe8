#include "run_samples.hpp"

#include <fmt/format.h>

#include <array>

#include "shared/model_options.hpp"
#include "smoothbound/data/input_file.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 2> split_names{"train", "test"};
constexpr std::string_view random_name = "random";

}  // namespace

void SampleOptions::add_to(Command& command) {
  command.option(
      "--data", data_,
      "samples: fashion-mnist, a file (IDX, NPY, CIFAR-10), a directory of MNIST's or CIFAR-10's "
      "files, or random, scaled to the norm of the architecture's input (random)",
      "FILE");
  command.option("--input", input_, "all samples of this file: IDX or NPY, [samples, ...]", "FILE");
  command.option("--labels", labels_, "the class of each sample: IDX or NPY", "FILE");
  command.option(
      "--targets", targets_,
      "what the network should give for each sample, for the square loss: NPY, [samples, "
      "outputs...]",
      "FILE");
  command.choice(
      "--split", split_,
      fmt::format("which part of MNIST's or CIFAR-10's files ({})", split_names[trains_ ? 0 : 1]),
      split_names);
  command.option(
      "--samples", samples_,
      trains_
          ? "number of samples, from the first on (all; of random ones, the architecture's batch)"
          : "number of samples, from the first on (the architecture's batch)",
      "COUNT");
  command.flag("--standardise", standardise_,
               "subtract each channel's mean and divide by its standard deviation");
  command.flag("--scale-norm", scale_norm_,
               "scale the samples together to the norm of the architecture's input");
}

std::vector<std::string> SampleOptions::files() const {
  std::vector<std::string> files;
  for (const std::string& file : {input_, labels_, targets_}) {
    if (!file.empty()) files.push_back(file);
  }
  if (!data_.empty() && data_ != random_name) files.push_back(data_);
  return files;
}

void SampleOptions::open(const CommandLine& line, Settings& settings) {
  if (!data_.empty() && !input_.empty()) {
    throw SpecError(line.locate_last({"--input"}), "--data and --input both name samples",
                    "keep one of them");
  }
  if (!labels_.empty() && !targets_.empty()) {
    throw SpecError(line.locate_last({"--targets"}),
                    "--labels and --targets both say what the samples should be",
                    "keep one of them");
  }
  if (!samples_.empty() && settings.batch) {
    throw SpecError(line.locate_last({"--samples"}),
                    "--samples and --batch both say how many samples there are",
                    "keep one of them");
  }
  if (settings.batch) count_option_ = "--batch";
  if (!samples_.empty()) {
    count_option_ = "--samples";
    settings.batch = parse_count(line.scalar("--samples", samples_));
  }
  DatasetOptions options;
  options.split = trains_ ? Split::train : Split::test;
  if (!split_.empty()) {
    options.split = choose(line, "--split", split_, split_names) == 0 ? Split::train : Split::test;
  }
  random_ = input_.empty() && (data_.empty() || data_ == random_name);
  if (random_) {
    for (const auto& [option, value] :
         {std::pair<std::string, const std::string&>{"--labels", labels_},
          {"--targets", targets_},
          {"--split", split_}}) {
      if (value.empty()) continue;
      throw SpecError(line.locate_last({option}),
                      fmt::format("{} does not apply to random samples", option),
                      "name samples with --data or --input");
    }
    return;
  }
  if (!labels_.empty()) options.labels = labels_;
  dataset_ = open_dataset(input_.empty() ? data_ : input_, options);
  stored_ = dataset_->sample_shape;
  if ((trains_ || !input_.empty()) && !settings.batch) settings.batch = dataset_->samples;
}

void SampleOptions::fit(const CommandLine& line, const Report& report) {
  if (random_) return;
  if (have_targets()) fit_targets(line, report);
  const std::int64_t batch = report.settings.batch;
  if (batch > dataset_->samples) {
    const std::string there_are = dataset_->samples == 1
                                      ? "there is 1 sample"
                                      : fmt::format("there are {} samples", dataset_->samples);
    const std::string hint = fmt::format("--samples {} takes all of them", dataset_->samples);
    if (count_option_.empty()) {
      throw DataError(
          dataset_->name,
          fmt::format("{}, and the batch of '{}' is {}", there_are, report.graph.name, batch),
          hint);
    }
    throw SpecError(line.locate_last({count_option_}),
                    fmt::format("{} asks for {} samples, and in '{}' {}", count_option_, batch,
                                dataset_->name, there_are),
                    hint);
  }
  // Data sets of images are made to fit; a file that was given as the input has to.
  const Border border = input_.empty() ? Border::zeros : Border::none;
  dataset_ = fit_samples(*std::move(dataset_), report.graph.input, border);
}

void SampleOptions::fit_targets(const CommandLine& line, const Report& report) {
  const LossRow* loss = report.settings.loss;
  // Where labels lie in a ball they are vectors.
  if (loss == nullptr || loss->setting != label_radius_setting) {
    throw SpecError(
        line.locate_last({"--targets"}),
        loss == nullptr ? "--targets needs a loss, and there is none"
                        : fmt::format("--targets does not apply to the loss {}", loss->name),
        loss != nullptr && loss->is_mean ? "it takes classes, from --labels; square takes targets"
                                         : "take the square loss: --loss square");
  }
  opened_targets_ =
      open_targets(targets_, dataset_->samples, report.graph.shape_of(report.graph.output()));
}

void SampleOptions::generate(const Report& report, std::uint64_t seed) {
  if (!random_) return;
  constexpr std::int64_t most_classes = 0xFFFFFFFF;
  const LossRow* loss = report.settings.loss;
  const std::int64_t outputs = report.graph.shape_of(report.graph.output()).elements();
  const bool labelled = loss != nullptr && loss->is_mean && outputs <= most_classes;
  dataset_ =
      random_dataset(report.graph.input, report.settings.batch, seed, labelled ? outputs : 0);
  stored_ = dataset_->sample_shape;
}

std::optional<std::string> SampleOptions::split() const {
  if (random_ || !input_.empty()) return std::nullopt;
  if (data_ != "fashion-mnist" && !is_directory(data_)) return std::nullopt;
  return split_.empty() ? std::string(split_names[trains_ ? 0 : 1]) : split_;
}

PreparationOptions SampleOptions::preparation(const Report& report) const {
  PreparationOptions options;
  options.standardise = standardise_;
  if (random_ || scale_norm_) options.norm = report.settings.input_norm.nearest;
  return options;
}

Labels SampleOptions::labels(const Report& report) const {
  Labels result;
  if (opened_targets_) {
    const std::int64_t outputs = report.graph.shape_of(report.graph.output()).elements();
    result.targets.resize(static_cast<std::size_t>(report.settings.batch * outputs));
    opened_targets_->read_range(opened_targets_->entries().front(), 0,
                                std::span<double>(result.targets));
    return result;
  }
  if (!dataset_->labels) return result;
  std::vector<std::int64_t>& classes = result.classes;
  classes = *dataset_->labels;
  classes.resize(static_cast<std::size_t>(report.settings.batch));
  const LossRow* loss = report.settings.loss;
  const std::int64_t outputs = report.graph.shape_of(report.graph.output()).elements();
  if (loss == nullptr || !loss->is_mean) return result;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] < outputs) continue;
    throw DataError(labels_.empty() ? dataset_->name : labels_,
                    fmt::format("sample {} has the label {}, and '{}' has {} output{}", i,
                                classes[i], report.graph.name, outputs, outputs == 1 ? "" : "s"),
                    fmt::format("{} needs an output for each class", loss->name));
  }
  return result;
}

}  // namespace smoothbound::cli
