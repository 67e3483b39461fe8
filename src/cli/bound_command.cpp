// smoothbound bound: from architecture files to their bounds.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <optional>

#include "command_line.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "smoothbound/report/writers.hpp"
#include "smoothbound/spec/suggest.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 3> method_names{"paper", "sharp", "both"};
constexpr std::array<std::string_view, 4> format_names{"table", "json", "csv", "markdown"};
enum class Format : std::uint8_t { table, json, csv, markdown };

// The options as typed.
struct BoundOptions {
  std::vector<std::string> files;
  std::string method = "sharp";
  std::string format = "table";
  std::string output;
  std::string explain;
  std::string bn_epsilon;
  std::string smooth;
  std::string batch;
  std::string loss;
  std::string max_size;
  std::vector<std::string> reals = std::vector<std::string>(real_settings().size());
};

std::string option_name(std::string_view setting) {
  std::string name = "--" + std::string(setting);
  std::ranges::replace(name, '_', '-');
  return name;
}

// "64MiB", "1e9", "2GiB"
std::size_t parse_size(const ScalarText& scalar) {
  struct Unit {
    std::string_view suffix;
    unsigned shift;
  };
  constexpr std::array<Unit, 3> units{{{"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};
  ScalarText number = scalar;
  unsigned shift = 0;
  for (const Unit& unit : units) {
    if (!number.text.ends_with(unit.suffix)) continue;
    number.text.remove_suffix(unit.suffix.size());
    shift = unit.shift;
  }
  const auto count = static_cast<std::size_t>(parse_count(number));
  constexpr std::size_t largest = std::size_t{1} << 40U;
  if (count > (largest >> shift)) {
    throw SpecError(scalar.location, fmt::format("{} is too large", scalar.what),
                    "at most 1024GiB");
  }
  return count << shift;
}

class BoundCommand {
 public:
  BoundCommand(const BoundOptions& options, const CommandLine& line)
      : options_(options), line_(line) {}

  int run() {
    interpret();
    Output output(options_.output);
    const bool array = format_ == Format::json && options_.files.size() > 1;
    for (const std::string& file : options_.files) report_on(file, output, array);
    if (array && written_ > 0) output.write("]\n");
    const bool all_failed = failed_ == options_.files.size();
    if (options_.output.empty() || !all_failed) output.commit();
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
    const auto choose = [&](const std::string& option, const std::string& value,
                            std::span<const std::string_view> names) {
      ScalarText scalar = line_.scalar(option, value);
      scalar.quoted = true;  // whatever was typed is text
      return parse_choice(scalar, names);
    };
    const std::size_t method = choose("--method", options_.method, method_names);
    report_options_.methods.clear();
    if (method_names[method] != "sharp") report_options_.methods.push_back(Method::paper);
    if (method_names[method] != "paper") report_options_.methods.push_back(Method::sharp);
    format_ = static_cast<Format>(choose("--format", options_.format, format_names));

    const auto real = [&](const std::string& option, const std::string& value, RealRange range) {
      return parse_real(line_.scalar(option, value), range);
    };
    Settings& overrides = report_options_.overrides;
    for (std::size_t i = 0; i < options_.reals.size(); ++i) {
      if (options_.reals[i].empty()) continue;
      const RealSetting& setting = real_settings()[i];
      overrides.*setting.member = real(option_name(setting.name), options_.reals[i], setting.range);
    }
    if (!options_.batch.empty()) {
      overrides.batch = parse_count(line_.scalar("--batch", options_.batch));
    }
    if (!options_.loss.empty()) {
      std::vector<std::string_view> names;
      for (const LossRow& row : loss_table()) names.push_back(row.name);
      overrides.loss = &loss_table()[choose("--loss", options_.loss, names)];
    }
    if (!options_.bn_epsilon.empty()) {
      report_options_.batch_norm_epsilon =
          real("--bn-epsilon", options_.bn_epsilon, RealRange::non_negative);
    }
    if (!options_.smooth.empty()) {
      report_options_.smooth_beta = real("--smooth", options_.smooth, RealRange::positive);
    }
    if (!options_.explain.empty()) report_options_.explain = options_.explain;
    if (!options_.max_size.empty()) {
      limits_.bytes = parse_size(line_.scalar("--max-size", options_.max_size));
    }
    if (std::ranges::count(options_.files, "-") > 1) {
      throw SpecError(line_.locate("-"), "standard input can be read once", "name '-' once");
    }
  }

  void report_on(const std::string& file, Output& output, bool array) {
    Source source;
    std::optional<Report> report;
    try {
      load_source(file, limits_, source);
      report = make_report(source, report_options_, limits_);
    } catch (const SpecError& error) {
      std::cerr << render_error(source, error);
      ++failed_;
      worst_ = std::max<int>(worst_, bad_input);
      return;
    }
    if (!report->has_finite_answer()) {
      ++without_answer_;
      worst_ = std::max<int>(worst_, no_answer);
    }
    source.text = {};
    write(*report, output, array);
    ++written_;
  }

  void write(const Report& report, Output& output, bool array) const {
    const Sink sink = [&](std::string_view text) { output.write(text); };
    switch (format_) {
      case Format::table:
      case Format::markdown:
        if (written_ > 0) sink("\n");
        format_ == Format::table ? write_table(report, sink) : write_markdown(report, sink);
        break;
      case Format::csv:
        write_csv(report, written_ == 0, sink);
        break;
      case Format::json:
        if (array) sink(written_ == 0 ? "[" : ",");
        write_json(report, sink);
        break;
    }
  }

  const BoundOptions& options_;
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

void add_bound_command(CLI::App& app, const CommandLine& line, Action& action) {
  auto options = std::make_shared<BoundOptions>();
  CLI::App* command = app.add_subcommand(
      "bound", "Per-layer bounds of architecture files, and the estimates of Theorem 4.1");
  command
      ->add_option("files", options->files,
                   "architecture files, JSON or YAML; - reads standard input")
      ->required()
      ->type_name("FILE");
  const auto add = [&](const std::string& name, std::string& target, const std::string& help,
                       const std::string& type) {
    return command->add_option(name, target, help)->type_name(type);
  };
  add("--method", options->method, "paper, sharp or both (sharp)", "METHOD");
  add("--format", options->format, "table, json, csv or markdown (table)", "FORMAT");
  add("-o,--output", options->output, "write to FILE, whole or not at all", "FILE");
  add("--explain", options->explain, "also tell how the numbers of this layer came about", "LAYER");
  add("--bn-epsilon", options->bn_epsilon, "epsilon of every batch norm", "NUMBER");
  add("--smooth", options->smooth,
      "replace relu by softplus(BETA) and max by average pooling; BETA is 1 if left out", "[BETA]");
  add("--batch", options->batch, "number of samples in a batch", "COUNT");
  for (std::size_t i = 0; i < real_settings().size(); ++i) {
    const RealSetting& setting = real_settings()[i];
    add(option_name(setting.name), options->reals[i], std::string(setting.description), "NUMBER");
  }
  add("--loss", options->loss, "loss of the objective; 'smoothbound layers' lists them", "LOSS");
  add("--max-size", options->max_size,
      "largest file (64MiB); the limit of 1,000,000 layers grows with it", "SIZE");
  command->footer(
      "Examples:\n"
      "  smoothbound bound vgg16.yaml\n"
      "  smoothbound bound --method both --bn-epsilon 1e-2 vgg16-batchnorm.yaml\n"
      "  smoothbound bound --format json net.json | jq '.results[0].network'\n"
      "  smoothbound bound --smooth --explain conv1 relu-net.yaml");
  command->callback([options, &line, &action] {
    action = [options, &line] { return BoundCommand(*options, line).run(); };
  });
}

}  // namespace smoothbound::cli
