// smoothbound train: optimizes the parameters, and holds the run against the guarantee.

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cmath>
#include <csignal>
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
#include "smoothbound/bounds/training_log.hpp"
#include "smoothbound/report/train/training.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/runtime/initialize.hpp"
#include "smoothbound/runtime/machine.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/train/checkpoint.hpp"
#include "train_options.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 2> precision_names{"float64", "float32"};

std::atomic<bool>& stop_requested() {
  static std::atomic<bool> requested{false};
  return requested;
}

// The first signal asks for an end after the iteration, the second one ends the program.
extern "C" void request_stop(int /*number*/) {
  stop_requested() = true;
  remove_unfinished_output_on_signals();
}

void stop_on_signals() {
  for (const int number : {SIGINT, SIGTERM}) {
    if (std::signal(number, request_stop) == SIG_IGN) std::signal(number, SIG_IGN);
  }
}

// The options as typed.
struct TrainOptions {
  std::string file;
  SampleOptions samples{true};
  OracleOptions oracle;
  std::string weights;
  std::string init;
  std::string seed = "1";
  std::string precision = "float64";
  std::string iterations = "100";
  std::string accuracy;
  std::string log;
  std::string checkpoint;
  std::string checkpoint_every = "10";
  std::string resume;
  std::string output;
  std::string format;
  std::string memory;
  std::string threads;
  ModelOptions model;
};

class TrainCommand {
 public:
  TrainCommand(TrainOptions& options, const CommandLine& line)
      : options_(options), samples_(options.samples), line_(line) {}

  int run() {
    interpret();
    samples_.open(line_, report_options_.overrides);
    std::optional<Report> report =
        try_report(options_.file, report_options_, options_.model.limits(line_), source_);
    if (!report) return bad_input;
    if (report->settings.loss == nullptr) {
      throw DataError(options_.file, "names no loss, so there is nothing to minimize",
                      "add 'loss: logistic' to it, or give --loss");
    }
    samples_.fit(line_, *report);
    try {
      return precision_ == 0 ? train<double>(std::move(*report)) : train<float>(std::move(*report));
    } catch (const NotExecutable& error) {
      std::cerr << render_error(DataError(options_.file, error.what()));
    } catch (const TrainingUnsupported& error) {
      std::cerr << render_error(DataError(options_.file, error.what(), error.hint));
    } catch (const LossError& error) {
      std::cerr << render_error(DataError(options_.file, error.what()));
    }
    return no_answer;
  }

 private:
  // From texts to values; throws SpecError with a place on the command line.
  void interpret() {
    report_options_ = options_.model.interpret(line_);
    if (report_options_.methods.size() > 1) {
      throw SpecError(line_.locate_last({"--method"}), "a step is certified by one method",
                      "take paper or sharp");
    }
    training_ = options_.oracle.interpret(line_);
    format_ = choose_format(line_, options_.format);
    precision_ = choose(line_, "--precision", options_.precision, precision_names);
    if (!options_.init.empty()) {
      scheme_ = static_cast<Scheme>(choose(line_, "--init", options_.init, scheme_names()));
    }
    refuse_several_beginnings();
    seed_ = static_cast<std::uint64_t>(parse_count(line_.scalar("--seed", options_.seed), 0));
    training_.seed = seed_;
    iterations_ = parse_count(line_.scalar("--iterations", options_.iterations), 0);
    if (!options_.accuracy.empty()) {
      accuracy_ =
          parse_real(line_.scalar("--accuracy", options_.accuracy), RealRange::positive).nearest;
    }
    every_ = parse_count(line_.scalar("--checkpoint-every", options_.checkpoint_every));
    memory_ =
        options_.memory.empty()
            ? available_memory() / 5 * 4
            : static_cast<std::int64_t>(parse_size(line_.scalar("--memory", options_.memory)));
    if (!options_.threads.empty()) {
      set_threads(parse_count(line_.scalar("--threads", options_.threads)));
    }
    checkpoint_ = options_.checkpoint.empty() ? options_.resume : options_.checkpoint;
    check_outputs();
  }

  void refuse_several_beginnings() const {
    std::string first;
    for (const auto& [option, value] :
         {std::pair<std::string, const std::string&>{"--resume", options_.resume},
          {"--weights", options_.weights},
          {"--init", options_.init}}) {
      if (value.empty()) continue;
      if (!first.empty()) {
        throw SpecError(line_.locate_last({option}),
                        fmt::format("{} and {} both say where to begin", first, option),
                        "keep one of them");
      }
      first = option;
    }
  }

