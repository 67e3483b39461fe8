// smoothbound cost: what passes and steps of a network cost, before any of them is made.

#include <iostream>
#include <memory>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/report/cost/cost.hpp"
#include "smoothbound/runtime/adapt_statistics.hpp"

namespace smoothbound::cli {
namespace {

// The options as typed.
struct CostOptions {
  std::string file;
  OutputOptions output;
  ModelOptions model;
};

int show_costs(const CostOptions& options, const CommandLine& line) {
  ReportOptions report_options = options.model.interpret(line);
  report_options.adapt = any_statistics();
  const Limits limits = options.model.limits(line);
  const Format format = options.output.choose_format(line);
  Source source;
  CostReport report;
  try {
    load_source(options.file, limits, source);
    report = make_cost_report(source, report_options, limits);
  } catch (const SpecError& error) {
    std::cerr << render(source, error);
    return bad_input;
  }
  Output output(options.output.path);
  write(report, format, [&](std::string_view text) { output.write(text); });
  output.commit();
  return report.cost.has_answer() ? success : no_answer;
}

}  // namespace

void declare_cost(Command& command) {
  auto options = std::make_shared<CostOptions>();
  command
      .option("file", options->file, "architecture file, JSON or YAML; - reads standard input",
              "FILE")
      .required();
  options->output.add_to(command);
  // Costs depend on no other setting.
  std::vector<std::string> names{"--weights", "--method", "--bn-epsilon"};
  for (const RealSetting& setting : real_settings()) names.push_back(option_name(setting.name));
  for (const CountSetting& setting : count_settings()) {
    if (setting.name != "batch") names.push_back(option_name(setting.name));
  }
  options->model.add_to(command, {names.begin(), names.end()});
  command.footer(
      "Examples:\n"
      "  smoothbound cost vgg16.yaml\n"
      "  smoothbound cost --batch 32 --format markdown net.yaml\n"
      "  smoothbound cost --format json net.json | jq '.steps.newton.text'");
  command.action([options](const CommandLine& line) { return show_costs(*options, line); });
}

}  // namespace smoothbound::cli
