#include "bound/parts.hpp"
#include "shared/explanation.hpp"

namespace smoothbound {
namespace {

using json::quantity;

// Members of an object.
void put_bounds(JsonWriter& json, const Report& report, const MethodReport& result,
                std::uint32_t layer) {
  const auto put = [&](std::string_view key, TripleEntry entry) {
    const Cause* cause = result.causes.find(layer, entry);
    json.member(key, quantity(result.table.layers[layer].*entry,
                              cause == nullptr ? "" : describe(report.graph, *cause)));
  };
  put("m", &Triple::m);
  put("lipschitz", &Triple::lipschitz);
  put("smoothness", &Triple::smoothness);
}

void put_layer(JsonWriter& json, const Report& report, const MethodReport& result,
               std::uint32_t index) {
  const Layer& layer = report.graph.layers[index];
  json.object([&] {
    json.member("index", index + 1);
    json.member("name", layer.name);
    json.list("components", layer.components,
              [](const PlacedComponent& placed) { return name_of(placed.component); });
    json.member("output_shape", layer.output.sizes());
    json.member("parameters", layer.parameters);
    put_bounds(json, report, result, index);
  });
}

// Members of an object; `reason`: why L_F is infinite.
void put_estimate(JsonWriter& json, const Estimate& estimate, const std::string& reason) {
  const bool any_step = estimate.step_size.is_infinite();
  json.member("step_size", quantity(estimate.step_size,
                                    any_step ? "L_F is 0: every step size will do" : reason));
  json.member("order", quantity(estimate.order, reason));
  json.member("iterations", quantity(estimate.iterations, reason));
}

void put_objective(JsonWriter& json, const Report& report, const MethodReport& result) {
  const ResolvedSettings& settings = report.settings;
  const ObjectiveBounds& objective = *result.objective;
  const std::string& infinite = objective.infinite_reason;
  json.object("objective", [&] {
    json.member("loss", settings.loss->name);
    json.member("lipschitz", quantity(objective.lipschitz, infinite));
    json.member("smoothness", quantity(objective.smoothness, infinite));
    json.member("route", name_of(objective.route));
  });
  const std::string why = objective.smoothness.is_finite() ? "" : "L_F is infinite: " + infinite;
  json.object("convergence", [&] {
    json.member("accuracy", settings.accuracy.nearest);
    json.member("initial_gap", settings.initial_gap.nearest);
    json.object("gradient_descent",
                [&] { put_estimate(json, result.convergence->gradient_descent, why); });
    json.object("stochastic_gradient_descent", [&] {
      json.member("variance", settings.variance.nearest);
      put_estimate(json, result.convergence->stochastic_gradient_descent, why);
    });
  });
}

void put_layerwise(JsonWriter& json, const Report& report, const LayerwiseReport& layerwise) {
  const LayerwiseBounds& bounds = layerwise.bounds;
  const std::string& infinite = bounds.infinite_reason;
  json.object("layerwise", [&] {
    if (layerwise.gain) json.member("gain", quantity(*layerwise.gain));
    json.list_on_lines(4, "groups", static_cast<std::uint32_t>(bounds.groups.size()),
                       [&](std::uint32_t i) {
                         const StepGroup& group = bounds.groups[i];
                         json.object([&] {
                           json.list("blocks", group.blocks, [&](std::uint32_t block) {
                             const Block& one = report.graph.blocks[block];
                             return array_prefix(report.graph.layers[one.layer], one.component);
                           });
                           json.member("parameters", parameters_of(report.graph, group.blocks));
                           json.member("norm", quantity(group.norm));
                           json.member("lipschitz", quantity(group.lipschitz, infinite));
                           json.member("smoothness", quantity(bounds.H(i, i), infinite));
                           json.member("majorizer", quantity(layerwise.majorizer[i], infinite));
                           json.member("step_size", quantity(layerwise.step_size(i), infinite));
                         });
                       });
  });
}

void put_result(JsonWriter& json, const Report& report, const MethodReport& result) {
  json.object_on_lines(3, [&] {
    json.member("method", name_of(result.table.method));
    json.list_on_lines(4, "layers", static_cast<std::uint32_t>(report.graph.layers.size()),
                       [&](std::uint32_t i) { put_layer(json, report, result, i); });
    json.object("network", [&] { put_bounds(json, report, result, report.graph.output()); });
    if (result.objective) put_objective(json, report, result);
    if (result.layerwise) put_layerwise(json, report, *result.layerwise);
    if (!report.explained_layer) return;
    put_trace(json, report.graph.layers[*report.explained_layer].name, result.explanation);
  });
}

}  // namespace

void write_bounds_json(const Report& report, JsonWriter& json) {
  json::head(json, "smoothbound/bound/1");
  json::architecture(json, report);
  json.object("settings", [&] { json::settings(json, report); });
  json.list_on_lines(2, "results", report.results,
                     [&](const MethodReport& result) { put_result(json, report, result); });
  json.member("assumptions", report.assumptions);
}

}  // namespace smoothbound
