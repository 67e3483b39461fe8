// smoothbound plot: charts of the bounds of one or several networks, of training and of
// certificates along a line.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <optional>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/plot_output.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/bounds/training_log.hpp"
#include "smoothbound/report/charts/charts_of_report.hpp"
#include "smoothbound/report/charts/line_certificate.hpp"
#include "smoothbound/report/charts/training_charts.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 3> chart_names{"depth", "methods", "growth"};
enum class Kind : std::uint8_t { depth, methods, growth };

struct PlotOptions {
  std::vector<std::string> files;
  std::string chart = "depth";
  std::string format;
  std::string output;
  ModelOptions model;
};

std::vector<Chart> make_charts(Kind kind, std::span<const Report> reports) {
  std::vector<Chart> charts;
  const auto add = [&](std::vector<Chart> more) {
    charts.insert(charts.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  };
  switch (kind) {
    case Kind::depth:
      add(depth_charts(reports));
      break;
    case Kind::methods:
      for (std::size_t i = 0; i < reports.size(); ++i) {
        add(depth_charts(reports.subspan(i, 1)));
        add(method_charts(reports.subspan(i, 1)));
      }
      break;
    case Kind::growth: {
      std::vector<NetworkBounds> networks;
      for (const Report& report : reports) {
        for (const MethodReport& result : report.results) networks.push_back({&report, &result});
      }
      add(growth_charts(networks));
      break;
    }
  }
  return charts;
}

// Of what cannot be read, it is the reader of architectures that tells why.
bool is_log(const std::string& file) { return file != "-" && is_training_log_file(file); }

// A table that is no log says so, rather than that it is no architecture.
bool is_named_as_log(const std::string& file) {
  return file.ends_with(".csv") || file.ends_with(".jsonl") || file.ends_with(".ndjson");
}

// Logs of training; `options` that are about bounds do not apply.
int plot_logs(const PlotOptions& options, const PlotFormat& format, const CommandLine& line) {
  std::vector<NamedLog> logs;
  for (const std::string& file : options.files) {
    if (!is_log(file) && !is_named_as_log(file)) {
      throw SpecError(
          line.locate_last({file}),
          fmt::format("'{}' is no log of training, and '{}' is one", file, options.files.front()),
          "plot architectures and logs apart");
    }
    logs.push_back({file, read_training_log(file)});
  }
  write_plot(training_charts(logs), format, options.output);
  return success;
}

bool is_certificate(const std::string& file) { return file != "-" && is_certificate_file(file); }

// Certificates that 'smoothbound certify' wrote as JSON, to which options of bounds do not apply
// either.
int plot_certificates(const PlotOptions& options, const Limits& limits, const PlotFormat& format,
                      const CommandLine& line) {
  std::vector<Chart> charts;
  int worst = success;
  for (const std::string& file : options.files) {
    if (!is_certificate(file)) {
      throw SpecError(line.locate_last({file}),
                      fmt::format("'{}' is no certificate of a step, and '{}' is one", file,
                                  options.files.front()),
                      "plot certificates apart from architectures and logs");
    }
    Source source;
    try {
      load_source(file, limits, source);
      for (Chart& chart : certificate_charts(read_certificate(source))) {
        charts.push_back(std::move(chart));
      }
    } catch (const SpecError& error) {
      std::cerr << render(source, error);
      worst = bad_input;
    }
  }
  if (!charts.empty()) write_plot(charts, format, options.output);
  return worst;
}

int run(const PlotOptions& options, const CommandLine& line) {
  ReportOptions report_options = options.model.interpret(line);
  const Limits limits = options.model.limits(line);
  const auto kind = static_cast<Kind>(choose(line, "--chart", options.chart, chart_names));
  refuse_repeated_stdin(options.files, line);
  const PlotFormat& format =
      choose_plot_format(line, options.format, {"-o", "--output"}, options.output);
  const bool begins_with_log =
      is_log(options.files.front()) || is_named_as_log(options.files.front());
  if (begins_with_log) return plot_logs(options, format, line);
  if (is_certificate(options.files.front())) {
    return plot_certificates(options, limits, format, line);
  }
  if (kind == Kind::methods) report_options.methods = {Method::paper, Method::sharp};
  std::vector<Report> reports;
  int worst = success;
  for (const std::string& file : options.files) {
    Source source;
    std::optional<Report> report = try_report(file, report_options, limits, source);
    if (!report) {
      worst = std::max<int>(worst, bad_input);
      continue;
    }
    if (!report->has_finite_answer()) worst = std::max<int>(worst, no_answer);
    reports.push_back(std::move(*report));
  }
  if (!reports.empty()) write_plot(make_charts(kind, reports), format, options.output);
  return worst;
}

}  // namespace

void declare_plot(Command& command) {
  auto options = std::make_shared<PlotOptions>();
  command
      .option("files", options->files,
              "architecture files, JSON or YAML, - reads standard input; or logs of "
              "'smoothbound train', or JSON of 'smoothbound certify'",
              "FILE")
      .required();
  command.group(OptionGroup::output);
  command.choice("--chart", options->chart,
                 "depth: m, l and L of every layer, or of every network if there are more than 8; "
                 "methods: paper against sharp, whatever --method says; "
                 "growth: by which factor each layer and component makes them grow (depth)",
                 chart_names);
  command.choice("--format", options->format,
                 "form of the chart (svg; vega-lite for an output *.json, bars for -o - and on "
                 "a terminal)",
                 plot_format_names());
  command
      .option("-o,--output", options->output,
              "write to FILE, whole or not at all; - draws bars of text on standard output", "FILE")
      .written();
  options->model.add_to(command);
  command.footer(
      "Examples:\n"
      "  smoothbound plot vgg16.yaml vgg16-batchnorm.yaml -o layers.svg\n"
      "  smoothbound plot --chart methods vgg16.yaml -o methods.svg\n"
      "  smoothbound plot --chart growth resnet50.yaml -o -\n"
      "  smoothbound plot --format vega-lite vgg16.yaml > vgg16.vl.json\n"
      "  smoothbound plot train.csv -o train.svg\n"
      "  smoothbound plot step.json -o step.svg");
  command.action([options](const CommandLine& line) { return run(*options, line); });
}

}  // namespace smoothbound::cli
