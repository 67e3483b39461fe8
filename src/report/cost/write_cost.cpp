// Costs for people: table and Markdown.

#include <fmt/format.h>

#include <algorithm>

#include "cost/parts.hpp"

namespace smoothbound {
namespace {

std::string cell(const steps::Count& count) {
  return count.is_known() ? words::count(count.value) : "-";
}

class CostWriter {
 public:
  CostWriter(const CostReport& report, Page& page)
      : report_(report.report), cost_(report.cost), graph_(report.report.graph), page_(page) {}

  void write() {
    page_.title(
        fmt::format("{} ({}), costs", page_.foreign(graph_.name), page_.foreign(report_.file)));
    const std::int64_t batch = report_.settings.batch;
    page_.paragraph(fmt::format("batch {}; numbers beyond 10^12 are rounded up", batch));
    if (report_.settings.loss != nullptr) {
      page_.paragraph(words::objective(report_.settings) +
                      ": the cost of loss and regularizer is not counted");
    }
    write_passes();
    write_orders();
    write_steps();
    write_memory();
    write_reasons();
    write_notes();
  }

 private:
  void write_passes() {
    page_.heading("passes: multiplications as executed");
    Grid grid({{"#", Align::right, Fit::index},
               {"layer", Align::left, Fit::key},
               {"components", Align::left, Fit::shorten},
               {"output"},
               {"parameters", Align::right, Fit::drop},
               {"activations", Align::right},
               {"forward", Align::right},
               {"backward", Align::right},
               {"function values", Align::right}});
    const auto add = [&](const std::string& number, std::string_view name,
                         const std::string& components, const Shape& shape,
                         const steps::LayerCost& cost) {
      grid.add_row({number, name, components, words::shape(shape), words::count(cost.parameters),
                    words::count(cost.activations), cell(cost.forward_multiplications),
                    cell(cost.backward_multiplications), cell(cost.evaluations)});
    };
    for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
      const Layer& layer = graph_.layers[i];
      add(std::to_string(i + 1), layer.name, words::components(layer, " "), layer.output,
          cost_.layers[i]);
    }
    add("", "network", "", graph_.output_shape(), cost_.total);
    page_.grid(grid);
  }

  void write_orders() {
    page_.heading("orders of the paper, and the Newton step's backward sweep");
    Grid grid({{"layer", Align::left, Fit::key},
               {"space (Prop 3.3)", Align::right},
               {"backward (Prop 3.3)", Align::right},
               {"backward (Prop C.5)", Align::right},
               {"Newton unknowns", Align::right},
               {"Newton sweep", Align::right}});
    const auto add = [&](std::string_view name, const steps::LayerCost& cost) {
      grid.add_row({name, words::count(cost.generic_space), words::count(cost.generic_backward),
                    cell(cost.sparse_backward), cell(cost.newton_unknowns),
                    cell(cost.newton_multiplications)});
    };
    for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
      add(graph_.layers[i].name, cost_.layers[i]);
    }
    add("network", cost_.total);
    page_.grid(grid);
  }

  void write_steps() {
    page_.heading("steps");
    Grid grid({{"step", Align::left, Fit::key},
               {"multiplications", Align::right},
               {"consists of", Align::left, Fit::wrap}});
    grid.add_row({"gradient", cell(cost_.gradient), "a forward and a backward pass"});
    grid.add_row({"Gauss-Newton", cell(cost_.gauss_newton),
                  fmt::format("a forward pass and 2 q + 1 products with the derivative, q = {}",
                              words::count(cost_.outputs))});
    grid.add_row({"Newton", cell(cost_.newton), "a gradient and one backward sweep"});
    page_.grid(grid);
  }

  void write_memory() {
    page_.heading("memory in bytes");
    Grid grid(
        {{"of", Align::left, Fit::key}, {"float32", Align::right}, {"float64", Align::right}});
    const auto add = [&](std::string_view name, auto member) {
      grid.add_row(
          {name, cell(as_count(cost_.memory[0].*member)), cell(as_count(cost_.memory[1].*member))});
    };
    add("parameters", &steps::MemoryCost::parameters);
    add("parameters, packed", &steps::MemoryCost::packed);
    add("trajectory", &steps::MemoryCost::trajectory);
    add("backward pass", &steps::MemoryCost::backward);
    add("a gradient in all", &steps::MemoryCost::gradient);
    grid.add_row({"a Newton sweep", "", cell(cost_.newton_bytes)});
    page_.grid(grid);
  }
  static steps::Count as_count(const Magnitude& value) { return {value, ""}; }
  static const steps::Count& as_count(const steps::Count& value) { return value; }

  void write_reasons() {
    std::vector<std::string> lines;
    const auto note = [&](std::string_view what, const steps::Count& count) {
      std::string line = fmt::format("{}: {}", what, page_.foreign(count.reason));
      if (count.is_known() || std::ranges::find(lines, line) != lines.end()) return;
      lines.push_back(std::move(line));
    };
    note("passes", cost_.total.forward_multiplications);
    note("Newton", cost_.total.newton_multiplications);
    for (const steps::MemoryCost& memory : cost_.memory) {
      note(fmt::format("memory in {}", memory.precision), memory.trajectory);
    }
    if (lines.empty()) return;
    page_.heading("not known");
    for (const std::string& line : lines) page_.item(line);
  }

  // Of the assumptions those on which costs depend, and what was done to the network.
  void write_notes() {
    const std::vector<std::string>& lines = report_.assumptions;
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i >= report_.default_count || lines[i].starts_with("batch =")) shown.push_back(lines[i]);
    }
    page_.list("assumptions", shown);
  }

  const Report& report_;
  const steps::NetworkCost& cost_;
  const Graph& graph_;
  Page& page_;
};

}  // namespace

CostReport make_cost_report(const Source& source, ReportOptions options, const Limits& limits) {
  options.methods.clear();
  CostReport result{make_report(source, options, limits), {}};
  result.cost = steps::count_costs(result.report.graph, result.report.settings.batch);
  return result;
}

void write_cost_page(const CostReport& report, Page& page) { CostWriter(report, page).write(); }

void write(const CostReport& report, Format format, const Sink& sink) {
  constexpr Forms<CostReport> forms{write_cost_page, write_cost_csv, write_cost_json};
  forms.write(report, format, sink);
}

}  // namespace smoothbound
