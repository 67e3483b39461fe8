#include <fmt/format.h>

#include "shared/words.hpp"
#include "shared/xml.hpp"
#include "smoothbound/report/charts/charts_of_report.hpp"
#include "smoothbound/report/html/html_report.hpp"
#include "smoothbound/version.hpp"

namespace smoothbound {
namespace {

using xml::escape;

template <Rounding d>
std::string number(const Bound<d>& value) {
  return value.to_text(words::digits_for_people);
}

class HtmlPage {
 public:
  HtmlPage(std::span<const Report> reports, const Sink& sink) : reports_(reports), sink_(sink) {}

  void write(std::span<const FailedFile> failures) {
    put("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<link rel=\"icon\" href=\"data:,\"/>\n<title>Smoothness bounds</title>\n<style>\n");
    sink_(html_style());
    sink_(svg_style());
    put("</style>\n</head>\n<body>\n<main>\n<h1 id=\"summary\">Smoothness bounds of {} network{}"
        "</h1>\n",
        reports_.size(), reports_.size() == 1 ? "" : "s");
    put("<p>Upper bounds on the output (m), the Lipschitz constant (l) and the smoothness constant "
        "(L) of each network as a function of its parameters, rounded up. L_F is the smoothness of "
        "the training objective; the step size and the iterations are those of projected gradient "
        "descent.</p>\n");
    summary();
    failed(failures);
    for (std::size_t i = 0; i < reports_.size(); ++i) section(reports_[i], i + 1);
    put("</main>\n<footer class=\"muted small\"><p>smoothbound {}</p></footer>\n</body>\n</html>\n",
        version);
  }

 private:
  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    sink_(fmt::format(format, std::forward<Arguments>(arguments)...));
  }

  // A table that scrolls by itself where it is wider than the page.
  void begin_table(const std::string& label, bool wide = false) {
    put("<div class=\"scroll{}\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">\n<table>\n",
        wide ? " wide" : "", escape(label));
  }
  void end_table() { put("</tbody>\n</table>\n</div>\n"); }

  void summary() {
    begin_table("summary");
    put("<thead><tr><th scope=\"col\">network</th><th scope=\"col\">method</th>"
        "<th scope=\"col\" class=\"n\">layers</th><th scope=\"col\" class=\"n\">parameters</th>"
        "<th scope=\"col\" class=\"n\">m</th><th scope=\"col\" class=\"n\">l</th>"
        "<th scope=\"col\" class=\"n\">L</th><th scope=\"col\" class=\"n\">L_F</th>"
        "<th scope=\"col\" class=\"n\">step size</th><th scope=\"col\" class=\"n\">iterations</th>"
        "</tr></thead>\n<tbody>\n");
    for (std::size_t i = 0; i < reports_.size(); ++i) {
      for (const MethodReport& result : reports_[i].results)
        summary_row(reports_[i], result, i + 1);
    }
    end_table();
  }

  void summary_row(const Report& report, const MethodReport& result, std::size_t index) {
    const Triple& network = result.table.network();
    put("<tr><td class=\"name\"><a href=\"#network-{}\">{}</a></td><td>{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td>",
        index, escape(report.graph.name), name_of(result.table.method),
        words::count(static_cast<std::int64_t>(report.graph.layers.size())),
        words::count(report.graph.parameters));
    bounds(network);
    if (result.objective) {
      const Estimate& estimate = result.convergence->gradient_descent;
      put("<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>",
          number(result.objective->smoothness), number(estimate.step_size),
          words::count(estimate.iterations));
    } else {
      put("<td class=\"n\">-</td><td class=\"n\">-</td><td class=\"n\">-</td>");
    }
    put("</tr>\n");
  }

  void bounds(const Triple& triple) {
    put("<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>", number(triple.m),
        number(triple.lipschitz), number(triple.smoothness));
  }

