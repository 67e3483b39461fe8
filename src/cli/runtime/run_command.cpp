// smoothbound run: executes a network, and holds what it measures against the bounds.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>

#include "run_samples.hpp"
#include "runtime_commands.hpp"
#include "shared/command_line.hpp"
#include "shared/command_tree.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/plot_output.hpp"
#include "shared/progress.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/report/run/run.hpp"
#include "smoothbound/runtime/bound_check.hpp"
#include "smoothbound/runtime/initialize.hpp"
#include "smoothbound/runtime/losses/evaluate.hpp"
#include "smoothbound/runtime/machine.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/statistics.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 2> precision_names{"float32", "float64"};

// The options as typed.
struct RunOptions {
  std::string file;
  SampleOptions samples;
  std::string weights;
  std::string statistics;
  std::string init;
  std::string seed = "1";
  std::string precision = "float32";
  std::string output;
  std::string format;
  std::string memory;
  std::string threads;
  bool profile = false;
  ModelOptions model;
};

class RunCommand {
 public:
  RunCommand(RunOptions& options, const CommandLine& line)
      : options_(options), samples_(options.samples), line_(line) {}

  int run() {
    interpret();
    samples_.open(line_, report_options_.overrides);
    std::optional<Report> report =
        try_report(options_.file, report_options_, options_.model.limits(line_), source_);
    if (!report) return bad_input;
    samples_.fit(line_, *report);
    try {
      return precision_ == 0 ? execute<float>(*report) : execute<double>(*report);
    } catch (const NotExecutable& error) {
      std::cerr << render_error(DataError(options_.file, error.what()));
      return no_answer;
    }
  }

 private:
  // From texts to values; throws SpecError with a place on the command line.
  void interpret() {
    report_options_ = options_.model.interpret(line_);
    format_ = choose_format(line_, options_.format);
    precision_ = choose(line_, "--precision", options_.precision, precision_names);
    if (!options_.init.empty()) {
      scheme_ = static_cast<Scheme>(choose(line_, "--init", options_.init, scheme_names()));
      if (!options_.weights.empty()) {
        throw SpecError(line_.locate_last({"--init"}), "--weights and --init both give parameters",
                        "keep one of them");
      }
    }
    if (!options_.statistics.empty()) {
      report_options_.adapt = [this](Graph graph) {
        const auto statistics = read_statistics(graph, options_.statistics);
        return with_fixed_statistics(std::move(graph), statistics);
      };
    }
    seed_ = static_cast<std::uint64_t>(parse_count(line_.scalar("--seed", options_.seed), 0));
    if (!options_.memory.empty()) {
      memory_ = static_cast<std::int64_t>(parse_size(line_.scalar("--memory", options_.memory)));
    } else {
      memory_ = available_memory() / 5 * 4;
    }
    if (!options_.threads.empty()) {
      set_threads(parse_count(line_.scalar("--threads", options_.threads)));
    }
    check_output();
  }

  void check_output() const {
    const std::string& output = options_.output;
    if (output.empty()) return;
    if (output == "-") {
      throw SpecError(line_.locate_last({"-o", "--output"}),
                      "the network's outputs are not text: --output needs a file",
                      "name a file *.npy");
    }
    std::vector<std::string> inputs = samples_.files();
    inputs.push_back(options_.file);
    inputs.push_back(options_.weights);
    inputs.push_back(options_.statistics);
    refuse_overwriting(line_, {"-o", "--output"}, output, inputs);
    refuse_other_formats(line_, {"-o", "--output"}, output, {".npy"}, "output of a network",
                         "name a file *.npy; --format is about what is on standard output");
    probe_output(output);
  }

  // Bytes for a sample's part in loss and labels.
  [[nodiscard]] std::int64_t reserved_per_sample(const Report& report) const {
    const LossRow* loss = report.settings.loss;
    constexpr std::int64_t number = sizeof(double);
    if (loss == nullptr) return number;
    const std::int64_t outputs = report.graph.shape_of(report.graph.output()).elements();
    // Predictions, gradient, and what the Hessian keeps; convex clustering has numbers for each
    // pair of samples, in several arrays.
    const bool pairs = loss->name == "convex_clustering";
    const std::int64_t arrays =
        3 + (samples_.have_targets() ? 1 : 0) + (pairs ? 2 * (report.settings.batch - 1) : 0);
    return number * (1 + checked_product(outputs, arrays, "the size of the loss"));
  }

