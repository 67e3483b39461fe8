// The table and its Markdown form: the same sections, told apart only by how they are set.

#include <fmt/format.h>

#include <algorithm>

#include "shared/page.hpp"
#include "shared/text.hpp"
#include "smoothbound/report/bound/writers.hpp"

namespace smoothbound {
namespace {

using text::digits_for_people;

template <Rounding d>
std::string number(const Bound<d>& value) {
  return value.to_text(digits_for_people);
}

void write_layers(const Report& report, const MethodReport& result, Page& page) {
  using Align = Grid::Align;
  Grid grid({{"#", Align::right},
             {"layer"},
             {"components"},
             {"output"},
             {"parameters", Align::right},
             {"m", Align::right},
             {"l", Align::right},
             {"L", Align::right}});
  const Graph& graph = report.graph;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    const Triple& bounds = result.table.layers[i];
    grid.add_row({std::to_string(i + 1), layer.name, text::components(layer, " "),
                  text::shape(layer.output), text::count(layer.parameters), number(bounds.m),
                  number(bounds.lipschitz), number(bounds.smoothness)});
  }
  const Triple& network = result.table.network();
  grid.add_row({"", "network", "", text::shape(graph.layers[graph.output()].output),
                text::count(graph.parameters), number(network.m), number(network.lipschitz),
                number(network.smoothness)});
  page.grid(grid);
}

// One line for each cause of infinite entries.
void write_causes(const Report& report, const MethodReport& result, Page& page) {
  const std::vector<text::InfiniteValues> lines = text::infinite_values(report, result);
  if (!lines.empty()) page.heading("infinite values");
  for (const text::InfiniteValues& line : lines) {
    page.item(line.cause.empty() ? line.what
                                 : fmt::format("{}: {}", line.what, page.foreign(line.cause)));
  }
}

void write_objective(const Report& report, const MethodReport& result, Page& page) {
  const ResolvedSettings& settings = report.settings;
  const ObjectiveBounds& objective = *result.objective;
  page.heading("objective");
  page.paragraph(fmt::format("{}: l_F <= {}, L_F <= {} ({} route)", text::objective(settings),
                             number(objective.lipschitz), number(objective.smoothness),
                             name_of(objective.route)));
  if (!objective.infinite_reason.empty()) {
    page.item(fmt::format("{}: {}", objective.smoothness.is_infinite() ? "L_F" : "l_F",
                          page.foreign(objective.infinite_reason)));
  }
  page.heading("convergence (Theorem 4.1)");
  using Align = Grid::Align;
  Grid grid({{"method"},
             {"step size", Align::right},
             {"order L_F gap / accuracy^2", Align::right},
             {"iterations", Align::right},
             {"reach"}});
  const auto add = [&](std::string_view name, const Estimate& estimate, std::string_view reach) {
    grid.add_row({name, number(estimate.step_size), number(estimate.order),
                  text::count(estimate.iterations), reach});
  };
  add("projected gradient descent", result.convergence->gradient_descent, "||g|| <= accuracy");
  add("projected stochastic gradient", result.convergence->stochastic_gradient_descent,
      "E||g||^2 <= accuracy^2 + 2 variance");
  page.grid(grid);
  page.paragraph(fmt::format("accuracy {}, initial gap {}, variance {}; g is the gradient mapping",
                             text::setting(settings.accuracy), text::setting(settings.initial_gap),
                             text::setting(settings.variance)));
}

void write_explanation(const Report& report, const MethodReport& result, Page& page) {
  using Align = Grid::Align;
  const Layer& layer = report.graph.layers[*report.explained_layer];
  page.heading(fmt::format("how '{}' came about", page.foreign(layer.name)));
  Grid grid({{"symbol"}, {"value", Align::right}, {"formula"}, {"source"}});
  for (const TraceLine& line : result.explanation.lines) {
    if (line.symbol.empty()) {
      grid.add_row({"", "", "-- " + line.formula + " --", line.source});
    } else {
      grid.add_row({line.symbol, number(line.value), line.formula, line.source});
    }
  }
  page.grid(grid);
  for (const std::string& sentence : result.explanation.conclusions) page.paragraph(sentence);
}

void write_page(const Report& report, Page& page) {
  const ResolvedSettings& settings = report.settings;
  bool first = true;
  for (const MethodReport& result : report.results) {
    if (!first) page.gap();
    first = false;
    page.title(fmt::format("{} ({}), method {}", page.foreign(report.graph.name),
                           page.foreign(report.file), name_of(result.table.method)));
    page.paragraph(
        fmt::format("upper bounds on the output (m), the Lipschitz constant (l) and the smoothness "
                    "constant (L) "
                    "in the parameters, ||v_l|| <= {}{}",
                    text::setting(settings.radius),
                    std::ranges::any_of(report.graph.layers,
                                        [](const Layer& l) { return l.radius.has_value(); })
                        ? " unless a layer says otherwise"
                        : ""));
    page.paragraph(fmt::format("batch {}, ||x|| <= {}, Euclidean norms, rounded up", settings.batch,
                               text::setting(settings.input_norm)));
    page.gap();
    write_layers(report, result, page);
    write_causes(report, result, page);
    if (result.objective) write_objective(report, result, page);
    if (report.explained_layer) write_explanation(report, result, page);
  }
  if (!report.assumptions.empty()) {
    page.heading("assumptions");
    for (const std::string& line : report.assumptions) page.item(page.foreign(line));
  }
}

}  // namespace

void write_table(const Report& report, const Sink& sink) {
  TextPage page(sink);
  write_page(report, page);
}

void write_markdown(const Report& report, const Sink& sink) {
  MarkdownPage page(sink);
  write_page(report, page);
}

}  // namespace smoothbound