  void failed(std::span<const FailedFile> failures) {
    if (failures.empty()) return;
    put("<h2>Files with errors</h2>\n");
    for (const FailedFile& failure : failures) {
      put("<h3>{}</h3>\n<pre tabindex=\"0\">", escape(failure.file));
      std::string_view rest = failure.message;
      while (!rest.empty()) {  // line by line: newlines are meant, other controls are not
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        put("{}\n", escape(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      put("</pre>\n");
    }
  }

  void section(const Report& report, std::size_t index) {
    put("<section id=\"network-{0}\" aria-labelledby=\"name-{0}\">\n<h2 id=\"name-{0}\">{1}</h2>\n",
        index, escape(report.graph.name));
    put("<p class=\"muted small\">{}, SHA-256 {}<br/>{}<br/>input {}, {} parameters in {} layers"
        "</p>\n",
        escape(report.file), report.sha256, escape(words::network_settings(report)),
        words::shape(report.graph.input), words::count(report.graph.parameters),
        words::count(static_cast<std::int64_t>(report.graph.layers.size())));
    charts(report, index);
    layers(report);
    for (const MethodReport& result : report.results) {
      if (result.objective) objective(report, result);
    }
    infinite(report);
    if (!report.assumptions.empty()) {
      put("<div class=\"group\">\n<h3>Assumptions</h3>\n<ul>\n");
      for (const std::string& line : report.assumptions) put("<li>{}</li>\n", escape(line));
      put("</ul>\n</div>\n");
    }
    put("<p class=\"back small\"><a href=\"#summary\">Back to the summary</a></p>\n</section>\n");
  }

  void charts(const Report& report, std::size_t index) {
    const std::span<const Report> one(&report, 1);
    put("<div class=\"charts\">\n");
    std::vector<Chart> depth = depth_charts(one);
    for (Chart& chart : method_charts(one)) depth.push_back(std::move(chart));
    figure(depth, fmt::format("depth-{}", index));
    const NetworkBounds bounds{&report, &report.results.back()};
    figure(growth_charts({&bounds, 1}), fmt::format("growth-{}", index));
    put("</div>\n");
  }

  void figure(const std::vector<Chart>& charts, const std::string& id) {
    put("<figure tabindex=\"0\">\n");
    write_inline_svg(charts, id, false, sink_);
    put("</figure>\n");
  }

  void layers(const Report& report) {
    put("<h3>Layers</h3>\n");
    const bool both = report.results.size() > 1;
    begin_table("layers of " + report.graph.name, both);
    put("<thead><tr><th scope=\"col\" class=\"n\">#</th><th scope=\"col\">layer</th>"
        "<th scope=\"col\">components</th><th scope=\"col\">output</th>"
        "<th scope=\"col\" class=\"n\">parameters</th>");
    for (const MethodReport& result : report.results) {
      const std::string suffix =
          both ? fmt::format("<br/>{}", name_of(result.table.method)) : std::string();
      for (const char* symbol : {"m", "l", "L"}) {
        put("<th scope=\"col\" class=\"n\">{}{}</th>", symbol, suffix);
      }
    }
    put("</tr></thead>\n<tbody>\n");
    const Graph& graph = report.graph;
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      const Layer& layer = graph.layers[i];
      put("<tr><td class=\"n\">{}</td><td class=\"name\">{}</td><td>{}</td><td>{}</td>"
          "<td class=\"n\">{}</td>",
          i + 1, escape(layer.name), escape(words::components(layer, " ")),
          words::shape(layer.output), words::count(layer.parameters));
      for (const MethodReport& result : report.results) bounds(result.table.layers[i]);
      put("</tr>\n");
    }
    put("<tr class=\"total\"><td></td><td>network</td><td></td><td>{}</td><td class=\"n\">{}</td>",
        words::shape(graph.layers[graph.output()].output), words::count(graph.parameters));
    for (const MethodReport& result : report.results) bounds(result.table.network());
    put("</tr>\n");
    end_table();
  }

  void objective(const Report& report, const MethodReport& result) {
    const ObjectiveBounds& objective = *result.objective;
    const ResolvedSettings& settings = report.settings;
    const std::string_view method = name_of(result.table.method);
    put("<div class=\"group\">\n<h3>Objective and convergence, method {}</h3>\n<p>{}: l_F &lt;= "
        "{}, L_F &lt;= {} ({} "
        "route)</p>\n",
        method, escape(words::objective(settings)), number(objective.lipschitz),
        number(objective.smoothness), name_of(objective.route));
    if (!objective.infinite_reason.empty()) put("<p>{}</p>\n", escape(objective.infinite_reason));
    begin_table(fmt::format("convergence of {}, {}", report.graph.name, method));
    put("<thead><tr><th scope=\"col\">optimization</th><th scope=\"col\" class=\"n\">step size</th>"
        "<th scope=\"col\" class=\"n\">L_F gap / accuracy²</th>"
        "<th scope=\"col\" class=\"n\">iterations</th><th scope=\"col\">reach</th></tr></thead>\n"
        "<tbody>\n");
    const auto row = [&](std::string_view name, const Estimate& estimate, std::string_view reach) {
      put("<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
          "<td>{}</td></tr>\n",
          name, number(estimate.step_size), number(estimate.order),
          words::count(estimate.iterations), escape(reach));
    };
    row("projected gradient descent", result.convergence->gradient_descent, "‖g‖ ≤ accuracy");
    row("projected stochastic gradient", result.convergence->stochastic_gradient_descent,
        "E‖g‖² ≤ accuracy² + 2 variance");
    end_table();
    put("<p class=\"muted small\">accuracy {}, initial gap {}, variance {}; g is the gradient "
        "mapping</p>\n</div>\n",
        words::setting(settings.accuracy), words::setting(settings.initial_gap),
        words::setting(settings.variance));
  }

  void infinite(const Report& report) {
    bool begun = false;
    for (const MethodReport& result : report.results) {
      for (const words::InfiniteValues& line : words::infinite_values(report, result)) {
        if (!begun) put("<h3>Infinite values</h3>\n<ul>\n");
        begun = true;
        put("<li>{}, method {}{}</li>\n", line.what, name_of(result.table.method),
            line.cause.empty() ? "" : ": " + escape(line.cause));
      }
    }
    if (begun) put("</ul>\n");
  }

  std::span<const Report> reports_;
  const Sink& sink_;
};

}  // namespace

void write_html_report(std::span<const Report> reports, std::span<const FailedFile> failures,
                       const Sink& sink) {
  HtmlPage(reports, sink).write(failures);
}

}  // namespace smoothbound
