// smoothbound report: one HTML page about architecture files and directories of them.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <memory>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/distinct_files.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/report/html/html_report.hpp"

namespace smoothbound::cli {
namespace {

namespace fs = std::filesystem;

struct ReportCommandOptions {
  std::vector<std::string> paths;
  std::string output;
  ModelOptions model{"both"};
};

// Each directory replaced by the architecture files in it, by name.
std::vector<std::string> expand(const std::vector<std::string>& paths, const CommandLine& line) {
  constexpr std::array<std::string_view, 3> extensions{".yaml", ".yml", ".json"};
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (path == "-" || !fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    fs::directory_iterator entry(path, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      const std::string extension = entry->path().extension().string();
      std::error_code ignored;
      if (std::ranges::find(extensions, extension) == extensions.end()) continue;
      if (!entry->is_directory(ignored)) found.push_back(entry->path().string());
    }
    if (error) {
      throw SpecError(line.locate(path),
                      fmt::format("cannot read the directory '{}': {}", path, error.message()), "");
    }
    if (found.empty()) {
      throw SpecError(line.locate(path), fmt::format("no architecture files in '{}'", path),
                      "they are called *.yaml, *.yml or *.json");
    }
    std::ranges::sort(found);
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

int run(const ReportCommandOptions& options, const CommandLine& line) {
  const ReportOptions report_options = options.model.interpret(line);
  const Limits limits = options.model.limits(line);
  refuse_repeated_stdin(options.paths, line);
  const std::vector<std::string> files = expand(options.paths, line);
  refuse_overwriting(line, {"-o", "--output"}, options.output, files);
  refuse_other_formats(
      line, {"-o", "--output"}, options.output, {".html"}, "page",
      "a page is *.html; 'bound' and 'compare' write *.txt, *.md, *.csv and *.json");
  std::vector<Report> reports;
  std::vector<FailedFile> failures;
  int worst = success;
  for (const std::string& file : files) {
    Source source;
    try {
      load_source(file, limits, source);
      reports.push_back(make_report(source, report_options, limits));
      if (!reports.back().has_finite_answer()) worst = std::max<int>(worst, no_answer);
    } catch (const SpecError& error) {
      failures.push_back({file, render(source, error)});
      std::cerr << failures.back().message;
      worst = std::max<int>(worst, bad_input);
    }
  }
  if (reports.empty()) return worst;
  Output output(options.output == "-" ? "" : options.output);
  write_html_report(reports, failures, [&](std::string_view text) { output.write(text); });
  output.commit();
  return worst;
}

}  // namespace

void declare_report(Command& command) {
  auto options = std::make_shared<ReportCommandOptions>();
  command
      .option("paths", options->paths,
              "architecture files, or directories with *.yaml, *.yml, *.json; - reads standard "
              "input",
              "PATH")
      .required();
  command.group(OptionGroup::output);
  command.option("-o,--output", options->output, "write to FILE, whole or not at all", "FILE")
      .written();
  options->model.add_to(command);
  command.footer(
      "Examples:\n"
      "  smoothbound report architectures/ -o report.html\n"
      "  smoothbound report --method sharp --smooth a.yaml b.yaml > report.html");
  command.action([options](const CommandLine& line) { return run(*options, line); });
}

}  // namespace smoothbound::cli