  void check_outputs() const {
    refuse_other_formats(line_, {"-o", "--output"}, options_.output, {".safetensors"},
                         "file of parameters",
                         "name a file *.safetensors; --format is about what is on standard output");
    std::vector<std::string> inputs = samples_.files();
    inputs.push_back(options_.file);
    inputs.push_back(options_.weights);
    const std::vector<std::pair<std::vector<std::string>, std::string>> outputs{
        {{"-o", "--output"}, options_.output},
        {{"--checkpoint"}, options_.checkpoint},
        {{"--log"}, options_.log}};
    for (const auto& [spellings, path] : outputs) {
      if (path.empty()) continue;
      if (path == "-") {
        throw SpecError(line_.locate_last(spellings),
                        fmt::format("{} needs a file", spellings.back()));
      }
      refuse_overwriting(line_, spellings, path, inputs);
      inputs.push_back(path);
      probe_output(path);
    }
  }

  template <class Scalar>
  std::int64_t micro_batch(const Report& report) const {
    if (report.graph.couples_samples) return 0;
    const std::int64_t batch =
        training_.mini_batch > 0 ? training_.mini_batch : samples_count(report);
    RunnerOptions options;
    // Values, cotangents and those of line searches: half of it for one pass.
    options.memory = memory_ / 2;
    options.profile = true;
    try {
      return BatchRunner<Scalar>(report.graph, batch, options).batch();
    } catch (const MemoryShortage& error) {
      throw DataError(
          options_.file,
          fmt::format("a step takes {}, and there are {}", memory_to_text(2 * error.needed),
                      memory_to_text(2 * error.allowed)),
          "allow more with --memory");
    }
  }

  static std::int64_t samples_count(const Report& report) { return report.settings.batch; }

  template <class Scalar>
  std::vector<double> first_parameters(const Report& report, RunParameters& origin) const {
    Network<Scalar> network(report.graph, 1, Purpose::values);
    if (!options_.weights.empty()) {
      load_parameters(network, options_.weights);
      origin.file = options_.weights;
    } else {
      try {
        initialize(network, scheme_, seed_, report.settings.radius);
      } catch (const std::overflow_error& error) {
        throw DataError(options_.file, error.what());
      }
      origin.scheme = scheme_names()[static_cast<std::size_t>(scheme_)];
      origin.seed = seed_;
    }
    const auto w = network.parameters();
    return {w.begin(), w.end()};
  }

  // All on which the bits of a run depend, by option.
  TrainingIdentity identity(const Report& report) const {
    const ResolvedSettings& settings = report.settings;
    const ReportOptions& model = report.options;
    const PreparationOptions preparation = samples_.preparation(report);
    std::string files;
    for (const std::string& file : samples_.files()) files += file + ' ';
    const auto number = [](const std::optional<Real>& value) {
      return value ? fmt::format("{}", value->nearest) : std::string("none");
    };
    return {{"architecture", report.sha256},
            {"data", samples_.dataset().name},
            {"files", files},
            {"split", samples_.split().value_or("none")},
            {"standardise", preparation.standardise ? "yes" : "no"},
            {"scale-norm", preparation.norm ? fmt::format("{}", *preparation.norm) : "no"},
            {"loss", std::string(settings.loss->name)},
            {"clusters", std::to_string(settings.clusters)},
            {"regularizer", number(settings.regularizer)},
            {"radius", number(settings.radius)},
            {"bn-epsilon", number(model.batch_norm_epsilon)},
            {"smooth", number(model.smooth_beta)},
            {"samples", std::to_string(samples_count(report))},
            {"batch", std::to_string(training_.mini_batch)},
            {"seed", std::to_string(seed_)},
            {"oracle", std::string(oracle_names()[static_cast<std::size_t>(training_.oracle)])},
            {"step", options_.oracle.step_text()},
            {"local-radius", fmt::format("{}", training_.local_radius)},
            {"dual-residual", fmt::format("{}", training_.dual_residual)},
            {"method", std::string(name_of(report_options_.methods.front()))},
            {"precision", std::string(precision_names[precision_])}};
  }

