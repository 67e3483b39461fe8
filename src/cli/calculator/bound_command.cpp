// smoothbound bound: from architecture files to their bounds.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "shared/around_options.hpp"
#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "smoothbound/report/bound/writers.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::cli {
namespace {

// The options as typed.
struct BoundOptions {
  std::vector<std::string> files;
  OutputOptions output;
  std::string explain;
  std::string without;
  bool layerwise = false;
  AroundOptions around;
  ModelOptions model;
};

std::vector<std::string_view> refinement_names() {
  std::vector<std::string_view> names;
  names.reserve(refinements.size());
  for (const RefinementRow& row : refinements) names.push_back(row.name);
  return names;
}

class BoundCommand {
 public:
  BoundCommand(BoundOptions& options, const CommandLine& line) : options_(options), line_(line) {}

  int run() {
    const bool is_around = !options_.around.file(line_).empty();
    interpret();
    Output output(options_.output.path);
    if (is_around) return bound_around(output);
    for (const std::string& file : options_.files) report_on(file, output);
    if (options_.files.size() > 1 && written_ > 0) output.write(format_->after);
    const bool all_failed = failed_ == options_.files.size();
    if (options_.output.path.empty() || !all_failed) output.commit();
    if (options_.files.size() > 1) {
      std::cerr << fmt::format("{} of {} files done", options_.files.size() - failed_,
                               options_.files.size());
      if (failed_ > 0) std::cerr << fmt::format(", {} with errors", failed_);
      if (without_answer_ > 0) {
        std::cerr << fmt::format(", {} without a finite answer", without_answer_);
      }
      std::cerr << '\n';
    }
    return worst_;
  }

 private:
  // From texts to values; throws SpecError with a place on the command line.
  void interpret() {
    report_options_ = options_.model.interpret(line_);
    limits_ = options_.model.limits(line_);
    format_ = options_.output.choose_format(line_);
    if (!options_.explain.empty()) report_options_.explain = options_.explain;
    switch_off(options_.without);
    report_options_.layerwise = options_.layerwise;
    refuse_paper_by_block(options_.layerwise, report_options_, line_);
    refuse_repeated_stdin(options_.files, line_);
  }

  // Bounds around weights are those of one network.
  int bound_around(Output& output) {
    const auto refuse = [&](bool is_given, const std::string& option, const std::string& why) {
      if (!is_given) return;
      throw SpecError(line_.locate_last({option}), fmt::format("{} and --around", option), why);
    };
    refuse(options_.layerwise, "--layerwise",
           "'smoothbound train --step local --layerwise' certifies such steps around weights");
    refuse(!options_.without.empty(), "--without", "it is about bounds on balls around 0");
    refuse(!options_.model.weights().file.empty(), "--weights",
           "statistics of batch norms are read from the file of --around");
    if (options_.files.size() > 1) {
      throw SpecError(line_.locate_last({"--around"}), "--around is about one network",
                      "name one file");
    }
    return options_.around.run({options_.files.front(), report_options_, limits_,
                                options_.model.weights(), format_, output},
                               line_);
  }

  // "levels,joint"
  void switch_off(const std::string_view all) {
    for (std::string_view names = all; !names.empty();) {
      const std::size_t end = std::min(names.find(','), names.size());
      const std::string_view name = names.substr(0, end);
      names.remove_prefix(std::min(end + 1, names.size()));
      const auto* row = std::ranges::find(refinements, name, &RefinementRow::name);
      if (row != refinements.end()) {
        report_options_.refinements.*row->flag = false;
        continue;
      }
      const std::vector<std::string_view> known = refinement_names();
      Location place = line_.scalar("--without", options_.without).location;
      const bool is_argument = place.line == 1;  // in a file there may be quotes
      if (is_argument) place.column += static_cast<std::uint32_t>(name.data() - all.data());
      throw SpecError(place, fmt::format("there is no refinement '{}'", name),
                      suggest(name, known, fmt::format("there are: {}", join(known))));
    }
  }

  void report_on(const std::string& file, Output& output) {
    Source source;
    std::optional<Report> report;
    try {
      report = try_report(file, report_options_, limits_, source);
    } catch (const NoSuchLayer& error) {
      std::cerr << line_.render(SpecError(line_.scalar("--explain", options_.explain).location,
                                          fmt::format("{}: {}", source.name, error.what()),
                                          error.hint));
    }
    if (!report) {
      ++failed_;
      worst_ = std::max<int>(worst_, bad_input);
      return;
    }
    if (!report->has_finite_answer()) {
      ++without_answer_;
      worst_ = std::max<int>(worst_, no_answer);
    }
    source.text = {};
    write(*report, output);
    ++written_;
  }

  void write(const Report& report, Output& output) const {
    const Sink sink = [&](std::string_view text) { output.write(text); };
    if (options_.files.size() > 1) sink(written_ == 0 ? format_->before : format_->between);
    smoothbound::write(report, format_, sink, written_ == 0);
  }

  BoundOptions& options_;
  const CommandLine& line_;
  ReportOptions report_options_;
  Format format_ = Format::table;
  Limits limits_;
  std::size_t failed_ = 0;
  std::size_t without_answer_ = 0;
  std::size_t written_ = 0;
  int worst_ = success;
};

}  // namespace

void declare_bound(Command& command) {
  auto options = std::make_shared<BoundOptions>();
  command
      .option("files", options->files, "architecture files, JSON or YAML; - reads standard input",
              "FILE")
      .required();
  options->output.add_to(command);
  command.option("--explain", options->explain,
                 "also tell how the numbers of this layer came about", "LAYER");
  command.option("--without", options->without,
                 fmt::format("refinements of method sharp to leave out, for comparisons: {}",
                             join(refinement_names())),
                 "NAME,...");
  command.flag("--layerwise", options->layerwise,
               "also tell step sizes of single parameter blocks, certified together");
  options->around.add_to(command);
  options->model.add_to(command);
  command.footer(
      "Examples:\n"
      "  smoothbound bound vgg16.yaml\n"
      "  smoothbound bound --method both --bn-epsilon 1e-2 vgg16-batchnorm.yaml\n"
      "  smoothbound bound --format json net.json | jq '.results[0].network'\n"
      "  smoothbound bound --smooth --explain conv1 relu-net.yaml\n"
      "  smoothbound bound --around w.safetensors --radius 0.01 --data fashion-mnist net.yaml");
  command.action([options](const CommandLine& line) { return BoundCommand(*options, line).run(); });
}

}  // namespace smoothbound::cli
