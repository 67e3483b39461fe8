// smoothbound train: optimizes the parameters, and holds the run against the guarantee.

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>

#include "execution_errors.hpp"
#include "machine_options.hpp"
#include "run_samples.hpp"
#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/process.hpp"
#include "shared/progress.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/bounds/training_log.hpp"
#include "smoothbound/data/array_file.hpp"
#include "smoothbound/report/train/training.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/suggest.hpp"
#include "smoothbound/train/session.hpp"
#include "train_options.hpp"
#include "verdict_codes.hpp"
#include "weights_source.hpp"

namespace smoothbound::cli {
namespace {

// The options as typed.
struct TrainOptions {
  std::string file;
  SampleOptions samples{true};
  OracleOptions oracle;
  WeightsOptions weights;
  std::string statistics;
  std::string init;
  std::string seed = "1";
  MachineOptions machine{Precision::float64};
  std::string iterations = "100";
  std::string accuracy;
  std::string log;
  std::string checkpoint;
  std::string checkpoint_every = "10";
  std::string resume;
  std::string output;
  std::string format;
  ModelOptions model;
};

class TrainCommand {
 public:
  TrainCommand(TrainOptions& options, const CommandLine& line)
      : options_(options), samples_(options.samples), line_(line) {}

  int run() {
    interpret();
    request_.samples = samples_.open(line_, request_.parameters.seed, request_.options.overrides);
    request_.limits = options_.model.limits(line_);
    try {
      load_source(options_.file, request_.limits, request_.source);
      TrainingSession session(request_);
      return train(session);
    } catch (const MiniBatchTooLarge& error) {
      throw SpecError(line_.locate_last({"--batch"}), error.what(),
                      "take fewer for each step, or more in all with --samples");
    } catch (const NothingToMinimize& error) {
      refuse_lossless(options_.file, error);
    } catch (const LabelsMissing& error) {
      refuse(error);
    } catch (const TooManySamples& error) {
      throw DataError(options_.file,
                      fmt::format("{} sample{} take{} {}, and there are {}", error.samples,
                                  error.samples == 1 ? "" : "s", error.samples == 1 ? "s" : "",
                                  memory_to_text(error.needed), memory_to_text(error.allowed)),
                      "take fewer with --samples, or allow more with --memory");
    } catch (const MemoryShortage& error) {
      throw DataError(options_.file,
                      fmt::format("a step takes {}, and there are {}", memory_to_text(error.needed),
                                  memory_to_text(error.allowed)),
                      "allow more with --memory");
    } catch (const ContradictoryOptions& error) {
      const char* const option = error.remedy == Remedy::float64 ? "--precision" : "--batch";
      throw SpecError(line_.locate_last({option}), error.what(),
                      std::string(option_words(error.remedy)));
    } catch (const TrainingUnsupported& error) {
      std::cerr << render(DataError(options_.file, error.what(), error.remedy));
    } catch (const LossError& error) {
      std::cerr << render(DataError(options_.file, error.what(),
                                    "begin with other parameters, or divide the samples"));
    } catch (const TrainingFailed& error) {
      std::cerr << render(DataError(options_.file, error.what(), saved_before(error)));
    } catch (...) {
      return explain_error({options_.file, request_.source, samples_, line_});
    }
    return no_answer;
  }

 private:
  // From texts to values; throws SpecError with a place on the command line.
  void interpret() {
    request_.options = options_.model.interpret(line_);
    if (request_.options.methods.size() > 1) {
      throw SpecError(line_.locate_last({"--method"}), "a step is certified by one method",
                      "take paper or sharp");
    }
    request_.training = options_.oracle.interpret(line_);
    refuse_paper_by_block(request_.training.layerwise, request_.options, line_);
    request_.step = options_.oracle.step_text();
    format_ = choose_format(line_, options_.format);
    request_.precision = options_.machine.precision(line_);
    if (!options_.init.empty()) {
      request_.parameters.scheme =
          static_cast<Scheme>(choose(line_, "--init", options_.init, scheme_names()));
    }
    refuse_several_beginnings();
    const Scheme scheme = request_.parameters.scheme;
    request_.parameters = weights_source(options_.weights, line_);
    request_.parameters.scheme = scheme;
    request_.statistics = options_.statistics;
    request_.parameters.seed =
        static_cast<std::uint64_t>(text::parse_count(line_.scalar("--seed", options_.seed), 0));
    request_.training.seed = request_.parameters.seed;
    request_.iterations = text::parse_count(line_.scalar("--iterations", options_.iterations), 0);
    if (!options_.accuracy.empty()) {
      request_.accuracy =
          text::parse_real(line_.scalar("--accuracy", options_.accuracy), text::RealRange::positive)
              .nearest;
    }
    request_.checkpoint_every =
        text::parse_count(line_.scalar("--checkpoint-every", options_.checkpoint_every));
    request_.memory = options_.machine.memory_limit(line_);
    options_.machine.apply_threads(line_);
    request_.log = options_.log;
    request_.resume = options_.resume;
    request_.checkpoint = options_.checkpoint.empty() ? options_.resume : options_.checkpoint;
    request_.notice = [](const std::string& file, const std::string& what) {
      std::cerr << fmt::format("{}: note: {}\n", escape_controls(file), what);
    };
    check_checkpoint();
    check_outputs();
  }

