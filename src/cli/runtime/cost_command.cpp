// smoothbound cost: what passes and steps of a network cost, before any of them is made.

#include <iostream>

#include "runtime_commands.hpp"
#include "shared/command_line.hpp"
#include "shared/command_tree.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/plot_output.hpp"
#include "smoothbound/report/cost/cost.hpp"

namespace smoothbound::cli {
namespace {

// The options as typed.
struct CostOptions {
  std::string file;
  OutputOptions output;
  ModelOptions model;
};

int show_costs(const CostOptions& options, const CommandLine& line) {
  const ReportOptions report_options = options.model.interpret(line);
  const Limits limits = options.model.limits(line);
  const Format format = options.output.choose_format(line);
  refuse_overwriting(line, {"-o", "--output"}, options.output.path, {options.file});
  Source source;
  CostReport report;
  try {
    load_source(options.file, limits, source);
    report = make_cost_report(source, report_options, limits);
  } catch (const SpecError& error) {
    std::cerr << render_error(source, error);
    return bad_input;
  }
  Output output(options.output.path);
  write(report, format, [&](std::string_view text) { output.write(text); });
  output.commit();
  return report.cost.has_answer() ? success : no_answer;
}

}  // namespace

void add_cost_command(CLI::App& app, const CommandLine& line, Action& action) {
  auto options = std::make_shared<CostOptions>();
  CLI::App* command = app.add_subcommand(
      "cost", "Operations and memory of passes and of gradient, Gauss-Newton and Newton steps");
  command
      ->add_option("file", options->file, "architecture file, JSON or YAML; - reads standard input")
      ->required()
      ->type_name("FILE");
  options->output.add_to(*command);
  // Costs depend on no other setting.
  std::vector<std::string> names{"--method", "--bn-epsilon"};
  for (const RealSetting& setting : real_settings()) names.push_back(option_name(setting.name));
  for (const CountSetting& setting : count_settings()) {
    if (setting.name != "batch") names.push_back(option_name(setting.name));
  }
  options->model.add_to(*command, {names.begin(), names.end()});
  command->footer(
      "Examples:\n"
      "  smoothbound cost vgg16.yaml\n"
      "  smoothbound cost --batch 32 --format markdown net.yaml\n"
      "  smoothbound cost --format json net.json | jq '.steps.newton.text'");
  command->callback([options, &line, &action] {
    action = [options, &line] { return show_costs(*options, line); };
  });
}

}  // namespace smoothbound::cli
