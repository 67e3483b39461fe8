// smoothbound run: executes a network, and holds what it measures against the bounds.

#include <fmt/format.h>

#include <array>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <variant>

#include "execution_errors.hpp"
#include "hints.hpp"
#include "machine_options.hpp"
#include "run_samples.hpp"
#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/progress.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/report/run/run.hpp"
#include "smoothbound/runtime/execute.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/suggest.hpp"
#include "verdict_codes.hpp"
#include "weights_source.hpp"

namespace smoothbound::cli {
namespace {

// The options as typed.
struct RunOptions {
  std::string file;
  SampleOptions samples;
  WeightsOptions weights;
  std::string statistics;
  std::string init;
  std::string seed = "1";
  MachineOptions machine{Precision::float32};
  std::string output;
  std::string format;
  bool profile = false;
  ModelOptions model;
};

class RunCommand {
 public:
  RunCommand(RunOptions& options, const CommandLine& line)
      : options_(options), samples_(options.samples), line_(line) {}

  int run() {
    interpret();
    request_.samples = samples_.open(line_, request_.parameters.seed, request_.options.overrides);
    request_.limits = options_.model.limits(line_);
    try {
      load_source(options_.file, request_.limits, request_.source);
      if (options_.weights.file.empty() && options_.init.empty()) {
        take_numbers_of_model(options_.file, request_.source, request_.parameters);
      }
      return show(execute());
    } catch (const MemoryShortage& error) {
      refuse(error);
    } catch (const ShapeError& error) {
      throw DataError(options_.file, error.what(),
                      error.hint.empty() ? "take fewer samples" : error.hint);
    } catch (...) {
      return explain_error({options_.file, request_.source, samples_, line_});
    }
  }

 private:
  // From texts to values; throws SpecError with a place on the command line.
  void interpret() {
    request_.options = options_.model.interpret(line_);
    format_ = choose_format(line_, options_.format);
    request_.precision = options_.machine.precision(line_);
    request_.parameters = weights_source(options_.weights, line_);
    if (!options_.init.empty()) {
      request_.parameters.scheme =
          static_cast<Scheme>(choose(line_, "--init", options_.init, scheme_names()));
      if (!options_.weights.file.empty()) {
        throw SpecError(line_.locate_last({"--init"}), "--weights and --init both give parameters",
                        "keep one of them");
      }
    }
    request_.parameters.seed =
        static_cast<std::uint64_t>(text::parse_count(line_.scalar("--seed", options_.seed), 0));
    request_.statistics = options_.statistics;
    request_.memory = options_.machine.memory_limit(line_);
    request_.profile = options_.profile;
    options_.machine.apply_threads(line_);
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
    refuse_other_formats(line_, {"-o", "--output"}, output, {".npy"}, "output of a network",
                         "name a file *.npy; --format is about what is on standard output");
    probe_output(output);
  }

  RunReport execute() const {
    Progress progress;
    RunProgress show;
    if (Progress::is_wanted()) {
      show = [&progress](std::int64_t done, std::int64_t all) {
        progress.show(static_cast<std::size_t>(done), static_cast<std::size_t>(all),
                      all == 1 ? "sample" : "samples");
      };
    }
    return smoothbound::execute(request_, show);
  }

  [[noreturn]] void refuse(const MemoryShortage& error) const {
    const std::string needs = fmt::format(
        "executing {} sample{} takes {}, more than the {} ", error.samples,
        error.samples == 1 ? "" : "s", memory_to_text(error.needed), memory_to_text(error.allowed));
    const std::string hint =
        error.all_at_once
            ? "batch normalization needs all samples at once: take fewer, or allow more with "
              "--memory"
            : "take fewer samples, or allow more with --memory";
    if (!options_.machine.limits_memory()) {
      throw DataError(options_.file, needs + "that this machine has to spare", hint);
    }
    throw SpecError(options_.machine.memory_text(line_).location, needs + "of --memory", hint);
  }

  int show(const RunReport& report) const {
    write_outputs(report);
    Output output("");
    smoothbound::write(report, format_, [&](std::string_view text) { output.write(text); });
    output.commit();
    const ExitCode code = exit_code_of(report.verdict());
    const bool is_infinite = report.loss && report.loss->overflows;
    return code == success && is_infinite ? no_answer : code;
  }

  void write_outputs(const RunReport& report) const {
    if (options_.output.empty()) return;
    const Graph& graph = report.bounds.graph;
    std::vector<std::int64_t> shape{report.bounds.settings.batch};
    const auto sizes = graph.output_shape().sizes();
    shape.insert(shape.end(), sizes.begin(), sizes.end());
    std::visit(
        [&](const auto& outputs) {
          write_npy(options_.output, {"", shape, std::span(outputs)});
        },
        report.outputs);
  }

  const RunOptions& options_;
  SampleOptions& samples_;
  const CommandLine& line_;
  RunRequest request_;
  Format format_ = Format::table;
};

}  // namespace

void declare_run(Command& command) {
  auto options = std::make_shared<RunOptions>();
  command
      .option("file", options->file, "architecture file, JSON or YAML; - reads standard input",
              "FILE")
      .required();
  options->samples.add_to(command);
  const std::string formats = join_or(array_formats({ArrayContents::named_arrays}));
  options->weights.add_to(command,
                          "parameters, and statistics that batch norms lack (" + formats + ")");
  command.option("--statistics", options->statistics,
                 "batch norm with these means and variances in place of the batch's: " + formats,
                 "FILE");
  command.choice("--init", options->init,
                 "draw parameters as 'smoothbound init' does (ball, if no weights are given)",
                 scheme_names());
  command.option("--seed", options->seed, "seed of random parameters and samples (1)", "SEED");
  options->machine.add_precision(command);
  command.group(OptionGroup::output);
  command
      .option("-o,--output", options->output, "write the network's outputs to FILE, as NPY", "FILE")
      .written();
  command.flag("--profile", options->profile,
               "also go backward, and tell the time, work and memory of each layer");
  add_format(command, options->format);
  options->machine.add_to(command);
  options->model.add_to(command, {"--weights", "--sample-norm", "--label-radius", "--regularizer",
                                  "--initial-gap", "--accuracy", "--variance"});
  command.footer(
      "The bounds are those for the norm of the samples as they are. Exit code 1: a layer exceeds\n"
      "its bound though all parameters are in their balls.\n"
      "Examples:\n"
      "  smoothbound run lenet5.yaml --data fashion-mnist --samples 1000 --weights w.safetensors\n"
      "  smoothbound run vgg16.yaml --batch 8 --init ball --seed 1 --profile\n"
      "  smoothbound run net.yaml --input x.npy --output y.npy --precision float64");
  command.action([options](const CommandLine& line) { return RunCommand(*options, line).run(); });
}

}  // namespace smoothbound::cli
