#include "smoothbound/bounds/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "smoothbound/text/digest.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

void apply_options(Spec& spec, const ReportOptions& options, std::vector<std::string>& notes) {
  spec.settings.override_by(options.overrides);
  if (options.batch_norm_epsilon) {
    const std::size_t count = set_batch_norm_epsilon(spec, *options.batch_norm_epsilon);
    if (count == 0) notes.emplace_back("bn-epsilon has no effect: there is no batch_norm");
  }
  if (options.smooth_beta) {
    const std::vector<Replacement> done = make_smooth(spec, *options.smooth_beta);
    for (const Replacement& replacement : done) {
      notes.push_back(fmt::format("smooth: {} {} replaced by {}", replacement.count,
                                  replacement.from, replacement.to));
    }
    if (done.empty()) notes.emplace_back("smooth has no effect: there is nothing to replace");
  }
  if (options.softplus_scale && set_softplus_scale(spec, *options.softplus_scale) == 0) {
    notes.emplace_back("softplus-scale has no effect: there is no softplus");
  }
}

// What --smooth leaves not smooth, and why.
void note_not_replaced(const Graph& graph, const ReportOptions& options,
                       std::vector<std::string>& notes) {
  struct Kind {
    std::string_view name;
    Constant smoothness;
    std::size_t count;
  };
  std::vector<Kind> kinds;
  for (const Layer& layer : graph.layers) {
    for (std::size_t i = 0; i < layer.components.size(); ++i) {
      const Component& component = layer.components[i].component;
      const std::optional<Constant> kink =
          infinite_smoothness(component, graph.site_of(layer, i, 1));
      if (!kink) continue;
      auto kind = std::ranges::find(kinds, name_of(component), &Kind::name);
      if (kind == kinds.end()) kind = kinds.insert(kind, {name_of(component), *kink, 0});
      ++kind->count;
    }
  }
  for (const Kind& kind : kinds) {
    notes.push_back(
        fmt::format("smooth: {} {} not replaced: {}", kind.count, kind.name,
                    with_remedy(kind.smoothness.source, kind.smoothness.remedy, options.words)));
  }
}

bool reads_ids(const Spec& spec) {
  return std::ranges::any_of(spec.layers, [](const LayerSpec& layer) {
    return !layer.components.empty() && ids_of(layer.components.front().component);
  });
}

std::string assumption(const ComponentDefault& one) {
  return fmt::format("{} = {} of {} ({}): not given, so the default", one.setting, one.value,
                     one.component, one.description);
}

std::uint32_t find_layer(const Graph& graph, const std::string& name) {
  for (std::uint32_t i = 0; i < graph.layers.size(); ++i) {
    if (graph.layers[i].name == name) return i;
  }
  std::vector<std::string_view> names;
  for (const Layer& layer : graph.layers) names.push_back(layer.name);
  constexpr std::size_t most = 10;
  const std::span<const std::string_view> first =
      std::span(names).first(std::min(most, names.size()));
  throw NoSuchLayer(
      {}, fmt::format("there is no layer '{}'", name),
      suggest(name, names,
              fmt::format("{}: {}{}", names.size() > most ? "the first ones" : "there are",
                          join(first), names.size() > most ? ", ..." : "")));
}

void note_unused(const Graph& graph, std::vector<std::string>& notes) {
  constexpr std::size_t most = 10;
  for (std::size_t i = 0; i < std::min(graph.unused.size(), most); ++i) {
    notes.push_back(fmt::format("layer '{}' does not reach the output '{}'", graph.unused[i],
                                graph.layers[graph.output()].name));
  }
  if (graph.unused.size() > most) {
    notes.push_back(
        fmt::format("{} more layers do not reach the output", graph.unused.size() - most));
  }
}

void require_numbers(const Graph& graph) {
  for (const Layer& layer : graph.layers) {
    for (const PlacedComponent& part : layer.components) {
      if (!lacks_numbers(part.component)) continue;
      throw SpecError(
          part.location,
          fmt::format("layer '{}': {} has fixed statistics, but no numbers for them", layer.name,
                      name_of(part.component)),
          "add mean and variance, each a number or a list, or give a file with them by --weights; "
          "'smoothbound import --batch-norms batch' makes those of a model statistics of the "
          "batch");
    }
  }
}

void note_refinements(const ReportOptions& options, std::vector<std::string>& notes) {
  std::vector<std::string_view> off;
  for (const RefinementRow& row : refinements) {
    if (!(options.refinements.*row.flag)) off.push_back(row.name);
  }
  if (off.empty()) return;
  const bool has_sharp = std::find(options.methods.begin(), options.methods.end(), Method::sharp) !=
                         options.methods.end();
  notes.push_back(has_sharp ? fmt::format("method sharp without {}", join(off))
                            : "without has no effect: method paper has no refinements");
}

