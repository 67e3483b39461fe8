// smoothbound certify: what is proved of the objective along a direction.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "execution_errors.hpp"
#include "machine_options.hpp"
#include "run_samples.hpp"
#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/plot_output.hpp"
#include "shared/progress.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/data/array_file.hpp"
#include "smoothbound/report/certify/certify.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/steps/second_order.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/suggest.hpp"
#include "smoothbound/train/training.hpp"
#include "verdict_codes.hpp"
#include "weights_source.hpp"

namespace smoothbound::cli {
namespace {

// What --degree takes.
constexpr std::array<std::string_view, 2> degree_names{"2", "3"};
constexpr int least_degree = 2;
// What --store takes.
constexpr std::array storages{Precision::float64, Precision::float32};
constexpr std::array storage_names{name_of(storages[0]), name_of(storages[1])};

// The options as typed.
struct CertifyOptions {
  std::string file;
  SampleOptions samples{true};
  WeightsOptions weights;
  std::string statistics;
  std::string init;
  std::string seed = "1";
  std::string direction = "gradient";
  std::string gamma;
  std::string step;
  std::string degree = "3";
  std::string enclosure;
  MachineOptions machine{Precision::float64};
  std::string output;
  std::string write;
  std::string store;
  bool explain = false;
  std::string format;
  ModelOptions model;
};

class CertifyCommand {
 public:
  CertifyCommand(CertifyOptions& options, const CommandLine& line)
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
      return show(certify());
    } catch (const NothingToCertify& error) {
      refuse_lossless(options_.file, error);
    } catch (const LabelsMissing& error) {
      refuse(error);
    } catch (const MemoryShortage& error) {
      throw DataError(options_.file,
                      fmt::format("bounds on {} sample{} take {}, and there are {}", error.samples,
                                  error.samples == 1 ? "" : "s", memory_to_text(error.needed),
                                  memory_to_text(error.allowed)),
                      error.all_at_once && error.samples > 1
                          ? "batch normalization needs all samples at once: take fewer with "
                            "--samples, or allow more with --memory"
                          : "take fewer with --samples, or allow more with --memory");
    } catch (const NotEnclosed& error) {
      say(error, error.hint.empty()
                     ? "certified steps of 'smoothbound train', by bounds on balls, need none"
                     : error.hint);
    } catch (const steps::NotBoundedBelow& error) {
      say(error, "take a smaller --gamma, or --direction gradient");
    } catch (const steps::TooManyParameters& error) {
      say(error, "--direction gauss-newton takes any network");
    } catch (const steps::NotFinite& error) {
      say(error, finite_hint);
    } catch (const LossError& error) {
      say(error, finite_hint);
    } catch (...) {
      return explain_error({options_.file, request_.source, samples_, line_});
    }
    return no_answer;
  }

 private:
  CertifyReport certify() {
    Progress progress;
    if (Progress::is_wanted()) {
      request_.progress = [&progress](std::string_view what) { progress.show_line(what); };
    }
    return smoothbound::certify(request_, options_.write);
  }

  static constexpr const char* finite_hint = "take other parameters, or divide the samples";

  void say(const std::exception& error, std::string hint) const {
    std::cerr << render(DataError(options_.file, error.what(), std::move(hint)));
  }

  // From texts to values; throws SpecError with a place on the command line.
  void interpret() {
    request_.options = options_.model.interpret(line_);
    request_.options.methods.clear();
    format_ = choose_format(line_, options_.format);
    interpret_direction();
    if (!options_.step.empty()) {
      request_.step =
          text::parse_real(line_.scalar("--step", options_.step), text::RealRange::positive)
              .nearest;
    }
    request_.degree =
        least_degree + static_cast<int>(choose(line_, "--degree", options_.degree, degree_names));
    if (!options_.enclosure.empty()) {
      request_.mode = static_cast<EnclosureMode>(
          choose(line_, "--enclosure", options_.enclosure, enclosure_modes()));
    }
    if (!options_.store.empty()) {
      request_.storage = storages.at(choose(line_, "--store", options_.store, storage_names));
    }
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
    options_.machine.apply_threads(line_);
    check_outputs();
    // Nobody sees the curve.
    const bool is_data = format_ == Format::csv || format_ == Format::json;
    if (chart_format_ == nullptr && !is_data) request_.curve_points = 0;
  }

  // The name of an oracle, or a file.
  void interpret_direction() {
    const std::span<const std::string_view> names = oracle_names();
    const auto name = std::ranges::find(names, options_.direction);
    const bool is_first_order = name == names.begin();
    if (name != names.end()) {
      request_.oracle = static_cast<steps::StepKind>(name - names.begin());
    } else {
      std::error_code ignored;
      if (!std::filesystem::exists(options_.direction, ignored)) {
        throw SpecError(
            line_.scalar("--direction", options_.direction).location,
            fmt::format("unknown --direction '{}', and there is no such file", options_.direction),
            suggest(options_.direction, names, "one of: " + join(names) + "; or a file"));
      }
      request_.direction_file = options_.direction;
    }
    if (options_.gamma.empty()) return;
    if (is_first_order || name == names.end()) {
      throw SpecError(line_.locate_last({"--gamma"}),
                      "--gamma is for --direction gauss-newton and newton",
                      "take one of them, or leave it out");
    }
    request_.gamma =
        text::parse_real(line_.scalar("--gamma", options_.gamma), text::RealRange::positive)
            .nearest;
  }