  template <class Scalar>
  BatchRunner<Scalar> make_runner(const Report& report) const {
    RunnerOptions options;
    options.memory = memory_;
    options.profile = options_.profile;
    try {
      options.reserved_per_sample = reserved_per_sample(report);
      return BatchRunner<Scalar>(report.graph, report.settings.batch, options);
    } catch (const MemoryShortage& error) {
      const std::int64_t batch = report.settings.batch;
      const std::string needs = fmt::format(
          "executing {} sample{} takes {}, more than the {} ", batch, batch == 1 ? "" : "s",
          memory_to_text(error.needed), memory_to_text(error.allowed));
      const std::string hint =
          report.graph.couples_samples
              ? "batch normalization needs all samples at once: take fewer, or allow more with "
                "--memory"
              : "take fewer samples, or allow more with --memory";
      if (options_.memory.empty()) {
        throw DataError(options_.file, needs + "that this machine has to spare", hint);
      }
      throw SpecError(line_.scalar("--memory", options_.memory).location, needs + "of --memory",
                      hint);
    } catch (const ShapeError& error) {
      throw DataError(options_.file, error.what(), error.hint);
    }
  }

  template <class Scalar>
  void set_parameters(Network<Scalar>& network, const Report& report, RunParameters& origin) const {
    origin.statistics = options_.statistics;
    if (!options_.weights.empty()) {
      load_parameters(network, options_.weights);
      origin.file = options_.weights;
      return;
    }
    try {
      initialize(network, scheme_, seed_, report.settings.radius);
    } catch (const std::overflow_error& error) {
      throw DataError(options_.file, error.what());
    }
    origin.scheme = scheme_names()[static_cast<std::size_t>(scheme_)];
    origin.seed = seed_;
  }

  template <class Scalar>
  int execute(const Report& report) {
    BatchRunner<Scalar> runner = make_runner<Scalar>(report);
    RunReport result;
    result.precision = precision_names[precision_];
    result.tolerance = rounding_tolerance<Scalar>;
    result.samples_at_once = runner.batch();
    samples_.generate(report, seed_);
    const Dataset& dataset = samples_.dataset();
    const std::int64_t batch = report.settings.batch;
    const Labels labels = samples_.labels(report);
    set_parameters(runner.network(), report, result.parameters);

    const PreparationOptions wanted = samples_.preparation(report);
    const Preparation preparation = measure_preparation(dataset, 0, batch, wanted);
    Progress progress;
    typename BatchRunner<Scalar>::Progress show;
    if (Progress::is_wanted()) {
      const auto all = static_cast<std::size_t>(batch);
      show = [&progress, all](double done) {
        progress.show(std::min(all, static_cast<std::size_t>(done * static_cast<double>(all))), all,
                      all == 1 ? "sample" : "samples");
      };
    }
    RunResult<Scalar> run = runner.run(
        [&](std::int64_t first, std::span<Scalar> values) {
          dataset.read(first, values);
          apply_preparation(preparation, dataset.sample_shape, values);
        },
        show);
    progress.clear();

    result.data = {dataset.name,         samples_.split(), {},         samples_.stored(),
                   dataset.sample_shape, preparation,      wanted.norm};
    if (samples_.are_random()) result.data.seed = seed_;
    result.blocks = block_norms(runner.network(), report.settings.radius);
    evaluate(report, labels, run.outputs, result);
    result.input_norm = run.input_norm;
    result.norms = std::move(run.layer_norms);
    result.profile = std::move(run.profile);
    result.reorders = run.reorders;
    result.bounds = bound_measured(run.input_norm);
    if (!options_.output.empty()) {
      std::vector<std::int64_t> shape{batch};
      const auto sizes = report.graph.shape_of(report.graph.output()).sizes();
      shape.insert(shape.end(), sizes.begin(), sizes.end());
      write_npy(options_.output, {"", shape, std::span<const Scalar>(run.outputs)});
    }
    write(result);
    return exit_code_of(result);
  }

  // The bounds for the samples as they were.
  Report bound_measured(double norm) const {
    if (!std::isfinite(norm)) {
      throw DataError(samples_.dataset().name, "the norm of all samples together is not finite",
                      precision_ == 0 ? "--precision float64 reaches further" : "");
    }
    ReportOptions options = report_options_;
    options.overrides.input_norm = measured(norm);
    options.overrides.sample_norm = options.overrides.input_norm;
    return make_report(source_, options, options_.model.limits(line_));
  }

