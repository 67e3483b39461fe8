// Costs for machines: JSON and CSV.

#include <array>
#include <optional>

#include "shared/json.hpp"
#include "smoothbound/report/cost/cost.hpp"
#include "smoothbound/version.hpp"

namespace smoothbound {
namespace {

using json::Json;

struct KnownColumn {
  const char* name;
  Magnitude LayerCost::*member;
};
struct CountColumn {
  const char* name;
  Count LayerCost::*member;
};

constexpr std::array<KnownColumn, 4> known_columns{{
    {"parameters", &LayerCost::parameters},
    {"activations", &LayerCost::activations},
    {"generic_space", &LayerCost::generic_space},
    {"generic_backward", &LayerCost::generic_backward},
}};
constexpr std::array<CountColumn, 7> count_columns{{
    {"sparse_backward", &LayerCost::sparse_backward},
    {"forward_multiplications", &LayerCost::forward_multiplications},
    {"backward_multiplications", &LayerCost::backward_multiplications},
    {"function_values", &LayerCost::evaluations},
    {"newton_unknowns", &LayerCost::newton_unknowns},
    {"newton_multiplications", &LayerCost::newton_multiplications},
    {"newton_bytes", &LayerCost::newton_bytes},
}};

Count as_count(const Magnitude& value) { return {value, ""}; }

// A quantity as of the other formats, but for an integer written out.
Json quantity(const Count& count) {
  if (!count.is_known()) return {{"text", nullptr}, {"log10", nullptr}, {"reason", count.reason}};
  Json json = json::quantity(count.value, "");
  json["text"] = text::integer(count.value);
  return json;
}

Json numbers_of(const LayerCost& cost) {
  Json row = Json::object();
  for (const KnownColumn& column : known_columns) {
    row[column.name] = quantity(as_count(cost.*column.member));
  }
  for (const CountColumn& column : count_columns) row[column.name] = quantity(cost.*column.member);
  return row;
}

Json layer_of(const CostReport& report, std::size_t index) {
  const Layer& layer = report.report.graph.layers[index];
  Json row{{"index", index + 1}, {"name", layer.name}, {"output_shape", layer.output.sizes()}};
  row.update(numbers_of(report.cost.layers[index]));
  return row;
}

Json memory_of(const MemoryCost& memory) {
  return {{"precision", memory.precision},
          {"parameters", quantity(as_count(memory.parameters))},
          {"packed", quantity(memory.packed)},
          {"trajectory", quantity(memory.trajectory)},
          {"backward", quantity(memory.backward)},
          {"gradient", quantity(memory.gradient)}};
}

Json settings_of(const Report& report) {
  Json json{{"batch", report.settings.batch}};
  if (report.settings.loss != nullptr) json["loss"] = report.settings.loss->name;
  if (report.options.smooth_beta) json["smooth"] = report.options.smooth_beta->nearest;
  return json;
}

class CsvWriter {
 public:
  CsvWriter(const CostReport& report, const Sink& sink) : report_(report), sink_(sink) {}

  void write() {
    std::string header = "file,architecture,record,index,name,components,output_shape";
    for (const KnownColumn& column : known_columns) header += std::string(",") + column.name;
    for (const CountColumn& column : count_columns) header += std::string(",") + column.name;
    sink_(header + ",multiplications,bytes,reason\n");
    const NetworkCost& cost = report_.cost;
    const Graph& graph = report_.report.graph;
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      const Layer& layer = graph.layers[i];
      begin("layer", std::to_string(i + 1), layer.name, text::components(layer, " "),
            text::shape(layer.output));
      numbers(cost.layers[i]);
    }
    begin("network", "", "", "", text::shape(graph.shape_of(graph.output())));
    numbers(cost.total);
    step("gradient", cost.gradient, {});
    step("gauss_newton", cost.gauss_newton, {});
    step("newton", cost.newton, cost.newton_bytes);
    for (const MemoryCost& memory : cost.memory) {
      const std::string prefix = std::string(memory.precision) + " ";
      bytes(prefix + "parameters", as_count(memory.parameters));
      bytes(prefix + "packed", memory.packed);
      bytes(prefix + "trajectory", memory.trajectory);
      bytes(prefix + "backward", memory.backward);
      bytes(prefix + "gradient", memory.gradient);
    }
  }

 private:
  static constexpr std::size_t leading_cells = 7;
  static constexpr std::size_t number_cells = known_columns.size() + count_columns.size();

  void add(std::string_view cell) {
    if (cells_++ > 0) line_ += ',';
    line_ += text::csv_cell(cell);
  }
  void add(const Count& count) {
    add(count.is_known() ? text::integer(count.value) : "");
    if (reason_.empty()) reason_ = count.reason;
  }
  void begin(std::string_view record, std::string_view index, std::string_view name,
             std::string_view components, std::string_view shape) {
    for (const std::string_view cell :
         {std::string_view(report_.report.file), std::string_view(report_.report.graph.name),
          record, index, name, components, shape}) {
      add(cell);
    }
  }
  void end() {
    while (cells_ < leading_cells + number_cells + 2) add("");
    add(reason_);
    sink_(line_ + "\n");
    line_.clear();
    reason_.clear();
    cells_ = 0;
  }
  void numbers(const LayerCost& cost) {
    for (const KnownColumn& column : known_columns) add(as_count(cost.*column.member));
    for (const CountColumn& column : count_columns) add(cost.*column.member);
    end();
  }
  void skip_numbers() {
    for (std::size_t i = 0; i < number_cells; ++i) add("");
  }
  void step(std::string_view name, const Count& multiplications,
            const std::optional<Count>& memory) {
    begin("step", "", name, "", "");
    skip_numbers();
    add(multiplications);
    if (memory) add(*memory);
    end();
  }
  void bytes(std::string_view name, const Count& count) {
    begin("memory", "", name, "", "");
    skip_numbers();
    add("");
    add(count);
    end();
  }

  const CostReport& report_;
  const Sink& sink_;
  std::string line_;
  std::string reason_;
  std::size_t cells_ = 0;
};

}  // namespace

void write_cost_csv(const CostReport& report, const Sink& sink) { CsvWriter(report, sink).write(); }

void write_cost_json(const CostReport& report, const Sink& sink) {
  using json::put;
  const NetworkCost& cost = report.cost;
  const auto next = [&](std::string_view key, const Json& value) {
    sink(",\n ");
    put(sink, key, value);
  };
  sink("{");
  put(sink, "schema", "smoothbound/cost/1");
  next("version", version);
  next("architecture", json::architecture(report.report));
  next("settings", settings_of(report.report));
  sink(",\n \"layers\": [");
  for (std::size_t i = 0; i < cost.layers.size(); ++i) {
    sink(i == 0 ? "\n   " : ",\n   ");
    sink(json::dump(layer_of(report, i)));
  }
  sink("]");
  next("network", numbers_of(cost.total));
  next("outputs", quantity(as_count(cost.outputs)));
  next("steps", {{"gradient", quantity(cost.gradient)},
                 {"gauss_newton", quantity(cost.gauss_newton)},
                 {"newton", quantity(cost.newton)},
                 {"newton_bytes", quantity(cost.newton_bytes)}});
  next("memory", Json::array({memory_of(cost.memory[0]), memory_of(cost.memory[1])}));
  next("assumptions", report.report.assumptions);
  sink("}\n");
}

}  // namespace smoothbound
