#include "train_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "shared/model_options.hpp"

namespace smoothbound::cli {
namespace {

// What `--step` and `--gamma` take besides a number.
constexpr std::string_view line_search = "line-search";
constexpr std::string_view enclosure = "enclosure";

bool is_number(std::string_view text) {
  return !text.empty() && (text.front() == '.' || text.front() == '-' || text.front() == '+' ||
                           (text.front() >= '0' && text.front() <= '9'));
}

}  // namespace

void OracleOptions::add_to(Command& command) {
  command.group(OptionGroup::steps);
  command.choice("--oracle", oracle_, "the model of the objective that a step minimizes (gradient)",
                 oracle_names());
  command.option(
      "--step", step_,
      "step of the gradient oracle: certified, 1/L_F on the balls; local, 1/L_F around the point; "
      "line-search; or a number (certified); of every oracle enclosure, the longest one that is "
      "proved to decrease the objective enough before it is taken",
      "RULE");
  command.option(
      "--gamma", gamma_,
      "step of the other oracles: line-search, or a number, halved while a step does not exist "
      "(line-search)",
      "RULE");
  command.flag("--layerwise", layerwise_,
               "of --step certified and local: steps of single parameter blocks where they are "
               "certified to decrease the objective more");
  command.option("--local-radius", local_radius_,
                 "radius R' around the point of --step local (the one with the longest step)",
                 "RADIUS");
  command.option("--dual-residual", dual_residual_,
                 "relative residual at which Gauss-Newton steps count as solved; 0 is exact (1e-3)",
                 "NUMBER");
  command.option("--batch", batch_, "samples of each step, drawn at random (all)", "COUNT");
}

TrainingOptions OracleOptions::interpret(const CommandLine& line) const {
  TrainingOptions options;
  options.oracle = static_cast<steps::StepKind>(choose(line, "--oracle", oracle_, oracle_names()));
  const bool first_order = options.oracle == steps::StepKind::gradient;
  if (first_order && !gamma_.empty()) {
    throw SpecError(line.locate_last({"--gamma"}), "--gamma is for gauss-newton and newton",
                    "the gradient oracle takes --step");
  }
  const bool encloses = step_ == enclosure;
  if (!first_order && !step_.empty() && !encloses) {
    throw SpecError(line.locate_last({"--step"}), "--step is for the gradient oracle",
                    "gauss-newton and newton take --gamma");
  }
  const std::string option = first_order ? "--step" : "--gamma";
  const std::string& rule = first_order ? step_ : gamma_;
  if (rule.empty()) {
    options.rule = first_order ? StepRule::certified : StepRule::line_search;
  } else if (is_number(rule)) {
    options.rule = StepRule::constant;  // of the model, where steps are enclosed
    options.gamma = text::parse_real(line.scalar(option, rule), text::RealRange::positive).nearest;
  } else if (first_order) {
    options.rule = static_cast<StepRule>(choose(line, option, rule, step_rule_names()));
  } else {
    choose(line, option, rule, {&line_search, 1});
    options.rule = StepRule::line_search;
  }
  if (encloses) {
    if (!first_order && !rule.empty() && options.rule != StepRule::constant) {
      throw SpecError(line.locate_last({"--gamma"}), "--step enclosure takes a number as --gamma",
                      "leave --gamma out, or give a number");
    }
    options.rule = StepRule::enclosure;
  }
  options.layerwise = layerwise_;
  if (layerwise_ && options.rule != StepRule::certified && options.rule != StepRule::local) {
    throw SpecError(line.locate_last({"--layerwise"}),
                    "--layerwise is for --step certified and local",
                    "take one of them, or leave it out");
  }
  if (!local_radius_.empty()) {
    if (options.rule != StepRule::local) {
      throw SpecError(line.locate_last({"--local-radius"}), "--local-radius is for --step local",
                      "add --step local, or leave it out");
    }
    options.local_radius =
        text::parse_real(line.scalar("--local-radius", local_radius_), text::RealRange::positive)
            .nearest;
  }
  constexpr double usual_residual = 1e-3;
  options.dual_residual = usual_residual;
  if (!dual_residual_.empty()) {
    if (options.oracle != steps::StepKind::gauss_newton) {
      throw SpecError(line.locate_last({"--dual-residual"}),
                      "--dual-residual is for --oracle gauss-newton",
                      "add --oracle gauss-newton, or leave it out");
    }
    options.dual_residual = text::parse_real(line.scalar("--dual-residual", dual_residual_),
                                             text::RealRange::non_negative)
                                .nearest;
  }
  if (!batch_.empty()) options.mini_batch = text::parse_count(line.scalar("--batch", batch_));
  return options;
}

std::string OracleOptions::step_text() const {
  const bool first_order = oracle_ == oracle_names().front();
  const std::string& rule = first_order ? step_ : gamma_;
  if (step_ == enclosure && !first_order) {
    return rule.empty() ? step_ : fmt::format("{} with gamma {}", step_, rule);
  }
  std::string text = rule;
  if (rule.empty()) text = first_order ? step_rule_names().front() : line_search;
  if (layerwise_) text += layerwise_suffix;
  return text;
}

}  // namespace smoothbound::cli
