// smoothbound sweep: bounds along grids of settings.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <iostream>

#include "command_line.hpp"
#include "exit_code.hpp"
#include "model_options.hpp"
#include "output.hpp"
#include "smoothbound/report/sweep.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 3> format_names{"table", "csv", "json"};
enum class Format : std::uint8_t { table, csv, json };

// The options as typed.
struct SweepOptions {
  std::string file;
  std::string against;
  std::string format = "table";
  std::string output;
  std::string threads;
  std::vector<std::string> grids{sweep_settings().size()};
  ModelOptions model;
};

// A line on a terminal, once the work takes longer than a second.
class Progress {
 public:
  void show(std::size_t done, std::size_t all) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + interval;
    shown_ = true;
    std::cerr << fmt::format("\r{:3}% of {} evaluations", done * 100 / all, all) << std::flush;
  }
  void clear() const {
    if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  }

 private:
  static constexpr std::chrono::milliseconds interval{200};
  std::chrono::steady_clock::time_point next_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(1);
  bool shown_ = false;
};

class SweepCommand {
 public:
  SweepCommand(const SweepOptions& options, const CommandLine& line)
      : options_(options), line_(line) {}

  int run() {
    const Format format =
        static_cast<Format>(choose(line_, "--format", options_.format, format_names));
    std::vector<SweepAxis> axes = parse_axes();
    const ReportOptions model = options_.model.interpret(line_);
    const Limits limits = options_.model.limits(line_);
    SweepRun run;
    constexpr std::int64_t most_threads = 1024;
    if (!options_.threads.empty()) {
      run.threads = static_cast<unsigned>(
          std::min(parse_count(line_.scalar("--threads", options_.threads)), most_threads));
    }
    refuse_repeated_stdin({options_.file, options_.against}, line_);
    refuse_input_as_output("-o", {"-o", "--output"}, options_.output);
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
    if (isatty(STDERR_FILENO) != 0) {
      run.progress = [&](std::size_t done, std::size_t all) { progress.show(done, all); };
    }
    const Sweep sweep =
        run_sweep(*std::move(base), std::move(against), std::move(axes), model.methods, run);
    progress.clear();
    Output output(options_.output);
    write(sweep, format, output);
    output.commit();
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

  void refuse_input_as_output(std::string_view name, const std::vector<std::string>& spellings,
                              const std::string& output) const {
    for (const std::string& input : {options_.file, options_.against}) {
      if (output.empty() || input.empty() || input == "-") continue;
      std::error_code error;
      if (output == input || std::filesystem::equivalent(output, input, error)) {
        throw SpecError(line_.locate_last(spellings),
                        fmt::format("{} would overwrite '{}', which is read", name, input),
                        "write to another file");
      }
    }
  }

  static void write(const Sweep& sweep, Format format, Output& output) {
    const Sink sink = [&](std::string_view text) { output.write(text); };
    switch (format) {
      case Format::table:
        write_sweep_table(sweep, sink);
        break;
      case Format::csv:
        write_sweep_csv(sweep, sink);
        break;
      case Format::json:
        write_sweep_json(sweep, sink);
        break;
    }
  }

  const SweepOptions& options_;
  const CommandLine& line_;
};

}  // namespace

void add_sweep_command(CLI::App& app, const CommandLine& line, Action& action) {
  auto options = std::make_shared<SweepOptions>();
  CLI::App* command = app.add_subcommand(
      "sweep", "Bounds along grids of settings, and where they cross those of another network");
  const auto add = [&](const std::string& name, std::string& target, const std::string& help,
                       const std::string& type) {
    return command->add_option(name, target, help)->type_name(type);
  };
  add("file", options->file, "architecture file, JSON or YAML; - reads standard input", "FILE")
      ->required();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < sweep_settings().size(); ++i) {
    const SweepSetting setting = sweep_settings()[i];
    names.push_back(option_name(name_of(setting)));
    add(names.back(), options->grids[i], std::string(description_of(setting)), "GRID");
  }
  add("--against", options->against,
      "find where the bounds cross those of this architecture, under the same settings", "FILE");
  add("--format", options->format, "table, csv or json (table)", "FORMAT");
  add("-o,--output", options->output, "write to FILE, whole or not at all", "FILE");
  add("--threads", options->threads, "number of threads (as many as cores)", "COUNT");
  options->model.add_to(*command, {names.begin(), names.end()});
  command->footer(
      "A GRID is FIRST:LAST:log:POINTS, FIRST:LAST:lin:POINTS, a list 1,8,128 or a number. Of\n"
      "several, all combinations are evaluated; the last one on the command line is the fastest.\n"
      "Crossings are sought between neighbouring points along the first one.\n"
      "\n"
      "Examples:\n"
      "  smoothbound sweep vgg16-batchnorm.yaml --bn-epsilon 1e-4:1e4:log:81 \\\n"
      "    --against vgg16.yaml\n"
      "  smoothbound sweep mlp.yaml --radius 0.1:10:log:21 --batch 1,8,128 --format csv");
  command->callback([options, &line, &action] {
    action = [options, &line] { return SweepCommand(*options, line).run(); };
  });
}

}  // namespace smoothbound::cli
