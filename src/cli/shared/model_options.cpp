#include "model_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "remedies.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound::cli {
namespace {

constexpr std::array<std::string_view, 3> method_names{"paper", "sharp", "both"};

}  // namespace

std::string option_name(std::string_view setting) {
  std::string name = "--" + std::string(setting);
  std::ranges::replace(name, '_', '-');
  return name;
}

std::size_t parse_size(const text::ScalarText& scalar) {
  struct Unit {
    std::string_view suffix;
    unsigned shift;
  };
  constexpr std::array<Unit, 3> units{{{"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};
  text::ScalarText number = scalar;
  unsigned shift = 0;
  for (const Unit& unit : units) {
    if (!number.text.ends_with(unit.suffix)) continue;
    number.text.remove_suffix(unit.suffix.size());
    shift = unit.shift;
  }
  const auto count = static_cast<std::size_t>(text::parse_count(number));
  constexpr std::size_t largest = std::size_t{1} << 40U;
  if (count > (largest >> shift)) {
    throw SpecError(scalar.location, fmt::format("{} is too large", scalar.what),
                    "at most 1024GiB");
  }
  return count << shift;
}

std::size_t choose(const CommandLine& line, const std::string& option, const std::string& value,
                   std::span<const std::string_view> names) {
  text::ScalarText scalar = line.scalar(option, value);
  scalar.quoted = true;  // whatever was typed is text
  return text::parse_choice(scalar, names);
}

void ModelOptions::add_to(Command& command, const std::vector<std::string_view>& left_out) {
  const auto is_wanted = [&](std::string_view name) {
    return std::ranges::find(left_out, name) == left_out.end();
  };
  const auto add = [&](const std::string& name, std::string& target, std::string_view help,
                       const std::string& type) {
    if (is_wanted(name)) command.option(name, target, std::string(help), type);
  };
  if (is_wanted("--weights")) {
    weights_.add_to(command,
                    "statistics of batch norms that are fixed without numbers, from a "
                    "file of weights");
  }
  command.group(OptionGroup::settings);
  if (is_wanted("--method")) {
    command.choice("--method", method_,
                   fmt::format("rules: those of the paper, the sharpest, or both ({})", method_),
                   method_names);
  }
  add("--bn-epsilon", bn_epsilon_, "epsilon of every batch norm", "NUMBER");
  add("--smooth", smooth_,
      "replace kinks: relu by softplus(BETA), max by average pooling, ...; BETA is 1 if left out",
      "[BETA]");
  for (std::size_t i = 0; i < count_settings().size(); ++i) {
    const CountSetting& setting = count_settings()[i];
    add(option_name(setting.name), counts_[i], setting.description, "COUNT");
  }
  for (std::size_t i = 0; i < real_settings().size(); ++i) {
    const RealSetting& setting = real_settings()[i];
    add(option_name(setting.name), reals_[i], setting.description, "NUMBER");
  }
  add("--loss", loss_, "loss of the objective; 'smoothbound layers' lists them", "LOSS");
  command.group(OptionGroup::machine);
  add("--max-size", max_size_, "largest file (64MiB); the limit of 1,000,000 layers grows with it",
      "SIZE");
}

ReportOptions ModelOptions::interpret(const CommandLine& line) const {
  ReportOptions options;
  options.methods.clear();
  options.words = option_words;
  const std::string_view method = method_names[choose(line, "--method", method_, method_names)];
  if (method != "sharp") options.methods.push_back(Method::paper);
  if (method != "paper") options.methods.push_back(Method::sharp);
  const auto real = [&](const std::string& option, const std::string& value,
                        text::RealRange range) {
    return text::parse_real(line.scalar(option, value), range);
  };
  for (std::size_t i = 0; i < reals_.size(); ++i) {
    if (reals_[i].empty()) continue;
    const RealSetting& setting = real_settings()[i];
    options.overrides.*setting.member = real(option_name(setting.name), reals_[i], setting.range);
  }
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i].empty()) continue;
    const CountSetting& setting = count_settings()[i];
    options.overrides.*setting.member =
        text::parse_count(line.scalar(option_name(setting.name), counts_[i]));
  }
  if (!loss_.empty()) {
    std::vector<std::string_view> names;
    for (const LossRow& row : loss_table()) names.push_back(row.name);
    options.overrides.loss = &loss_table()[choose(line, "--loss", loss_, names)];
  }
  if (!bn_epsilon_.empty()) {
    options.batch_norm_epsilon = real("--bn-epsilon", bn_epsilon_, text::RealRange::non_negative);
  }
  options.adapt = statistics_adapter(weights_, line);
  if (!smooth_.empty()) options.smooth_beta = real("--smooth", smooth_, text::RealRange::positive);
  return options;
}

Limits ModelOptions::limits(const CommandLine& line) const {
  Limits limits;
  if (!max_size_.empty()) limits.bytes = parse_size(line.scalar("--max-size", max_size_));
  return limits;
}

std::optional<Report> try_report(const std::string& file, const ReportOptions& options,
                                 const Limits& limits, Source& source) {
  try {
    load_source(file, limits, source);
    return make_report(source, options, limits);
  } catch (const NoSuchLayer&) {  // a mistake in the options, and not in the file
    throw;
  } catch (const SpecError& error) {
    std::cerr << render(source, error);
  }
  return std::nullopt;
}

void refuse_paper_by_block(bool layerwise, const ReportOptions& options, const CommandLine& line) {
  if (!layerwise || std::ranges::count(options.methods, Method::paper) == 0) return;
  throw SpecError(line.locate_last({"--method"}),
                  "the rules of the paper do not tell parameter blocks from each other",
                  "--layerwise takes --method sharp");
}

void refuse_repeated_stdin(const std::vector<std::string>& files, const CommandLine& line) {
  if (std::ranges::count(files, "-") > 1) {
    throw SpecError(line.locate_last({"-"}), "standard input can be read once", "name '-' once");
  }
}

}  // namespace smoothbound::cli
