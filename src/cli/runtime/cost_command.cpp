// smoothbound cost: what passes and steps of a network cost, before any of them is made.

#include <array>
#include <iostream>
#include <memory>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/distinct_files.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/report/cost/cost.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 4> format_names{"table", "json", "csv", "markdown"};
using Writer = void (*)(const CostReport&, const Sink&);
constexpr std::array<Writer, 4> writers{write_cost_table, write_cost_json, write_cost_csv,
                                        write_cost_markdown};

// The options as typed.
struct CostOptions {
  std::string file;
  std::string format = "table";
  std::string output;
  ModelOptions model;
};

int show_costs(const CostOptions& options, const CommandLine& line) {
  const ReportOptions report_options = options.model.interpret(line);
  const Limits limits = options.model.limits(line);
  const Writer write = writers[choose(line, "--format", options.format, format_names)];
  refuse_overwriting(line, {"-o", "--output"}, options.output, {options.file});
  Source source;
  CostReport report;
  try {
    load_source(options.file, limits, source);
    report = make_cost_report(source, report_options, limits);
  } catch (const SpecError& error) {
    std::cerr << render(source, error);
    return bad_input;
  }
  Output output(options.output);
  write(report, [&](std::string_view text) { output.write(text); });
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
  command.choice("--format", options->format, "form of the output (table)", format_names);
  command.option("-o,--output", options->output, "write to FILE, whole or not at all", "FILE");
  // Costs depend on no other setting.
  std::vector<std::string> names{"--method", "--bn-epsilon"};
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
