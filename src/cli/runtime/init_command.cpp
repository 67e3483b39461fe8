// smoothbound init: random parameters in a file.
#include <iostream>
#include <memory>
#include <stdexcept>

#include "hints.hpp"
#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output_options.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/runtime/adapt_statistics.hpp"
#include "smoothbound/runtime/machine.hpp"
#include "smoothbound/runtime/parameters.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound::cli {
namespace {

// The options as typed.
struct InitOptions {
  std::string file;
  std::string scheme = "kaiming";
  std::string seed = "1";
  std::string output;
  ModelOptions model;
};

int run(const InitOptions& options, const CommandLine& line) {
  ReportOptions model = options.model.interpret(line);
  model.adapt = any_statistics();
  const Limits limits = options.model.limits(line);
  const auto scheme = static_cast<Scheme>(choose(line, "--scheme", options.scheme, scheme_names()));
  const auto seed =
      static_cast<std::uint64_t>(text::parse_count(line.scalar("--seed", options.seed), 0));
  if (options.output == "-") {
    throw SpecError(line.locate_last({"-o", "--output"}),
                    "parameters are not text: --output needs a file", "name a file *.safetensors");
  }
  refuse_other_formats(line, {"-o", "--output"}, options.output, {".safetensors"},
                       "file of parameters", "name a file *.safetensors");
  Source source;
  const std::optional<Report> report = try_report(options.file, model, limits, source);
  if (!report) return bad_input;
  start_threads();
  try {
    write_initial_parameters(report->graph, scheme, seed, report->settings.radius, options.output);
  } catch (const SpecError& error) {
    std::cerr << render(source, error);
    return bad_input;
  } catch (const NotExecutable& error) {
    std::cerr << render(DataError(options.file, error.what(), not_executable_hint));
    return no_answer;
  } catch (const std::length_error& error) {
    throw DataError(options.file, error.what(), "draw them on a machine that has more");
  } catch (const std::overflow_error& error) {
    throw DataError(options.file, error.what(), radius_hint);
  }
  return success;
}

}  // namespace

void declare_init(Command& command) {
  auto options = std::make_shared<InitOptions>();
  command
      .option("file", options->file, "architecture file, JSON or YAML; - reads standard input",
              "FILE")
      .required();
  command.group(OptionGroup::parameters);
  command.choice("--scheme", options->scheme, "how they are drawn, see below (kaiming)",
                 scheme_names());
  command.option("--seed", options->seed, "seed: the same one gives the same parameters (1)",
                 "SEED");
  command.group(OptionGroup::output);
  command.option("-o,--output", options->output, "the file to write, whole or not at all", "FILE")
      .written()
      .required();
  std::vector<std::string> names{"--weights", "--method", "--bn-epsilon", "--smooth", "--loss"};
  for (const RealSetting& setting : real_settings()) {
    if (setting.name != "radius") names.push_back(option_name(setting.name));
  }
  for (const CountSetting& setting : count_settings()) names.push_back(option_name(setting.name));
  options->model.add_to(command, {names.begin(), names.end()});
  command.footer(
      "Schemes:\n"
      "  kaiming   weights normal with variance 2 / fan-in\n"
      "  xavier    weights uniform in +-sqrt(6 / (fan-in + fan-out))\n"
      "  normal    weights normal with variance 1 / fan-in\n"
      "  ball      each block v of parameters uniform in its ball ||v|| <= R\n"
      "But for ball, biases and shifts are 0, scales of normalizations 1.\n"
      "\n"
      "Examples:\n"
      "  smoothbound init net.yaml --scheme kaiming --seed 7 -o weights.safetensors\n"
      "  smoothbound init net.yaml --scheme ball --radius 2 -o inside.safetensors");
  command.action([options](const CommandLine& line) { return run(*options, line); });
}

}  // namespace smoothbound::cli
