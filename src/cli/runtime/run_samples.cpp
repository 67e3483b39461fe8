#include "run_samples.hpp"

#include <fmt/format.h>

#include <array>

#include "shared/model_options.hpp"
#include "smoothbound/data/array_file.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 2> split_names{"train", "test"};

}  // namespace

void SampleOptions::add_to(Command& command) {
  command.group(OptionGroup::data);
  const auto samples = array_formats({ArrayContents::dataset, ArrayContents::array});
  command.option(
      "--data", data_,
      fmt::format("samples: fashion-mnist, a file ({}, CIFAR), a directory of MNIST's or CIFAR's "
                  "files, or random, scaled to the norm of the architecture's input, or ids for an "
                  "embedding (random)",
                  join(samples)),
      "FILE");
  command.option(
      "--input", input_,
      fmt::format("samples, as the network takes them: {}, [samples, ...]", join_or(samples)),
      "FILE");
  command.option("--labels", labels_, fmt::format("the class of each sample: {}", join_or(samples)),
                 "FILE");
  command.option(
      "--targets", targets_,
      fmt::format("what the network should give for each sample, for losses that take numbers: {}, "
                  "[samples, outputs...]",
                  join_or(array_formats({ArrayContents::array}))),
      "FILE");
  command.choice(
      "--split", split_,
      fmt::format("which part of MNIST's or CIFAR's files ({})", split_names[trains_ ? 0 : 1]),
      split_names);
  command.option(
      "--samples", samples_,
      "number of samples, from the first on (all; of random ones, the architecture's batch)",
      "COUNT");
  command.option(
      "--scale-input", scale_input_,
      "divisor of whole numbers in samples and targets, or none (255 for bytes, none for "
      "others)",
      "DIVISOR");
  command.flag("--standardise", standardise_,
               "subtract each channel's mean and divide by its standard deviation");
  command.flag("--scale-norm", scale_norm_,
               "scale the samples together to the norm of the architecture's input");
}

std::string SampleOptions::first_given() const {
  const std::array<std::pair<const char*, bool>, 9> given{{{"--data", !data_.empty()},
                                                           {"--input", !input_.empty()},
                                                           {"--labels", !labels_.empty()},
                                                           {"--targets", !targets_.empty()},
                                                           {"--split", !split_.empty()},
                                                           {"--samples", !samples_.empty()},
                                                           {"--scale-input", !scale_input_.empty()},
                                                           {"--standardise", standardise_},
                                                           {"--scale-norm", scale_norm_}}};
  for (const auto& [option, is_given] : given) {
    if (is_given) return option;
  }
  return {};
}

SampleRequest SampleOptions::named() const {
  SampleRequest request;
  request.is_input = !input_.empty();
  if (!data_.empty()) request.name = data_;
  if (request.is_input) request.name = input_;
  request.labels = labels_;
  request.targets = targets_;
  return request;
}

Samples SampleOptions::open(const CommandLine& line, std::uint64_t seed, Settings& settings) {
  refuse_contradictions(line, settings);
  if (settings.batch) count_option_ = "--batch";
  if (!samples_.empty()) {
    count_option_ = "--samples";
    settings.batch = text::parse_count(line.scalar("--samples", samples_));
  }
  SampleRequest request = named();
  request.split = trains_ ? Split::train : Split::test;
  if (!split_.empty()) {
    request.split = choose(line, "--split", split_, split_names) == 0 ? Split::train : Split::test;
  }
  request.divisor = divisor(line);
  request.standardise = standardise_;
  request.scale_norm = scale_norm_;
  request.seed = seed;
  if (request.is_random()) refuse_for_random(line);
  Samples samples(std::move(request));
  if (!settings.batch) settings.batch = samples.count();
  return samples;
}

std::optional<double> SampleOptions::divisor(const CommandLine& line) const {
  if (scale_input_.empty()) return std::nullopt;
  if (scale_input_ == "none") return 1;
  return text::parse_real(line.scalar("--scale-input", scale_input_), text::RealRange::positive)
      .nearest;
}

void SampleOptions::refuse_contradictions(const CommandLine& line, const Settings& settings) const {
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
}

void SampleOptions::refuse_for_random(const CommandLine& line) const {
  for (const auto& [option, value] :
       {std::pair<std::string, const std::string&>{"--labels", labels_},
        {"--targets", targets_},
        {"--split", split_},
        {"--scale-input", scale_input_}}) {
    if (value.empty()) continue;
    throw SpecError(line.locate_last({option}),
                    fmt::format("{} does not apply to random samples", option),
                    "name samples with --data or --input");
  }
}

void SampleOptions::refuse(const CommandLine& line, const TooFewSamples& error) const {
  const std::string hint = fmt::format("--samples {} takes all of them", error.available);
  throw SpecError(
      line.locate_last({count_option_}),
      fmt::format(
          "{} asks for {} samples, and in '{}' there {}", count_option_, error.asked, error.data,
          error.available == 1 ? "is 1 sample" : fmt::format("are {} samples", error.available)),
      hint);
}

void SampleOptions::refuse(const CommandLine& line, const TargetsNotTaken& error) {
  const LossRow* loss = error.loss;
  throw SpecError(line.locate_last({"--targets"}),
                  loss == nullptr
                      ? "--targets needs a loss, and there is none"
                      : fmt::format("--targets does not apply to the loss {}", loss->name),
                  loss != nullptr && loss->labels == LabelKind::classes
                      ? "it takes classes, from --labels; square takes targets"
                      : "take the square loss: --loss square");
}

void SampleOptions::refuse(const CommandLine& line, const IdsAsNumbers& error) {
  static constexpr std::array<const char*, 3> options{"--scale-input", "--standardise",
                                                      "--scale-norm"};
  const std::string option = options.at(static_cast<std::size_t>(error.change));
  throw SpecError(line.locate_last({option}),
                  fmt::format("{} does not apply to samples that are ids", option),
                  "the network has an embedding, which takes them as they are: leave it out");
}

}  // namespace smoothbound::cli