// What each refinement makes of a layer, one after the other switched on; of the output also what
// it makes of the objective.
void trace_refinements(const Report& report, const Inputs& inputs, std::uint32_t layer,
                       rules::Trace& trace) {
  struct Number {
    std::string_view symbol;
    Magnitude value;
  };
  const bool has_objective = layer == report.graph.output() && report.settings.loss != nullptr;
  trace.lines.push_back({"",
                         "refinements",
                         {},
                         has_objective ? "what each of them saves of this layer's numbers and of "
                                         "the objective's"
                                       : "what each of them saves of this layer's numbers"});
  Inputs those = inputs;
  const auto numbers = [&] {
    const BoundTable table = evaluate_bounds(report.graph, those, Method::sharp);
    const Triple& of_layer = table.layers[layer];
    std::vector<Number> all{
        {"m", of_layer.m}, {"l", of_layer.lipschitz}, {"L", of_layer.smoothness}};
    if (has_objective) {
      const ObjectiveBounds objective =
          bound_objective(report.graph, report.settings, table, those.refinements);
      all.push_back({"l_F", objective.lipschitz});
      all.push_back({"L_F", objective.smoothness});
    }
    return all;
  };
  for (const RefinementRow& row : refinements) those.refinements.*row.flag = false;
  std::vector<Number> before = numbers();
  for (const RefinementRow& row : refinements) {
    if (!(inputs.refinements.*row.flag)) continue;
    those.refinements.*row.flag = true;
    std::vector<Number> now = numbers();
    for (std::size_t i = 0; i < now.size(); ++i) {
      const auto& [symbol, number] = now[i];
      if (number >= before[i].value) continue;
      constexpr int digits = 4;
      trace.lines.push_back({std::string(symbol), std::string(row.description), number,
                             fmt::format("{}: a factor of {} below", row.name,
                                         (before[i].value.turned() / number).to_text(digits))});
    }
    before = std::move(now);
  }
}

LayerwiseReport evaluate_layerwise(const Report& report, const MethodReport& result) {
  const ObjectiveBounds& objective = *result.objective;
  LayerwiseReport layerwise{bound_layerwise(report.graph, report.settings, result.table, objective,
                                            report.options.refinements),
                            {},
                            {}};
  layerwise.majorizer = usual_majorizer(layerwise.bounds);
  if (objective.smoothness.is_infinite()) return layerwise;
  LowerBound product = LowerBound::from_count(1);
  std::int64_t factors = 0;
  for (std::size_t i = 0; i < layerwise.majorizer.size(); ++i) {
    const Magnitude& D = layerwise.majorizer[i];
    // F does not depend on these blocks, or they have no room.
    if (D.is_zero() || !may_move(layerwise.bounds, i)) continue;
    product *= objective.smoothness.turned() / D;
    ++factors;
  }
  if (factors == 0) return layerwise;
  const Real exponent{Magnitude::from_count(1) / LowerBound::from_count(factors),
                      LowerBound::from_count(1) / Magnitude::from_count(factors), 0};
  layerwise.gain = power(product, exponent);
  const LowerBound one = LowerBound::from_count(1);
  if (*layerwise.gain <
      one) {  // what bounds all blocks at once may be below what pairs of them say
    layerwise.gain = one;
    for (Magnitude& D : layerwise.majorizer) {
      if (!D.is_zero()) D = objective.smoothness;
    }
  }
  return layerwise;
}

MethodReport evaluate(const Report& report, Method method) {
  Inputs inputs = inputs_of(report.settings);
  inputs.refinements = report.options.refinements;
  BoundTable table = evaluate_bounds(report.graph, inputs, method);
  CauseTable causes(report.graph, inputs, table);
  MethodReport result{std::move(table), std::move(causes), {}, {}, {}, {}};
  if (report.settings.loss != nullptr) {
    result.objective =
        bound_objective(report.graph, report.settings, result.table, inputs.refinements);
    result.convergence = {gradient_descent(*result.objective, report.settings),
                          stochastic_gradient_descent(*result.objective, report.settings)};
    if (report.options.layerwise) result.layerwise = evaluate_layerwise(report, result);
  }
  if (report.explained_layer) {
    result.explanation = trace_layer(report.graph, inputs, result.table, *report.explained_layer);
    if (method == Method::sharp) {
      trace_refinements(report, inputs, *report.explained_layer, result.explanation);
    }
  }
  return result;
}

}  // namespace

bool Report::has_finite_answer() const {
  return std::ranges::any_of(results, [](const MethodReport& result) {
    const Triple& network = result.table.network();
    return network.m.is_finite() || network.lipschitz.is_finite() || network.smoothness.is_finite();
  });
}

Report make_report(const Source& source, const ReportOptions& options, const Limits& limits) {
  Report report;
  report.file = source.name;
  report.sha256 = sha256(source.text);
  report.options = options;
  MistakeList mistakes;
  Spec spec = read_spec(source, limits, mistakes);
  std::vector<std::string> notes = source.notes;
  if (mistakes.empty()) {
    apply_options(spec, options, notes);
    mistakes.attempt([&] {
      report.settings =
          resolve(spec.settings, spec.sample_norm_location.value_or(Location{}), !reads_ids(spec));
    });
  }
  report.settings.words = options.words;
  report.assumptions = report.settings.assumptions;
  if (source.model_format.empty()) {  // of a model its format says what the defaults are
    for (const ComponentDefault& one : spec.defaults) report.assumptions.push_back(assumption(one));
  }
  report.graph = build_graph(std::move(spec), report.settings.batch, std::move(mistakes));
  if (options.adapt) report.graph = options.adapt(std::move(report.graph), source, notes);
  require_numbers(report.graph);
  if (options.explain) report.explained_layer = find_layer(report.graph, *options.explain);
  report.default_count = report.assumptions.size();
  if (options.smooth_beta) note_not_replaced(report.graph, options, notes);
  note_refinements(options, notes);
  if (options.layerwise && report.settings.loss == nullptr) {
    notes.emplace_back("layerwise has no effect: there is no loss, and steps decrease one");
  }
  report.assumptions.insert(report.assumptions.end(), notes.begin(), notes.end());
  std::string question = question_of_channels(report.graph.input);
  if (!question.empty()) report.assumptions.push_back(std::move(question));
  note_unused(report.graph, report.assumptions);
  for (const Method method : options.methods) report.results.push_back(evaluate(report, method));
  return report;
}

}  // namespace smoothbound
