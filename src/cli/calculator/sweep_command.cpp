// smoothbound sweep: bounds along grids of settings.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/plot_output.hpp"
#include "shared/progress.hpp"
#include "smoothbound/report/sweep/writers.hpp"

namespace smoothbound::cli {
namespace {

// The options as typed.
struct SweepOptions {
  std::string file;
  std::string against;
  OutputOptions output;
  std::string plot;
  std::string threads;
  std::vector<std::string> grids{sweep_settings().size()};
  ModelOptions model;
};

class SweepCommand {
 public:
  SweepCommand(const SweepOptions& options, const CommandLine& line)
      : options_(options), line_(line) {}

  int run() {
    const Format format = options_.output.choose_format(line_);
    std::vector<SweepAxis> axes = parse_axes();
    const ReportOptions model = options_.model.interpret(line_);
    const Limits limits = options_.model.limits(line_);
    SweepRun run;
    constexpr std::int64_t most_threads = 1024;
    if (!options_.threads.empty()) {
      run.threads = static_cast<unsigned>(
          std::min(text::parse_count(line_.scalar("--threads", options_.threads)), most_threads));
    }
    refuse_repeated_stdin({options_.file, options_.against}, line_);
    check_outputs(format);
    check_size(axes);

    Source source;
    const ReportOptions options = options_for(model, axes);
    std::optional<Report> base = try_report(options_.file, options, limits, source);
    if (!base) return bad_input;
    std::optional<Report> against;
    if (!options_.against.empty()) {
      against = try_report(options_.against, options, limits, source);
      if (!against) return bad_input;
    }
    Progress progress;
    if (Progress::is_wanted()) {
      run.progress = [&](std::size_t done, std::size_t all) {
        progress.show(done, all, "evaluations");
      };
    }
    const Sweep sweep =
        run_sweep(*std::move(base), std::move(against), std::move(axes), model.methods, run);
    progress.clear();
    write_outputs(sweep, format);
    return sweep.has_finite_answer() ? success : no_answer;
  }

 private:
  // The settings that are swept, in the order of the command line.
  std::vector<SweepAxis> parse_axes() const {
    struct Placed {
      Location place;
      SweepAxis axis;
    };
    std::vector<Placed> placed;
    for (std::size_t i = 0; i < options_.grids.size(); ++i) {
      if (options_.grids[i].empty()) continue;
      const SweepSetting setting = sweep_settings()[i];
      const std::string option = option_name(name_of(setting));
      placed.push_back({line_.locate_last({option}),
                        parse_axis(setting, line_.scalar(option, options_.grids[i]))});
    }
    std::ranges::stable_sort(placed, {}, [](const Placed& p) { return p.place.column; });
    std::vector<SweepAxis> axes;
    axes.reserve(placed.size());
    for (Placed& each : placed) axes.push_back(std::move(each.axis));
    if (!axes.empty()) return axes;
    std::string names;
    for (const SweepSetting setting : sweep_settings()) {
      names += (names.empty() ? "" : ", ") + option_name(name_of(setting));
    }
    throw SpecError(line_.end(), "there is nothing to sweep",
                    "give a grid, as in --bn-epsilon 1e-4:1e4:log:81, to one of " + names);
  }

  // The last grid on the command line is the one that made it too much.
  void check_size(std::span<const SweepAxis> axes) const {
    try {
      refuse_too_many_points(axes);
    } catch (const SpecError& error) {
      const std::string option = option_name(name_of(axes.back().setting));
      throw SpecError(line_.locate_last({option}), error.what(), error.hint);
    }
  }

  // Not both to standard output.
  void check_outputs(Format format) const {
    if (options_.plot.empty()) return;
    choose_plot_format(line_, "", {"--plot"}, options_.plot);
    if (options_.plot != "-" || format == Format::table || !options_.output.path.empty()) return;
    throw SpecError(
        line_.locate_last({"--plot"}),
        fmt::format("--plot - would mix bars with the {} on standard output", format->name),
        "write one of them to a file: -o FILE or --plot FILE");
  }

  // The plot comes first, so that nothing is on standard output if it cannot be written; bars come
  // below the table.
  void write_outputs(const Sweep& sweep, Format format) const {
    std::vector<Chart> charts;
    if (!options_.plot.empty()) charts = sweep_charts(sweep);
    const PlotFormat& plot_format = choose_plot_format(line_, "", {"--plot"}, options_.plot);
    const bool bars = options_.plot == "-";
    if (!charts.empty() && !bars) write_plot(charts, plot_format, options_.plot);
    Output output(options_.output.path);
    write(sweep, format, [&](std::string_view text) { output.write(text); });
    if (!charts.empty() && bars && options_.output.path.empty()) output.write("\n");
    output.commit();
    if (!charts.empty() && bars) write_plot(charts, plot_format, options_.plot);
  }

  const SweepOptions& options_;
  const CommandLine& line_;
};

}  // namespace

void declare_sweep(Command& command) {
  auto options = std::make_shared<SweepOptions>();
  command
      .option("file", options->file, "architecture file, JSON or YAML; - reads standard input",
              "FILE")
      .required();
  command.group(OptionGroup::grids);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < sweep_settings().size(); ++i) {
    const SweepSetting setting = sweep_settings()[i];
    names.push_back(option_name(name_of(setting)));
    command.option(names.back(), options->grids[i], std::string(description_of(setting)), "GRID");
  }
  command.option("--against", options->against,
                 "find where the bounds cross those of this architecture, under the same settings",
                 "FILE");
  options->output.add_to(command);
  command
      .option(
          "--plot", options->plot,
          "also draw l and L along the first grid: SVG, Vega-Lite for *.json, - for bars of text",
          "FILE")
      .written();
  command.group(OptionGroup::machine);
  command.option("--threads", options->threads, "number of threads (as many as cores)", "COUNT");
  options->model.add_to(command, {names.begin(), names.end()});
  command.footer(
      "A GRID is FIRST:LAST:log:POINTS, FIRST:LAST:lin:POINTS, a list 1,8,128 or a number. Of\n"
      "several, all combinations are evaluated; the last one on the command line is the fastest.\n"
      "Crossings are sought between neighbouring points along the first one.\n"
      "\n"
      "Examples:\n"
      "  smoothbound sweep vgg16-batchnorm.yaml --bn-epsilon 1e-4:1e4:log:81 \\\n"
      "    --against vgg16.yaml --plot sweep.svg\n"
      "  smoothbound sweep mlp.yaml --radius 0.1:10:log:21 --batch 1,8,128 --format csv");
  command.action([options](const CommandLine& line) { return SweepCommand(*options, line).run(); });
}

}  // namespace smoothbound::cli