  // Loss and accuracy.
  template <class Scalar>
  void evaluate(const Report& report, const Labels& labels, const std::vector<Scalar>& outputs,
                RunReport& result) const {
    const std::int64_t batch = report.settings.batch;
    const LossRow* loss = report.settings.loss;
    const auto of_sample =
        static_cast<std::size_t>(report.graph.shape_of(report.graph.output()).elements());
    if (loss != nullptr) {
      result.loss.emplace().name = loss->name;
      const std::vector<double> predictions(outputs.begin(), outputs.end());
      LossData data;
      data.samples = batch;
      data.outputs = static_cast<std::int64_t>(of_sample);
      data.predictions = predictions;
      data.labels = &labels;
      data.clusters = report.settings.clusters;
      try {
        const LossEvaluation evaluation = evaluate_loss(*loss, data);
        result.loss->value = evaluation.value;
        result.loss->gap = evaluation.gap;
      } catch (const LossError& error) {
        result.loss->reason = error.what();
      }
    }
    // Of random labels, and where outputs do not stand for classes, it would say nothing.
    const std::vector<std::int64_t>& classes = labels.classes;
    const bool classified = !classes.empty() && !samples_.are_random() && of_sample > 1 &&
                            (loss == nullptr || loss->is_mean) &&
                            std::ranges::max(classes) < static_cast<std::int64_t>(of_sample);
    if (!classified) return;
    RunAccuracy& accuracy = result.accuracy.emplace();
    accuracy.samples = batch;
    for (std::size_t i = 0; i < classes.size(); ++i) {
      const auto* const first = outputs.data() + i * of_sample;
      accuracy.correct += std::max_element(first, first + of_sample) - first == classes[i] ? 1 : 0;
    }
  }

  void write(const RunReport& result) const {
    Output output("");
    smoothbound::write(result, format_, [&](std::string_view text) { output.write(text); });
    output.commit();
  }

  static int exit_code_of(const RunReport& result) {
    switch (result.verdict()) {
      case RunReport::Verdict::exceeded:
        return regression;
      case RunReport::Verdict::overflow:
        return no_answer;
      case RunReport::Verdict::holds:
      case RunReport::Verdict::outside:
        break;
    }
    return success;
  }

  const RunOptions& options_;
  SampleOptions& samples_;
  const CommandLine& line_;
  Source source_;
  ReportOptions report_options_;
  Format format_ = Format::table;
  std::size_t precision_ = 0;
  Scheme scheme_ = Scheme::ball;
  std::uint64_t seed_ = 1;
  std::int64_t memory_ = 0;
};

}  // namespace

void add_run_command(CLI::App& app, const CommandLine& line, Action& action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand(
      "run", "Executes a network: outputs, loss, and the norms of its layers beside their bounds");
  const auto add = [&](const std::string& name, std::string& target, const std::string& help,
                       const std::string& type) {
    return command->add_option(name, target, help)->type_name(type);
  };
  add("file", options->file, "architecture file, JSON or YAML; - reads standard input", "FILE")
      ->required();
  options->samples.add_to(*command);
  add("--weights", options->weights, "parameters: safetensors or NPZ", "FILE");
  add("--statistics", options->statistics,
      "batch norm with these means and variances in place of the batch's: safetensors or NPZ",
      "FILE");
  add_choice(*command, "--init", options->init,
             "draw parameters as 'smoothbound init' does (ball, if no weights are given)",
             scheme_names());
  add("--seed", options->seed, "seed of random parameters and samples (1)", "SEED");
  add_choice(*command, "--precision", options->precision, "arithmetic (float32)", precision_names);
  add("-o,--output", options->output, "write the network's outputs to FILE, as NPY", "FILE");
  command->add_flag("--profile", options->profile,
                    "also go backward, and tell the time, work and memory of each layer");
  add_format(*command, options->format);
  add("--memory", options->memory, "memory that may be used (80% of what is available)", "SIZE");
  add("--threads", options->threads, "number of threads (as many as cores)", "COUNT");
  options->model.add_to(*command, {"--sample-norm", "--label-radius", "--regularizer",
                                   "--initial-gap", "--accuracy", "--variance"});
  command->footer(
      "The bounds are those for the norm of the samples as they are. Exit code 1: a layer exceeds\n"
      "its bound though all parameters are in their balls.\n"
      "Examples:\n"
      "  smoothbound run lenet5.yaml --data fashion-mnist --samples 1000 --weights w.safetensors\n"
      "  smoothbound run vgg16.yaml --batch 8 --init ball --seed 1 --profile\n"
      "  smoothbound run net.yaml --input x.npy --output y.npy --precision float64");
  command->callback([options, &line, &action] {
    action = [options, &line] { return RunCommand(*options, line).run(); };
  });
}

}  // namespace smoothbound::cli
