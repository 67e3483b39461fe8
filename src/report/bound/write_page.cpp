// Bounds for people: table and Markdown.

#include <fmt/format.h>

#include <algorithm>

#include "bound/parts.hpp"
#include "shared/explanation.hpp"
#include "shared/words.hpp"

namespace smoothbound {
namespace {

template <Rounding d>
std::string number(const Bound<d>& value) {
  return value.to_text(words::digits_for_people);
}

void write_layers(const Report& report, const MethodReport& result, Page& page) {
  Grid grid({{"#", Align::right, Fit::index},
             {"layer", Align::left, Fit::key},
             {"components", Align::left, Fit::shorten},
             {"output"},
             {"parameters", Align::right, Fit::drop},
             {"m", Align::right},
             {"l", Align::right},
             {"L", Align::right}});
  const Graph& graph = report.graph;
  const auto add = [&](const std::string& index, std::string_view name, const std::string& parts,
                       const Shape& output, std::int64_t parameters, const Triple& bounds) {
    grid.add_row({index, name, parts, words::shape(output), words::count(parameters),
                  number(bounds.m), number(bounds.lipschitz), number(bounds.smoothness)});
  };
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    add(std::to_string(i + 1), layer.name, words::components(layer, " "), layer.output,
        layer.parameters, result.table.layers[i]);
  }
  add("", "network", "", graph.output_shape(), graph.parameters, result.table.network());
  page.grid(grid);
}

// One line for each cause of infinite entries.
void write_causes(const Report& report, const MethodReport& result, Page& page) {
  const std::vector<words::InfiniteValues> lines = words::infinite_values(report, result);
  if (!lines.empty()) page.heading("infinite values");
  for (const words::InfiniteValues& line : lines) {
    page.item(line.cause.empty() ? line.what
                                 : fmt::format("{}: {}", line.what, page.foreign(line.cause)));
  }
}

void write_objective(const Report& report, const MethodReport& result, Page& page) {
  const ResolvedSettings& settings = report.settings;
  const ObjectiveBounds& objective = *result.objective;
  page.heading("objective");
  page.paragraph(fmt::format("{}: l_F <= {}, L_F <= {} ({} route)", words::objective(settings),
                             number(objective.lipschitz), number(objective.smoothness),
                             name_of(objective.route)));
  if (!objective.infinite_reason.empty()) {
    page.item(fmt::format("{}: {}", objective.smoothness.is_infinite() ? "L_F" : "l_F",
                          page.foreign(objective.infinite_reason)));
  }
  page.heading("convergence (Theorem 4.1)");
  Grid grid({{"method", Align::left, Fit::key},
             {"step size", Align::right},
             {"order L_F gap / accuracy^2", Align::right, Fit::drop},
             {"iterations", Align::right},
             {"reach", Align::left, Fit::wrap}});
  const auto add = [&](std::string_view name, const Estimate& estimate, std::string_view reach) {
    grid.add_row({name, number(estimate.step_size), number(estimate.order),
                  words::count(estimate.iterations), reach});
  };
  add("projected gradient descent", result.convergence->gradient_descent, "||g|| <= accuracy");
  add("projected stochastic gradient", result.convergence->stochastic_gradient_descent,
      "E||g||^2 <= accuracy^2 + 2 variance");
  page.grid(grid);
  page.paragraph(fmt::format("accuracy {}, initial gap {}, variance {}; g is the gradient mapping",
                             words::setting(settings.accuracy),
                             words::setting(settings.initial_gap),
                             words::setting(settings.variance)));
}

void write_layerwise(const Report& report, const MethodReport& result, Page& page) {
  const LayerwiseReport& layerwise = *result.layerwise;
  const LayerwiseBounds& bounds = layerwise.bounds;
  page.heading("layer-wise steps");
  Grid grid({{"block", Align::left, Fit::key},
             {"||w||", Align::right, Fit::drop},
             {"l", Align::right},
             {"L", Align::right},
             {"D", Align::right},
             {"step size", Align::right}});
  for (std::size_t i = 0; i < bounds.groups.size(); ++i) {
    const StepGroup& group = bounds.groups[i];
    grid.add_row({words::blocks(report.graph, group.blocks), number(group.norm),
                  number(group.lipschitz), number(bounds.H(i, i)), number(layerwise.majorizer[i]),
                  number(layerwise.step_size(i))});
  }
  page.grid(grid);
  page.paragraph(
      "l and L of F in one block alone; steps of 1/D in all blocks at once are certified");
  if (layerwise.gain) {
    constexpr int few = 3;
    page.paragraph(fmt::format("the geometric mean of these steps is {} times 1/L_F",
                               layerwise.gain->to_text(few)));
  }
  if (!bounds.infinite_reason.empty()) {
    page.item(fmt::format("inf: {}", page.foreign(bounds.infinite_reason)));
  }
  if (std::ranges::any_of(bounds.groups, [](const StepGroup& g) { return g.blocks.size() > 1; })) {
    page.item(
        "what is shared, and of more blocks than can be told apart neighbours, has one step "
        "together");
  }
}

// What the last method's numbers mean for somebody who has not read the paper.
std::string in_words(const MethodReport& result) {
  constexpr std::string_view reasons = "; the reasons stand above";
  if (!result.objective) {
    const Magnitude& lipschitz = result.table.network().lipschitz;
    if (lipschitz.is_infinite()) {
      return fmt::format("In words: how far the output moves with the parameters is not bounded{}",
                         reasons);
    }
    return fmt::format(
        "In words: while the parameters stay in their balls, moving them by a distance d moves the "
        "output of the whole batch by at most {} d",
        number(lipschitz));
  }
  if (result.objective->smoothness.is_infinite()) {
    const bool some_are =
        result.layerwise && std::ranges::any_of(result.layerwise->majorizer, &Magnitude::is_finite);
    return fmt::format("In words: no step of gradient descent{}, however small, is certified{}",
                       some_are ? " in all parameters at once" : "", reasons);
  }
  if (result.objective->smoothness.is_zero()) {
    return "In words: while the parameters stay in their balls, no step of gradient descent "
           "increases the objective";
  }
  return fmt::format(
      "In words: while the parameters stay in their balls, no step of gradient descent of size {} "
      "(1/L_F) or less increases the objective",
      number(result.convergence->gradient_descent.step_size));
}

}  // namespace

