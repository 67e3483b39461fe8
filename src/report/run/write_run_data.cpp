// An execution for machines: JSON and CSV.

#include <fmt/format.h>

#include "run/parts.hpp"

namespace smoothbound {
namespace {

void put_loss(JsonWriter& json, const RunLoss& loss) {
  json.object("loss", [&] {
    json.member("name", loss.name);
    json.member("value", loss.value);
    if (loss.value) json.member("gap", loss.gap);
    if (!loss.value) json.member("reason", loss.reason);
  });
}

void put_profile(JsonWriter& json, std::string_view key, const LayerProfile& row) {
  json.object(key, {{"forward_seconds", row.forward_seconds},
                    {"backward_seconds", row.backward_seconds},
                    {"multiplications", row.multiplications},
                    {"output_bytes", row.output_bytes}});
}

void put_layer(JsonWriter& json, const RunReport& run, std::uint32_t index) {
  const Layer& layer = run.bounds.graph.layers[index];
  json.object([&] {
    json.member("index", index + 1);
    json.member("name", layer.name);
    json.member("output_shape", layer.output.sizes());
    json.member("norm", run.norms[index]);
    json.object("m", [&] {
      for (const MethodReport& result : run.bounds.results) {
        const Cause* cause = result.causes.find(index, &Triple::m);
        json.member(name_of(result.table.method),
                    json::quantity(result.table.layers[index].m,
                                   cause == nullptr ? "" : describe(run.bounds.graph, *cause)));
      }
    });
    if (!run.profile.empty()) put_profile(json, "profile", run.profile[index]);
  });
}

}  // namespace

void write_run_json(const RunReport& run, JsonWriter& json) {
  const Graph& graph = run.bounds.graph;
  json::head(json, "smoothbound/run/1");
  json::architecture(json, run.bounds);
  json.member("precision", name_of(run.precision));
  put_origin(json, run.data, run.parameters, run.statistics);
  json.member("batch", run.bounds.settings.batch);
  json.member("radius", run.bounds.settings.radius.nearest);
  json.member("input_norm", run.input_norm);
  json.member("output_shape", graph.output_shape().sizes());
  if (run.loss) put_loss(json, *run.loss);
  if (run.accuracy) {
    json.object("accuracy",
                {{"correct", run.accuracy->correct}, {"samples", run.accuracy->samples}});
  }
  json.member("verdict", name_of(run.verdict()));
  json.member("tolerance", run.tolerance);
  json.list_on_lines(3, "blocks", run.blocks, [&](const BlockNorm& block) {
    json.object([&] {
      json.member("name", block.name);
      json.member("layer", block.layer + 1);
      json.member("norm", block.norm);
      json.member("radius", block.radius.nearest);
      json.member("inside", block.inside);
    });
  });
  json.list_on_lines(3, "layers", static_cast<std::uint32_t>(run.norms.size()),
                     [&](std::uint32_t i) { put_layer(json, run, i); });
  if (!run.profile.empty()) {
    json.member("samples_at_once", run.samples_at_once);
    put_profile(json, "reorders", run.reorders);
  }
  json.member("assumptions", run.bounds.assumptions);
}

void write_run_csv(const RunReport& run, const Sink& sink) {
  std::vector<std::string> columns{"file", "architecture", "verdict",      "index",
                                   "name", "components",   "output_shape", "norm"};
  for (const MethodReport& result : run.bounds.results) {
    add_with_log(columns, fmt::format("m_{}", name_of(result.table.method)));
  }
  if (!run.profile.empty()) {
    columns.insert(columns.end(),
                   {"forward_seconds", "backward_seconds", "multiplications", "output_bytes"});
  }
  CsvWriter csv(sink, columns);
  const Graph& graph = run.bounds.graph;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    csv.add(run.bounds.file, graph.name, name_of(run.verdict()), i + 1, layer.name,
            words::components(layer, " "), words::shape(layer.output), run.norms[i]);
    for (const MethodReport& result : run.bounds.results) {
      csv.add_with_log(result.table.layers[i].m);
    }
    if (!run.profile.empty()) {
      const LayerProfile& row = run.profile[i];
      csv.add(row.forward_seconds, row.backward_seconds, fmt::format("{:.0f}", row.multiplications),
              row.output_bytes);
    }
    csv.end_row();
  }
}

}  // namespace smoothbound
