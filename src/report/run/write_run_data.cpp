// An execution for machines: JSON and CSV.

#include <fmt/format.h>

#include <cmath>

#include "origin.hpp"
#include "shared/json.hpp"
#include "smoothbound/report/run/run.hpp"
#include "smoothbound/version.hpp"

namespace smoothbound {
namespace {

using json::Json;

Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json loss_of(const RunLoss& loss) {
  Json object{{"name", loss.name}, {"value", loss.value ? finite(*loss.value) : Json(nullptr)}};
  if (loss.value) object["gap"] = loss.gap;
  if (!loss.value) object["reason"] = loss.reason;
  return object;
}

Json times_of(const LayerProfile& row) {
  return {{"forward_seconds", row.forward_seconds},
          {"backward_seconds", row.backward_seconds},
          {"multiplications", row.multiplications},
          {"output_bytes", row.output_bytes}};
}

Json layer_of(const RunReport& run, std::uint32_t index) {
  const Layer& layer = run.bounds.graph.layers[index];
  Json bounds = Json::object();
  for (const MethodReport& result : run.bounds.results) {
    const Cause* cause = result.causes.find(index, &Triple::m);
    bounds[std::string(name_of(result.table.method))] =
        json::quantity(result.table.layers[index].m,
                       cause == nullptr ? "" : describe(run.bounds.graph, *cause));
  }
  Json row{{"index", index + 1},
           {"name", layer.name},
           {"output_shape", layer.output.sizes()},
           {"norm", finite(run.norms[index])},
           {"m", std::move(bounds)}};
  if (!run.profile.empty()) row["profile"] = times_of(run.profile[index]);
  return row;
}

}  // namespace

void write_run_json(const RunReport& run, const Sink& sink) {
  using json::put;
  const auto next = [&](std::string_view key, const Json& value) {
    sink(",\n ");
    put(sink, key, value);
  };
  sink("{");
  put(sink, "schema", "smoothbound/run/1");
  next("version", version);
  next("architecture", json::architecture(run.bounds));
  next("precision", run.precision);
  next("data", json::data(run.data));
  next("parameters", json::parameters(run.parameters));
  next("batch", run.bounds.settings.batch);
  next("radius", run.bounds.settings.radius.nearest);
  next("input_norm", finite(run.input_norm));
  next("output_shape", run.bounds.graph.shape_of(run.bounds.graph.output()).sizes());
  if (run.loss) next("loss", loss_of(*run.loss));
  if (run.accuracy) {
    next("accuracy", {{"correct", run.accuracy->correct}, {"samples", run.accuracy->samples}});
  }
  next("verdict", name_of(run.verdict()));
  next("tolerance", run.tolerance);
  sink(",\n \"blocks\": [");
  for (std::size_t i = 0; i < run.blocks.size(); ++i) {
    const BlockNorm& block = run.blocks[i];
    sink(i == 0 ? "\n   " : ",\n   ");
    sink(json::dump(Json{{"name", block.name},
                         {"layer", block.layer + 1},
                         {"norm", finite(block.norm)},
                         {"radius", block.radius.nearest},
                         {"inside", block.inside}}));
  }
  sink("],\n \"layers\": [");
  for (std::uint32_t i = 0; i < run.norms.size(); ++i) {
    sink(i == 0 ? "\n   " : ",\n   ");
    sink(json::dump(layer_of(run, i)));
  }
  sink("]");
  if (!run.profile.empty()) {
    next("samples_at_once", run.samples_at_once);
    next("reorders", times_of(run.reorders));
  }
  next("assumptions", run.bounds.assumptions);
  sink("}\n");
}

void write_run_csv(const RunReport& run, const Sink& sink) {
  std::string header = "file,architecture,verdict,index,name,components,output_shape,norm";
  for (const MethodReport& result : run.bounds.results) {
    const std::string_view method = name_of(result.table.method);
    header += fmt::format(",m_{},m_{}_log10", method, method);
  }
  if (!run.profile.empty()) {
    header += ",forward_seconds,backward_seconds,multiplications,output_bytes";
  }
  sink(header + "\n");
  const Graph& graph = run.bounds.graph;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    std::string line = fmt::format(
        "{},{},{},{},{},{},{},{}", text::csv_cell(run.bounds.file), text::csv_cell(graph.name),
        name_of(run.verdict()), i + 1, text::csv_cell(layer.name),
        text::csv_cell(text::components(layer, " ")), text::shape(layer.output), run.norms[i]);
    for (const MethodReport& result : run.bounds.results) {
      const Magnitude& m = result.table.layers[i].m;
      line += fmt::format(",{},{}", m.to_text(text::digits_for_machines), text::csv_logarithm(m));
    }
    if (!run.profile.empty()) {
      const LayerProfile& row = run.profile[i];
      line += fmt::format(",{},{},{:.0f},{}", row.forward_seconds, row.backward_seconds,
                          row.multiplications, row.output_bytes);
    }
    sink(line + "\n");
  }
}

}  // namespace smoothbound
