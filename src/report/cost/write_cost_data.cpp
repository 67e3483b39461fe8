// Costs for machines: JSON and CSV.

#include <array>

#include "cost/parts.hpp"

namespace smoothbound {
namespace {

using json::Quantity;

struct KnownColumn {
  const char* name;
  Magnitude steps::LayerCost::*member;
};
struct CountColumn {
  const char* name;
  steps::Count steps::LayerCost::*member;
};

constexpr std::array<KnownColumn, 4> known_columns{{
    {"parameters", &steps::LayerCost::parameters},
    {"activations", &steps::LayerCost::activations},
    {"generic_space", &steps::LayerCost::generic_space},
    {"generic_backward", &steps::LayerCost::generic_backward},
}};
constexpr std::array<CountColumn, 7> count_columns{{
    {"sparse_backward", &steps::LayerCost::sparse_backward},
    {"forward_multiplications", &steps::LayerCost::forward_multiplications},
    {"backward_multiplications", &steps::LayerCost::backward_multiplications},
    {"function_values", &steps::LayerCost::evaluations},
    {"newton_unknowns", &steps::LayerCost::newton_unknowns},
    {"newton_multiplications", &steps::LayerCost::newton_multiplications},
    {"newton_bytes", &steps::LayerCost::newton_bytes},
}};

steps::Count as_count(const Magnitude& value) { return {value, ""}; }

// Calls `take(name, count)` for the numbers of a layer.
template <class Take>
void for_each_number(const steps::LayerCost& cost, const Take& take) {
  for (const KnownColumn& column : known_columns) take(column.name, as_count(cost.*column.member));
  for (const CountColumn& column : count_columns) take(column.name, cost.*column.member);
}

// A quantity as of the other formats, but for an integer written out.
Quantity quantity(const steps::Count& count) {
  if (!count.is_known()) return {{}, Quantity().log10, count.reason};
  Quantity result = json::quantity(count.value);
  result.text = words::integer(count.value);
  return result;
}

void put_numbers(JsonWriter& json, const steps::LayerCost& cost) {
  for_each_number(cost, [&](std::string_view name, const steps::Count& count) {
    json.member(name, quantity(count));
  });
}

struct MemoryRow {
  std::string_view name;
  steps::Count count;
};

std::array<MemoryRow, 5> rows_of(const steps::MemoryCost& memory) {
  return {{{"parameters", as_count(memory.parameters)},
           {"packed", memory.packed},
           {"trajectory", memory.trajectory},
           {"backward", memory.backward},
           {"gradient", memory.gradient}}};
}

class CsvRows {
 public:
  CsvRows(const CostReport& report, const Sink& sink) : report_(report), csv_(sink, columns()) {}

  void write() {
    const steps::NetworkCost& cost = report_.cost;
    const Graph& graph = report_.report.graph;
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      const Layer& layer = graph.layers[i];
      begin("layer").add(i + 1, layer.name, words::components(layer, " "),
                         words::shape(layer.output));
      numbers(cost.layers[i]);
    }
    begin("network").skip(3).add(words::shape(graph.output_shape()));
    numbers(cost.total);
    step("gradient", cost.gradient, nullptr);
    step("gauss_newton", cost.gauss_newton, nullptr);
    step("newton", cost.newton, &cost.newton_bytes);
    for (const steps::MemoryCost& memory : cost.memory) {
      for (const MemoryRow& row : rows_of(memory)) {
        begin("memory").skip(1).add(std::string(memory.precision) + " " + std::string(row.name));
        csv_.skip_to("bytes");
        add(row.count);
        end();
      }
    }
  }

 private:
  static std::vector<std::string> columns() {
    std::vector<std::string> names{"file", "architecture", "record",      "index",
                                   "name", "components",   "output_shape"};
    for_each_number({},
                    [&](std::string_view name, const steps::Count&) { names.emplace_back(name); });
    names.insert(names.end(), {"multiplications", "bytes", "reason"});
    return names;
  }
  CsvWriter& begin(std::string_view record) {
    return csv_.add(report_.report.file, report_.report.graph.name, record);
  }
  void add(const steps::Count& count) {
    csv_.add(count.is_known() ? words::integer(count.value) : "");
    if (reason_.empty()) reason_ = count.reason;
  }
  void end() {
    csv_.skip_to("reason").add(reason_).end_row();
    reason_.clear();
  }
  void numbers(const steps::LayerCost& cost) {
    for_each_number(cost, [&](std::string_view, const steps::Count& count) { add(count); });
    end();
  }
  void step(std::string_view name, const steps::Count& multiplications, const steps::Count* bytes) {
    begin("step").skip(1).add(name).skip_to("multiplications");
    add(multiplications);
    if (bytes != nullptr) add(*bytes);
    end();
  }

  const CostReport& report_;
  CsvWriter csv_;
  std::string reason_;
};

}  // namespace

void write_cost_csv(const CostReport& report, const Sink& sink) { CsvRows(report, sink).write(); }

void write_cost_json(const CostReport& report, JsonWriter& json) {
  const steps::NetworkCost& cost = report.cost;
  const Report& model = report.report;
  json::head(json, "smoothbound/cost/1");
  json::architecture(json, model);
  json.object("settings", [&] {
    json.member("batch", model.settings.batch);
    if (model.settings.loss != nullptr) json.member("loss", model.settings.loss->name);
    if (const auto& beta = model.options.smooth_beta) json.member("smooth", beta->nearest);
  });
  json.list_on_lines(3, "layers", cost.layers.size(), [&](std::size_t i) {
    const Layer& layer = model.graph.layers[i];
    json.object([&] {
      json.member("index", i + 1);
      json.member("name", layer.name);
      json.member("output_shape", layer.output.sizes());
      put_numbers(json, cost.layers[i]);
    });
  });
  json.object("network", [&] { put_numbers(json, cost.total); });
  json.member("outputs", quantity(as_count(cost.outputs)));
  json.object("steps", [&] {
    json.member("gradient", quantity(cost.gradient));
    json.member("gauss_newton", quantity(cost.gauss_newton));
    json.member("newton", quantity(cost.newton));
    json.member("newton_bytes", quantity(cost.newton_bytes));
  });
  json.list("memory", cost.memory, [&](const steps::MemoryCost& memory) {
    json.object([&] {
      json.member("precision", memory.precision);
      for (const MemoryRow& row : rows_of(memory)) json.member(row.name, quantity(row.count));
    });
  });
  json.member("assumptions", model.assumptions);
}

}  // namespace smoothbound
