// smoothbound compare: architectures, or one under several settings, side by side.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <set>

#include "shared/command.hpp"
#include "shared/command_line.hpp"
#include "shared/exit_code.hpp"
#include "shared/model_options.hpp"
#include "shared/output.hpp"
#include "shared/output_options.hpp"
#include "shared/remedies.hpp"
#include "smoothbound/report/compare/writers.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::cli {
namespace {

// The options as typed.
struct CompareOptions {
  std::vector<std::string> files;
  std::vector<std::string> with;
  OutputOptions output;
  ModelOptions model;
};

// One setting of a --with: "bn-epsilon=1e-2", on top of `options`.
void apply_setting(std::string_view setting, Location place, ReportOptions& options) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos) {
    throw SpecError(place, fmt::format("'{}' has no '='", setting),
                    "for example --with bn-epsilon=1e-2,radius=2");
  }
  const std::string_view name = setting.substr(0, equals);
  place.column += static_cast<std::uint32_t>(character_count(name)) + 1;
  const text::ScalarText value{setting.substr(equals + 1), false, place, name};
  std::vector<std::string> known{"bn-epsilon", "loss", "smooth"};
  for (const CountSetting& count : count_settings()) {
    known.push_back(option_name(count.name).substr(2));
    if (name != known.back()) continue;
    options.overrides.*count.member = text::parse_count(value);
    return;
  }
  for (const RealSetting& real : real_settings()) {
    known.push_back(option_name(real.name).substr(2));
    if (name != known.back()) continue;
    options.overrides.*real.member = text::parse_real(value, real.range);
    return;
  }
  if (name == "bn-epsilon") {
    options.batch_norm_epsilon = text::parse_real(value, text::RealRange::non_negative);
  } else if (name == "smooth") {
    options.smooth_beta = text::parse_real(value, text::RealRange::positive);
  } else if (name == "loss") {
    std::vector<std::string_view> names;
    for (const LossRow& row : loss_table()) names.push_back(row.name);
    options.overrides.loss = &loss_table()[text::parse_choice(value, names)];
  } else {
    place.column -= static_cast<std::uint32_t>(character_count(name)) + 1;
    const std::vector<std::string_view> views(known.begin(), known.end());
    throw SpecError(place, fmt::format("--with knows no setting '{}'", name),
                    suggest(name, views, "one of: " + join(views)));
  }
}

// A column's settings, and what to call them.
struct SettingSet {
  std::string text;
  ReportOptions options;
};

class CompareCommand {
 public:
  CompareCommand(const CompareOptions& options, const CommandLine& line)
      : options_(options), line_(line) {}

  int run() {
    const Format format = options_.output.choose_format(line_);
    const Limits limits = options_.model.limits(line_);
    refuse_repeated_stdin(options_.files, line_);
    const std::vector<SettingSet> sets = setting_sets();
    if (options_.files.size() * sets.size() < 2) {
      throw SpecError(line_.end(), "one network alone cannot be compared",
                      "name another file, or add settings with --with, e.g. --with radius=2");
    }
    std::vector<ComparedNetwork> networks;
    for (const std::string& file : options_.files) {
      if (!add_columns(file, sets, limits, networks)) return bad_input;
    }
    const bool all_answered = std::ranges::all_of(networks, [](const ComparedNetwork& network) {
      return network.report.has_finite_answer();
    });
    const Comparison comparison = compare_networks(std::move(networks));
    Output output(options_.output.path);
    write(comparison, format, [&](std::string_view text) { output.write(text); });
    output.commit();
    return all_answered ? success : no_answer;
  }

 private:
  // The settings of the command line alone, then each --with.
  [[nodiscard]] std::vector<SettingSet> setting_sets() const {
    const ReportOptions base = options_.model.interpret(line_);
    std::vector<SettingSet> sets{{"", base}};
    std::set<std::string> seen;
    for (const std::string& text : options_.with) {
      const Location place = line_.scalar("--with", text).location;
      if (!seen.insert(text).second) {
        throw SpecError(place, fmt::format("--with {} is given twice", text), "keep one of them");
      }
      SettingSet set{text, base};
      for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        Location here = place;
        here.column += static_cast<std::uint32_t>(character_count(text.substr(0, begin)));
        apply_setting(std::string_view(text).substr(begin, end - begin), here, set.options);
        begin = end + 1;
      }
      sets.push_back(std::move(set));
    }
    return sets;
  }

  // The file is read once, so that standard input can be compared too.
  static bool add_columns(const std::string& file, const std::vector<SettingSet>& sets,
                          const Limits& limits, std::vector<ComparedNetwork>& networks) {
    Source source;
    try {
      load_source(file, limits, source);
      for (const SettingSet& set : sets) {
        networks.push_back({make_report(source, set.options, limits), set.text});
      }
      return true;
    } catch (const SpecError& error) {
      std::cerr << render(source, error);
      return false;
    }
  }

  const CompareOptions& options_;
  const CommandLine& line_;
};

}  // namespace

void declare_compare(Command& command) {
  auto options = std::make_shared<CompareOptions>();
  command.option("files", options->files, "architecture files; - reads standard input", "FILE")
      .required();
  command.group(OptionGroup::settings);
  command
      .option("--with", options->with,
              "one more column for each file, with these settings; may be repeated",
              "SETTING=VALUE,...")
      .one_at_a_time();
  options->output.add_to(command);
  options->model.add_to(command);
  command.footer(
      "--with takes batch, bn-epsilon, loss, smooth and every option for a number above, without "
      "dashes\nin front. Other options hold for all columns.\n"
      "Examples:\n"
      "  smoothbound compare vgg16.yaml vgg16-batchnorm.yaml --bn-epsilon 1e-2\n"
      "  smoothbound compare mlp.yaml --with radius=2 --with radius=2,batch=1\n"
      "  smoothbound compare a.yaml b.yaml --method both -o comparison.md");
  command.action(
      [options](const CommandLine& line) { return CompareCommand(*options, line).run(); });
}

}  // namespace smoothbound::cli