void write_bounds_page(const Report& report, Page& page) {
  const ResolvedSettings& settings = report.settings;
  const bool has_radii = std::ranges::any_of(
      report.graph.layers, [](const Layer& layer) { return layer.radius.has_value(); });
  for (const MethodReport& result : report.results) {
    if (&result != report.results.data()) page.gap();
    page.title(fmt::format("{} ({}), method {}", page.foreign(report.graph.name),
                           page.foreign(report.file), name_of(result.table.method)));
    page.paragraph(fmt::format(
        "upper bounds on the output (m), the Lipschitz constant (l) and the smoothness "
        "constant (L) in the parameters, ||v_l|| <= {}{}",
        words::setting(settings.radius), has_radii ? " unless a layer says otherwise" : ""));
    page.paragraph(fmt::format("batch {}, {}Euclidean norms, rounded up", settings.batch,
                               words::input_norm(report)));
    page.gap();
    write_layers(report, result, page);
    write_causes(report, result, page);
    if (result.objective) write_objective(report, result, page);
    if (result.layerwise) write_layerwise(report, result, page);
    if (report.explained_layer) {
      write_trace(page, report.graph.layers[*report.explained_layer].name, result.explanation);
    }
  }
  page.list("assumptions", report.assumptions);
  page.gap();
  page.paragraph(in_words(report.results.back()));
}

void write(const Report& report, Format format, const Sink& sink, bool first) {
  format.write({[&](Page& page) { write_bounds_page(report, page); },
                [&](const Sink& rows) { write_bounds_csv(report, first, rows); },
                [&](JsonWriter& json) { write_bounds_json(report, json); }},
               sink);
}

}  // namespace smoothbound