  void compare_identity(const TrainingIdentity& asked, const TrainingIdentity& saved) const {
    for (const auto& [name, value] : asked) {
      const auto found = saved.find(name);
      if (found != saved.end() && found->second == value) continue;
      throw DataError(options_.resume,
                      fmt::format("is of a run with {} {}, not {}", name,
                                  found == saved.end() ? "unknown" : found->second, value),
                      "take up a run with the options with which it began");
    }
  }

  template <class Scalar>
  int train(Report report) {
    samples_.generate(report, seed_);
    TrainingReport result;
    TrainingSamples<Scalar> samples;
    samples.count = samples_count(report);
    if (training_.mini_batch > samples.count) {
      throw SpecError(line_.locate_last({"--batch"}),
                      fmt::format("a step of {} samples, and there are {}", training_.mini_batch,
                                  samples.count));
    }
    const PreparationOptions wanted = samples_.preparation(report);
    samples.x.resize(static_cast<std::size_t>(samples.count * report.graph.input.elements()));
    const Preparation preparation =
        load_samples(samples_.dataset(), 0, wanted, std::span<Scalar>(samples.x));
    samples.labels = samples_.labels(report);
    result.data = {samples_.dataset().name,         samples_.split(), {},         samples_.stored(),
                   samples_.dataset().sample_shape, preparation,      wanted.norm};
    if (samples_.are_random()) result.data.seed = seed_;
    result.precision = precision_names[precision_];
    result.samples = samples.count;
    result.oracle = training_.oracle;
    result.rule = training_.rule;
    result.step = options_.oracle.step_text();
    result.method = report_options_.methods.front();

    TrainingIdentity identity = this->identity(report);
    if (!options_.resume.empty()) {
      const TrainingIdentity saved = read_identity(options_.resume);
      compare_identity(identity, saved);
      // Sums depend on it in their last bits.
      const auto parts = saved.find("micro-batch");
      if (parts != saved.end()) training_.micro_batch = std::stoll(parts->second);
    } else {
      training_.micro_batch = micro_batch<Scalar>(report);
    }
    identity["micro-batch"] = std::to_string(training_.micro_batch);

    result.bounds = std::move(report);  // where it stays: the training refers to its graph
    const Report& bounds = result.bounds;
    Training<Scalar> training(bounds.graph, bounds.settings, std::move(samples), result.method,
                              training_);
    result.mini_batch = training.is_stochastic() ? training_.mini_batch : 0;
    result.certified = training.global_step();
    if (options_.resume.empty()) {
      result.projected = training.begin(first_parameters<Scalar>(bounds, result.parameters));
    } else {
      Checkpoint checkpoint = load_checkpoint(options_.resume, training.parameter_layout());
      training.resume(std::move(checkpoint.state));
      result.parameters.file = options_.resume;
    }
    return iterate(training, identity, result);
  }

  template <class Scalar>
  int iterate(Training<Scalar>& training, const TrainingIdentity& identity,
              TrainingReport& result) {
    std::optional<LogFile> log;
    if (!options_.log.empty()) log.emplace(options_.log, training.state().iteration);
    const auto take = [&](const IterationRecord& record) {
      if (log) log->append(record);
      result.records.push_back(record);
    };
    const auto save = [&] {
      if (checkpoint_.empty()) return;
      try {
        save_checkpoint(checkpoint_, training.parameter_layout(), training.state(), identity);
      } catch (const OutputError& error) {
        throw OutputError(fmt::format("iteration {}: {}; the last checkpoint is as it was",
                                      training.state().iteration, error.what()),
                          error.silent);
      }
    };
    stop_on_signals();
    Progress progress;
    int code = success;
    try {
      if (training.is_stochastic()) {
        const double first = training.full_objective();
        if (std::isfinite(first)) result.all_samples_first = first;
      }
      while (training.state().iteration < iterations_ && !stop_requested()) {
        const IterationRecord record = training.advance();
        take(record);
        if (training.state().iteration % every_ == 0) save();
        if (Progress::is_wanted()) {
          progress.show(static_cast<std::size_t>(training.state().iteration),
                        static_cast<std::size_t>(iterations_), "iterations");
        }
        if (!training.is_stochastic() && record.gradient_mapping <= accuracy_) break;
      }
      result.interrupted = stop_requested();
      if (result.interrupted) code = interrupted;
      save();
      take(training.rest());
      const double last = training.full_objective();
      if (std::isfinite(last)) result.last_objective = last;
    } catch (const TrainingFailed& error) {
      progress.clear();
      std::string hint;
      if (!checkpoint_.empty() && training.state().iteration > 0) {
        save();
        hint = fmt::format("'{}' holds the parameters before that", checkpoint_);
      }
      std::cerr << render_error(DataError(options_.file, error.what(), hint));
      return no_answer;
    }
    progress.clear();
    result.state = training.state();
    if (!options_.output.empty()) {
      save_trained(options_.output, training.parameter_layout(), result.state.w,
                   {{"architecture", result.bounds.graph.name},
                    {"oracle", identity.at("oracle")},
                    {"iterations", std::to_string(result.state.iteration)}});
    }
    write(result);
    if (code == success && result.verdict() == TrainingReport::Verdict::violated) code = regression;
    return code;
  }

