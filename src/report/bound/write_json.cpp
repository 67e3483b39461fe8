#include "shared/json.hpp"
#include "smoothbound/report/bound/writers.hpp"
#include "smoothbound/version.hpp"

namespace smoothbound {
namespace {

using json::dump;
using json::Json;
using json::put;
using json::quantity;

std::string reason(const Report& report, const MethodReport& result, std::uint32_t layer,
                   Magnitude Triple::*entry) {
  const Cause* cause = result.causes.find(layer, entry);
  return cause == nullptr ? std::string() : text::cause(report.graph, *cause);
}

void add_bounds(Json& json, const Report& report, const MethodReport& result, std::uint32_t layer) {
  const Triple& bounds = result.table.layers[layer];
  const auto value = [&](Magnitude Triple::*entry) {
    const Magnitude& bound = bounds.*entry;
    return quantity(bound,
                    bound.is_infinite() ? reason(report, result, layer, entry) : std::string());
  };
  json["m"] = value(&Triple::m);
  json["lipschitz"] = value(&Triple::lipschitz);
  json["smoothness"] = value(&Triple::smoothness);
}

Json layer_row(const Report& report, const MethodReport& result, std::uint32_t index) {
  const Layer& layer = report.graph.layers[index];
  Json components = Json::array();
  for (const PlacedComponent& placed : layer.components) {
    components.push_back(name_of(placed.component));
  }
  Json row{{"index", index + 1},
           {"name", layer.name},
           {"components", std::move(components)},
           {"output_shape", layer.output.sizes()},
           {"parameters", layer.parameters}};
  add_bounds(row, report, result, index);
  return row;
}

// `reason`: why L_F is infinite.
Json estimate(const Estimate& estimate, const std::string& reason) {
  return {{"step_size", quantity(estimate.step_size, estimate.step_size.is_infinite()
                                                         ? "L_F is 0: every step size will do"
                                                         : reason)},
          {"order", quantity(estimate.order, reason)},
          {"iterations", quantity(estimate.iterations, reason)}};
}

void write_objective(const Report& report, const MethodReport& result, const Sink& sink) {
  const ResolvedSettings& settings = report.settings;
  const ObjectiveBounds& objective = *result.objective;
  const auto reason_if_infinite = [&](const Magnitude& value) {
    return value.is_infinite() ? objective.infinite_reason : std::string();
  };
  sink(",\n   ");
  put(sink, "objective",
      {{"loss", settings.loss->name},
       {"lipschitz", quantity(objective.lipschitz, reason_if_infinite(objective.lipschitz))},
       {"smoothness", quantity(objective.smoothness, reason_if_infinite(objective.smoothness))},
       {"route", name_of(objective.route)}});
  Json stochastic{{"variance", settings.variance.nearest}};
  const std::string why =
      objective.smoothness.is_finite() ? "" : "L_F is infinite: " + objective.infinite_reason;
  stochastic.update(estimate(result.convergence->stochastic_gradient_descent, why));
  sink(",\n   ");
  put(sink, "convergence",
      {{"accuracy", settings.accuracy.nearest},
       {"initial_gap", settings.initial_gap.nearest},
       {"gradient_descent", estimate(result.convergence->gradient_descent, why)},
       {"stochastic_gradient_descent", std::move(stochastic)}});
}

void write_explanation(const Report& report, const MethodReport& result, const Sink& sink) {
  Json lines = Json::array();
  for (const TraceLine& line : result.explanation.lines) {
    if (line.symbol.empty()) {
      lines.push_back({{"component", line.formula}, {"formula", line.source}});
    } else {
      lines.push_back({{"symbol", line.symbol},
                       {"formula", line.formula},
                       {"value", quantity(line.value, line.source)},
                       {"source", line.source}});
    }
  }
  sink(",\n   ");
  put(sink, "explanation",
      {{"layer", report.graph.layers[*report.explained_layer].name},
       {"lines", std::move(lines)},
       {"conclusions", result.explanation.conclusions}});
}

void write_result(const Report& report, const MethodReport& result, const Sink& sink) {
  sink("\n  {");
  put(sink, "method", name_of(result.table.method));
  sink(",\n   \"layers\": [");
  for (std::uint32_t i = 0; i < report.graph.layers.size(); ++i) {
    sink(i == 0 ? "\n    " : ",\n    ");
    sink(dump(layer_row(report, result, i)));
  }
  sink("],\n   ");
  Json network = Json::object();
  add_bounds(network, report, result, report.graph.output());
  put(sink, "network", network);
  if (result.objective) write_objective(report, result, sink);
  if (report.explained_layer) write_explanation(report, result, sink);
  sink("}");
}

}  // namespace

void write_json(const Report& report, const Sink& sink) {
  sink("{");
  put(sink, "schema", "smoothbound/bound/1");
  sink(",\n ");
  put(sink, "version", version);
  sink(",\n ");
  put(sink, "architecture", json::architecture(report));
  sink(",\n ");
  put(sink, "settings", json::settings(report));
  sink(",\n \"results\": [");
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    if (i > 0) sink(",");
    write_result(report, report.results[i], sink);
  }
  sink("],\n ");
  put(sink, "assumptions", report.assumptions);
  sink("}\n");
}

}  // namespace smoothbound
