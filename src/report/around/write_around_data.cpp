// Bounds around a point for machines: JSON and CSV.
#include "around/parts.hpp"
#include "run/origin.hpp"
#include "shared/explanation.hpp"

namespace smoothbound {
namespace {

using json::quantity;

void put_bound(JsonWriter& json, std::string_view key, const Magnitude& bound,
               const std::string& reason, const double* found) {
  json.member(key, quantity(bound, reason));
  if (found != nullptr) json.member(std::string(key) + "_found", *found);
}

void put_layer(JsonWriter& json, const AroundReport& report, const AroundResult& result,
               std::uint32_t index) {
  const Graph& graph = report.bounds.graph;
  const MeasuredLayer* found = report.layers.empty() ? nullptr : &report.layers[index];
  json.object([&] {
    json.member("index", index + 1);
    json.member("name", graph.layers[index].name);
    json.member("output_shape", graph.layers[index].output.sizes());
    const auto put = [&](std::string_view key, TripleEntry entry, const double* value) {
      const Cause* cause = result.causes.find(index, entry);
      put_bound(json, key, result.table.layers[index].*entry,
                cause == nullptr ? "" : describe(graph, *cause), value);
    };
    put("m", &Triple::m, found == nullptr ? nullptr : &found->norm);
    put("lipschitz", &Triple::lipschitz, found == nullptr ? nullptr : &found->slope);
    put("smoothness", &Triple::smoothness, found == nullptr ? nullptr : &found->curvature);
  });
}

void put_result(JsonWriter& json, const AroundReport& report, const AroundResult& result) {
  json.object_on_lines(3, [&] {
    json.member("method", name_of(result.table.method));
    json.list_on_lines(4, "layers", static_cast<std::uint32_t>(report.bounds.graph.layers.size()),
                       [&](std::uint32_t i) { put_layer(json, report, result, i); });
    if (result.objective) {
      const ObjectiveBounds& objective = *result.objective;
      const MeasuredObjective* found = report.objective ? &*report.objective : nullptr;
      const std::string& infinite = objective.infinite_reason;
      json.object("objective", [&] {
        json.member("loss", report.bounds.settings.loss->name);
        put_bound(json, "lipschitz", objective.lipschitz, infinite,
                  found == nullptr ? nullptr : &found->slope);
        put_bound(json, "smoothness", objective.smoothness, infinite,
                  found == nullptr ? nullptr : &found->curvature);
        json.member("step_size",
                    quantity(LowerBound::from_count(1) / objective.smoothness,
                             objective.smoothness.is_zero() ? "L_F is 0: every step size will do"
                                                            : infinite));
      });
    }
    if (!report.bounds.explained_layer) return;
    put_trace(json, report.bounds.graph.layers[*report.bounds.explained_layer].name,
              result.explanation);
  });
}

}  // namespace

void write_around_json(const AroundReport& report, JsonWriter& json) {
  const Graph& graph = report.bounds.graph;
  json::head(json, "smoothbound/around/1");
  json::architecture(json, report.bounds);
  json.object("settings", [&] { json::settings(json, report.bounds); });
  if (report.data) put_samples(json, *report.data);
  json.object("parameters", [&] { json.member("file", report.parameters.file); });
  json.member("distance", report.radius.nearest);
  const std::string unknown = "nothing is known but ||v*||";
  json.list_on_lines(2, "blocks", static_cast<std::uint32_t>(report.blocks.size()),
                     [&](std::uint32_t i) {
                       const BlockAtPoint& block = report.blocks[i];
                       json.object([&] {
                         json.member("name", words::blocks(graph, {&i, 1}));
                         json.member("norm", quantity(block.norm));
                         json.member("operator_norm", quantity(block.linear_input, unknown));
                         json.member("bias", quantity(block.bias, unknown));
                       });
                     });
  json.list_on_lines(2, "results", report.results,
                     [&](const AroundResult& result) { put_result(json, report, result); });
  if (report.hessian) {
    json.object("hessian", [&] {
      json.member("norm", quantity(report.hessian->bound, "a product is not finite"));
      json.member("norm_found", report.hessian->found);
      json.member("frobenius", quantity(report.hessian->frobenius, "a product is not finite"));
      json.member("products", report.hessian->products);
    });
  }
  if (!report.layers.empty()) {
    json.member("verdict", report.exceeded().empty() ? "holds" : "exceeded");
  }
  json.member("assumptions", report.bounds.assumptions);
}

void write_around_csv(const AroundReport& report, const Sink& sink) {
  const bool measured = !report.layers.empty();
  std::vector<std::string> columns{"file", "architecture", "method", "record", "index", "name"};
  for (const char* name : {"m", "lipschitz", "smoothness"}) {
    add_with_log(columns, name);
    if (measured) columns.push_back(std::string(name) + "_found");
  }
  CsvWriter csv(sink, columns);
  const Graph& graph = report.bounds.graph;
  for (const AroundResult& result : report.results) {
    const auto begin = [&](std::string_view record) -> CsvWriter& {
      return csv.add(report.bounds.file, graph.name, name_of(result.table.method), record);
    };
    const auto put = [&](const Magnitude& bound, double found) {
      csv.add_with_log(bound);
      if (measured) csv.add(found);
    };
    for (std::uint32_t i = 0; i < graph.layers.size(); ++i) {
      begin("layer").add(i + 1, graph.layers[i].name);
      const MeasuredLayer found = measured ? report.layers[i] : MeasuredLayer();
      const Triple& bounds = result.table.layers[i];
      put(bounds.m, found.norm);
      put(bounds.lipschitz, found.slope);
      put(bounds.smoothness, found.curvature);
      csv.end_row();
    }
    if (!result.objective) continue;
    begin("objective").skip(1).add(report.bounds.settings.loss->name).skip_to("lipschitz");
    csv.add_with_log(result.objective->lipschitz);
    if (measured) {
      if (report.objective) {
        csv.add(report.objective->slope);
      } else {
        csv.skip(1);
      }
    }
    csv.add_with_log(result.objective->smoothness);
    if (measured && report.objective) csv.add(report.objective->curvature);
    csv.end_row();
  }
}

}  // namespace smoothbound