  void check_outputs() {
    const std::vector<std::string> chart{"-o", "--output"};
    if (options_.output == "-") {
      throw SpecError(line_.locate_last(chart),
                      "the chart is not what is on standard output: "
                      "--output needs a file",
                      "name a file *.svg");
    }
    if (!options_.output.empty()) {
      chart_format_ = &choose_plot_format(line_, "", chart, options_.output);
      probe_output(options_.output);
    }
    if (options_.write.empty()) return;
    if (options_.write == "-") {
      throw SpecError(line_.locate_last({"--write"}),
                      "parameters are not text: --write needs a file", "name a file *.safetensors");
    }
    refuse_other_formats(line_, {"--write"}, options_.write, {".safetensors"}, "file of parameters",
                         "name a file *.safetensors");
    probe_output(options_.write);
  }

  int show(const CertifyReport& report) const {
    if (chart_format_ != nullptr) {
      write_plot(certify_charts(report), *chart_format_, options_.output);
    }
    Output output("");
    smoothbound::write(
        report, format_, [&](std::string_view text) { output.write(text); }, options_.explain);
    output.commit();
    if (!options_.write.empty() && report.saved.empty()) {
      std::cerr << line_.render(
          SpecError(line_.scalar("--write", options_.write).location,
                    fmt::format("no step is proved, and '{}' is not written", options_.write),
                    "--step says which one to write, proved or not"));
    }
    return exit_code_of(report.verdict());
  }

  const CertifyOptions& options_;
  SampleOptions& samples_;
  const CommandLine& line_;
  CertifyRequest request_;
  Format format_ = Format::table;
  const PlotFormat* chart_format_ = nullptr;  // null: there is no chart
};

}  // namespace

void declare_certify(Command& command) {
  auto options = std::make_shared<CertifyOptions>();
  command
      .option("file", options->file, "architecture file, JSON or YAML; - reads standard input",
              "FILE")
      .required();
  options->samples.add_to(command);
  const std::string formats = join_or(array_formats({ArrayContents::named_arrays}));
  options->weights.add_to(command,
                          "parameters w, and statistics that batch norms lack (" + formats + ")");
  command.option("--statistics", options->statistics,
                 "batch norm with these means and variances in place of the batch's: " + formats,
                 "FILE");
  command.choice("--init", options->init,
                 "draw parameters as 'smoothbound init' does (ball, if no weights are given)",
                 scheme_names());
  command.option("--seed", options->seed, "seed of random parameters and samples (1)", "SEED");
  command.group(OptionGroup::steps);
  command.option("--direction", options->direction,
                 "the direction d: that of the oracle gradient, gauss-newton or newton, or of a "
                 "file with an array for each of the parameters (gradient)",
                 "FILE");
  command.option("--gamma", options->gamma,
                 "of --direction gauss-newton and newton, halved while a step does not exist (1)",
                 "NUMBER");
  command.option("--step", options->step,
                 "the t to decide on, whether F(w + t d) < F(w) (the best one is looked for)",
                 "NUMBER");
  command.choice("--degree", options->degree, "degree K of the Taylor polynomials along d (3)",
                 degree_names);
  command.choice(
      "--enclosure", options->enclosure,
      "how affine maps carry remainders on: by norms of rows, or element by element (the "
      "one that proves more for its cost)",
      enclosure_modes());
  command.group(OptionGroup::output);
  command
      .option("-o,--output", options->output,
              "draw F and its bounds over t to FILE, as SVG, or Vega-Lite for *.json", "FILE")
      .written();
  command
      .option("--write", options->write,
              "write w + t d, for the step asked for or the best one that is proved, to FILE, as "
              "safetensors",
              "FILE")
      .written();
  command.choice("--store", options->store,
                 "the numbers of w + t d when it is kept; rounded to float32 it is certified as "
                 "such, too (float64)",
                 storage_names);
  command.flag("--explain", options->explain,
               "also tell how much of the bounds' width each layer brings in");
  add_format(command, options->format);
  options->machine.add_to(command);
  options->model.add_to(command, {"--weights", "--method", "--sample-norm", "--label-radius",
                                  "--initial-gap", "--accuracy", "--variance"});
  command.footer(
      "F is the objective on all samples, in exact arithmetic; the bounds hold for the numbers as\n"
      "they are stored, and allow for all rounding. Exit code 0: a decrease is proved; 1: the "
      "step\n"
      "asked for increases F, for sure; 3: neither is proved.\n"
      "Examples:\n"
      "  smoothbound certify mlp.yaml --weights w.safetensors --data fashion-mnist --samples 500\n"
      "  smoothbound certify net.yaml --weights w.safetensors --step 0.05\n"
      "  smoothbound certify net.yaml --direction newton -o step.svg --write next.safetensors");
  command.action(
      [options](const CommandLine& line) { return CertifyCommand(*options, line).run(); });
}

}  // namespace smoothbound::cli