  void write(const TrainingReport& result) const {
    Output output("");
    smoothbound::write(result, format_, [&](std::string_view text) { output.write(text); });
    output.commit();
  }

  const TrainOptions& options_;
  SampleOptions& samples_;
  const CommandLine& line_;
  Source source_;
  ReportOptions report_options_;
  TrainingOptions training_;
  Format format_ = Format::table;
  std::size_t precision_ = 0;
  Scheme scheme_ = Scheme::ball;
  std::uint64_t seed_ = 1;
  std::int64_t iterations_ = 0;
  std::int64_t every_ = 1;
  double accuracy_ = 0;
  std::int64_t memory_ = 0;
  std::string checkpoint_;
};

}  // namespace

void add_train_command(CLI::App& app, const CommandLine& line, Action& action) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App* command = app.add_subcommand(
      "train", "Minimizes the loss of a network by steps with guarantees, and holds them to it");
  const auto add = [&](const std::string& name, std::string& target, const std::string& help,
                       const std::string& type) {
    return command->add_option(name, target, help)->type_name(type);
  };
  add("file", options->file, "architecture file, JSON or YAML; - reads standard input", "FILE")
      ->required();
  options->samples.add_to(*command);
  options->oracle.add_to(*command);
  add("--iterations", options->iterations,
      "iterations at most, those before --resume included (100)", "COUNT");
  add("--accuracy", options->accuracy, "stop where the gradient mapping has at most this norm",
      "NUMBER");
  add("--weights", options->weights, "begin with these parameters: safetensors or NPZ", "FILE");
  add_choice(*command, "--init", options->init,
             "begin with parameters drawn as 'smoothbound init' does (ball)", scheme_names());
  add("--seed", options->seed, "seed of random parameters, samples and batches (1)", "SEED");
  add_choice(*command, "--precision", options->precision, "arithmetic (float64)", precision_names);
  add("--log", options->log,
      "write a line for each iteration to FILE as it goes: CSV, or JSON lines for *.jsonl", "FILE");
  add("--checkpoint", options->checkpoint,
      "write parameters and state to FILE now and then, at the end, and on Ctrl-C", "FILE");
  add("--checkpoint-every", options->checkpoint_every, "iterations between checkpoints (10)",
      "COUNT");
  add("--resume", options->resume,
      "take up the run of this checkpoint, which is then kept up to date unless --checkpoint names "
      "another",
      "FILE");
  add("-o,--output", options->output, "write the trained parameters to FILE, as safetensors",
      "FILE");
  add_format(*command, options->format);
  add("--memory", options->memory, "memory that may be used (80% of what is available)", "SIZE");
  add("--threads", options->threads, "number of threads (as many as cores)", "COUNT");
  options->model.add_to(*command, {"--batch", "--sample-norm", "--label-radius", "--initial-gap",
                                   "--accuracy", "--variance"});
  command->footer(
      "The gradient oracle is projected onto the balls ||v|| <= R of the architecture; "
      "Gauss-Newton\n"
      "and Newton steps are not. Exit code 1: a certified step decreased the objective by less "
      "than\n"
      "it has to.\n"
      "Examples:\n"
      "  smoothbound train mlp.yaml --data fashion-mnist --samples 2000 --log train.csv\n"
      "  smoothbound train lenet5.yaml --data fashion-mnist --oracle gauss-newton --batch 64\n"
      "  smoothbound train net.yaml --oracle newton --gamma 1 --iterations 20 -o "
      "trained.safetensors\n"
      "  smoothbound train net.yaml --iterations 500 --resume run.safetensors");
  command->callback([options, &line, &action] {
    action = [options, &line] { return TrainCommand(*options, line).run(); };
  });
}

}  // namespace smoothbound::cli