  void refuse_several_beginnings() const {
    std::string first;
    for (const auto& [option, value] :
         {std::pair<std::string, const std::string&>{"--resume", options_.resume},
          {"--weights", options_.weights.file},
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

  // It is read again, and replaced as a whole.
  void check_checkpoint() const {
    std::error_code ignored;
    const std::filesystem::path path = options_.checkpoint;
    if (!std::filesystem::exists(path, ignored) || std::filesystem::is_regular_file(path, ignored))
      return;
    throw SpecError(line_.locate_last({"--checkpoint"}),
                    fmt::format("'{}' is not a regular file", options_.checkpoint),
                    "name a file for the checkpoint, existing or not");
  }

  void check_outputs() const {
    refuse_other_formats(line_, {"-o", "--output"}, options_.output, {".safetensors"},
                         "file of parameters",
                         "name a file *.safetensors; --format is about what is on standard output");
    const std::vector<std::pair<std::vector<std::string>, std::string>> outputs{
        {{"-o", "--output"}, options_.output},
        {{"--checkpoint"}, options_.checkpoint},
        {{"--log"}, options_.log}};
    for (const auto& [spellings, path] : outputs) {
      if (path.empty()) continue;
      if (path == "-") {
        throw SpecError(line_.locate_last(spellings),
                        fmt::format("{} needs a file", spellings.back()), "name a file");
      }
      probe_output(path);
    }
  }

  int train(TrainingSession& session) const {
    stop_at_first_signal();
    const TrainingReport& report = iterate(session);
    if (!options_.output.empty()) session.save_parameters(options_.output);
    write(report);
    return report.interrupted ? interrupted : exit_code_of(report.verdict());
  }

  static const TrainingReport& iterate(TrainingSession& session) {
    Progress progress;
    TrainingWatch watch;
    watch.is_stopped = is_stop_requested;
    if (Progress::is_wanted()) {
      watch.progress = [&progress, start = std::chrono::steady_clock::now(),
                        first = std::int64_t{-1}](std::int64_t done, std::int64_t all,
                                                  const IterationRecord& last) mutable {
        if (first < 0) first = done - 1;
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
        const double left =
            passed.count() / static_cast<double>(done - first) * static_cast<double>(all - done);
        progress.show_line(fmt::format("k = {} of {}: F = {:.5g}, ||g|| = {:.3g}, step {:.3g}, {}",
                                       done, all, last.objective, last.gradient_mapping, last.step,
                                       time_left(left)));
      };
    }
    return session.run(watch);
  }

  static std::string saved_before(const TrainingFailed& error) {
    if (error.checkpoint.empty()) return {};
    return fmt::format("'{}' holds the parameters before that", error.checkpoint);
  }

  void write(const TrainingReport& report) const {
    Output output("");
    smoothbound::write(report, format_, [&](std::string_view text) { output.write(text); });
    output.commit();
  }

  const TrainOptions& options_;
  SampleOptions& samples_;
  const CommandLine& line_;
  TrainingRequest request_;
  Format format_ = Format::table;
};

}  // namespace

void declare_train(Command& command) {
  auto options = std::make_shared<TrainOptions>();
  command
      .option("file", options->file, "architecture file, JSON or YAML; - reads standard input",
              "FILE")
      .required();
  options->samples.add_to(command);
  options->oracle.add_to(command);
  command.option("--iterations", options->iterations,
                 "iterations at most, those before --resume included (100)", "COUNT");
  command.option("--accuracy", options->accuracy,
                 "stop where the gradient mapping has at most this norm", "NUMBER");
  const std::string formats = join_or(array_formats({ArrayContents::named_arrays}));
  options->weights.add_to(
      command,
      "begin with these parameters, with statistics that batch norms lack (" + formats + ")");
  command.option("--statistics", options->statistics,
                 "batch norm with these means and variances in place of the batch's: " + formats,
                 "FILE");
  command.choice("--init", options->init,
                 "begin with parameters drawn as 'smoothbound init' does (ball)", scheme_names());
  command.option("--seed", options->seed, "seed of random parameters, samples and batches (1)",
                 "SEED");
  options->machine.add_precision(command);
  command.group(OptionGroup::output);
  command
      .option("--log", options->log,
              "write a line for each iteration to FILE as it goes: CSV, or JSON lines for *.jsonl",
              "FILE")
      .written();
  command
      .option("--checkpoint", options->checkpoint,
              "write parameters and state to FILE now and then, at the end, and on Ctrl-C", "FILE")
      .written();
  command.option("--checkpoint-every", options->checkpoint_every,
                 "iterations between checkpoints (10)", "COUNT");
  command
      .option("--resume", options->resume,
              "take up the run of this checkpoint, which is then kept up to date unless "
              "--checkpoint names "
              "another",
              "FILE")
      .written_like("--checkpoint");
  command
      .option("-o,--output", options->output,
              "write the trained parameters to FILE, as safetensors", "FILE")
      .written();
  add_format(command, options->format);
  options->machine.add_to(command);
  options->model.add_to(command, {"--weights", "--batch", "--sample-norm", "--label-radius",
                                  "--initial-gap", "--accuracy", "--variance"});
  command.footer(
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
  command.action([options](const CommandLine& line) { return TrainCommand(*options, line).run(); });
}

}  // namespace smoothbound::cli
