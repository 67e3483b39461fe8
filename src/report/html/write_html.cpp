#include <fmt/format.h>

#include <algorithm>

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

// A column of a table; `label` names its cells where rows are too narrow to stand in line.
struct Column {
  std::string head;
  std::string_view css = "n";  // n: a number
  std::string label = head;
};

// The sharpest first.
std::vector<const MethodReport*> methods_in_order(const Report& report) {
  std::vector<const MethodReport*> methods;
  for (const MethodReport& result : report.results) methods.push_back(&result);
  std::ranges::stable_sort(methods, {}, [](const MethodReport* result) {
    return result->table.method != Method::sharp;
  });
  return methods;
}

class HtmlPage {
 public:
  HtmlPage(std::span<const Report> reports, const Sink& sink)
      : reports_(reports), sink_(sink), names_(words::distinct_names(reports)) {
    std::vector<NetworkBounds> networks;
    for (const Report& report : reports) {
      networks.push_back({&report, methods_in_order(report).front()});
    }
    growth_ = growth_charts(networks);
  }

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
    for (std::size_t i = 0; i < reports_.size(); ++i) section(i);
    put("</main>\n<footer class=\"muted small\"><p>smoothbound {}</p></footer>\n</body>\n</html>\n",
        version);
  }

 private:
  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    sink_(fmt::format(format, std::forward<Arguments>(arguments)...));
  }

  // `wide`: more columns than a page of usual width has room for; then, or on a narrow page, the
  // cells of a row stand below each other with their labels.
  void begin_table(const std::string& label, std::vector<Column> columns, bool wide = false) {
    columns_ = std::move(columns);
    put("<div class=\"scroll{}\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">\n<table>\n"
        "<thead><tr>",
        wide ? " wide" : "", escape(label));
    for (const Column& column : columns_) {
      put("<th scope=\"col\"{}>{}</th>", column.css == "n" ? " class=\"n\"" : "", column.head);
    }
    put("</tr></thead>\n<tbody>\n");
  }
  void row(std::span<const std::string> cells, std::string_view css = {}) {
    put("<tr{}>", css.empty() ? "" : fmt::format(" class=\"{}\"", css));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const Column& column = columns_[i];
      put("<td{} data-label=\"{}\">{}</td>",
          column.css.empty() ? "" : fmt::format(" class=\"{}\"", column.css), column.label,
          cells[i]);
    }
    put("</tr>\n");
  }
  void end_table() { put("</tbody>\n</table>\n</div>\n"); }

  void summary() {
    begin_table("summary",
                {{"network", "name"},
                 {"method", "text"},
                 {"layers"},
                 {"parameters"},
                 {"m"},
                 {"l"},
                 {"L"},
                 {"L_F"},
                 {"step size"},
                 {"iterations"}},
                true);
    for (std::size_t i = 0; i < reports_.size(); ++i) {
      for (const MethodReport* result : methods_in_order(reports_[i])) summary_row(i, *result);
    }
    end_table();
    if (reports_.size() == 1) return;
    put("<div class=\"charts\">\n");
    std::vector<Chart> charts = network_charts(reports_);
    charts.front().title.clear();
    for (std::size_t i = 0; i < charts.size(); ++i) {
      figure({&charts[i], 1}, fmt::format("networks-{}", i + 1));
    }
    put("</div>\n");
  }

  void summary_row(std::size_t index, const MethodReport& result) {
    const Report& report = reports_[index];
    std::vector<std::string> cells{
        fmt::format("<a href=\"#network-{}\">{}</a>", index + 1, escape(names_[index])),
        std::string(name_of(result.table.method)),
        words::count(static_cast<std::int64_t>(report.graph.layers.size())),
        words::count(report.graph.parameters)};
    add_bounds(cells, result.table.network());
    if (result.objective) {
      const Estimate& estimate = result.convergence->gradient_descent;
      cells.push_back(number(result.objective->smoothness));
      cells.push_back(number(estimate.step_size));
      cells.push_back(words::count(estimate.iterations));
    } else {
      cells.insert(cells.end(), 3, "-");
    }
    row(cells);
  }

  static void add_bounds(std::vector<std::string>& cells, const Triple& triple) {
    cells.push_back(number(triple.m));
    cells.push_back(number(triple.lipschitz));
    cells.push_back(number(triple.smoothness));
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

  void section(std::size_t i) {
    const Report& report = reports_[i];
    put("<section id=\"network-{0}\" aria-labelledby=\"name-{0}\">\n<h2 id=\"name-{0}\">{1}</h2>\n",
        i + 1, escape(names_[i]));
    put("<p class=\"muted small\">{}, SHA-256 {}<br/>{}<br/>input {}, {} parameters in {} layers"
        "</p>\n",
        escape(report.file), report.sha256, escape(words::network_settings(report)),
        words::shape(report.graph.input), words::count(report.graph.parameters),
        words::count(static_cast<std::int64_t>(report.graph.layers.size())));
    charts(i);
    layers(i);
    for (const MethodReport* result : methods_in_order(report)) {
      if (result->objective) objective(i, *result);
    }
    infinite(report);
    if (!report.assumptions.empty()) {
      put("<div class=\"group\">\n<h3>Assumptions</h3>\n<ul>\n");
      for (const std::string& line : report.assumptions) put("<li>{}</li>\n", escape(line));
      put("</ul>\n</div>\n");
    }
    put("<p class=\"back small\"><a href=\"#summary\">Back to the summary</a></p>\n</section>\n");
  }

  void charts(std::size_t i) {
    const std::span<const Report> one = reports_.subspan(i, 1);
    const std::size_t each = growth_.size() / reports_.size();
    put("<div class=\"charts\">\n");
    figure(depth_charts(one), fmt::format("depth-{}", i + 1));
    const std::vector<Chart> methods = method_charts(one);
    if (!methods.empty()) figure(methods, fmt::format("methods-{}", i + 1));
    figure(std::span(growth_).subspan(i * each, each), fmt::format("growth-{}", i + 1));
    put("</div>\n");
  }

  void figure(std::span<const Chart> charts, const std::string& id) {
    put("<figure>\n");
    write_inline_svg(charts, id, sink_);
    put("</figure>\n");
  }

  void layers(std::size_t index) {
    put("<h3>Layers</h3>\n");
    const Report& report = reports_[index];
    const std::vector<const MethodReport*> methods = methods_in_order(report);
    const bool both = methods.size() > 1;
    std::vector<Column> columns{
        {"#"}, {"layer", "name"}, {"components", "text"}, {"output", "text"}, {"parameters"}};
    for (const MethodReport* result : methods) {
      const std::string_view method = both ? name_of(result->table.method) : "";
      for (const std::string symbol : {"m", "l", "L"}) {
        columns.push_back({both ? fmt::format("{}<br/>{}", symbol, method) : symbol, "n",
                           both ? fmt::format("{} {}", symbol, method) : symbol});
      }
    }
    begin_table("layers of " + names_[index], std::move(columns), both);
    const Graph& graph = report.graph;
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      const Layer& layer = graph.layers[i];
      std::vector<std::string> cells{std::to_string(i + 1), escape(layer.name),
                                     escape(words::components(layer, " ")),
                                     words::shape(layer.output), words::count(layer.parameters)};
      for (const MethodReport* result : methods) add_bounds(cells, result->table.layers[i]);
      row(cells);
    }
    std::vector<std::string> cells{"", "network", "",
                                   words::shape(graph.layers[graph.output()].output),
                                   words::count(graph.parameters)};
    for (const MethodReport* result : methods) add_bounds(cells, result->table.network());
    row(cells, "total");
    end_table();
  }

  void objective(std::size_t index, const MethodReport& result) {
    const ObjectiveBounds& objective = *result.objective;
    const ResolvedSettings& settings = reports_[index].settings;
    const std::string_view method = name_of(result.table.method);
    put("<div class=\"group\">\n<h3>Objective and convergence, method {}</h3>\n<p>{}: l_F &lt;= "
        "{}, L_F &lt;= {} ({} "
        "route)</p>\n",
        method, escape(words::objective(settings)), number(objective.lipschitz),
        number(objective.smoothness), name_of(objective.route));
    if (!objective.infinite_reason.empty()) put("<p>{}</p>\n", escape(objective.infinite_reason));
    begin_table(fmt::format("convergence of {}, {}", names_[index], method),
                {{"optimization", "name"},
                 {"step size"},
                 {"L_F gap / accuracy²"},
                 {"iterations"},
                 {"reach", "text"}});
    const auto add = [&](std::string_view name, const Estimate& estimate, std::string_view reach) {
      row(std::vector{std::string(name), number(estimate.step_size), number(estimate.order),
                      words::count(estimate.iterations), escape(reach)});
    };
    add("projected gradient descent", result.convergence->gradient_descent, "‖g‖ ≤ accuracy");
    add("projected stochastic gradient", result.convergence->stochastic_gradient_descent,
        "E‖g‖² ≤ accuracy² + 2 variance");
    end_table();
    put("<p class=\"muted small\">accuracy {}, initial gap {}, variance {}; g is the gradient "
        "mapping</p>\n</div>\n",
        words::setting(settings.accuracy), words::setting(settings.initial_gap),
        words::setting(settings.variance));
  }

  void infinite(const Report& report) {
    bool begun = false;
    for (const MethodReport* result : methods_in_order(report)) {
      for (const words::InfiniteValues& line : words::infinite_values(report, *result)) {
        if (!begun) put("<h3>Infinite values</h3>\n<ul>\n");
        begun = true;
        put("<li>{}, method {}{}</li>\n", line.what, name_of(result->table.method),
            line.cause.empty() ? "" : ": " + escape(line.cause));
      }
    }
    if (begun) put("</ul>\n");
  }

  std::span<const Report> reports_;
  const Sink& sink_;
  std::vector<std::string> names_;
  std::vector<Chart> growth_;    // of all networks
  std::vector<Column> columns_;  // of the table that is written
};

}  // namespace

void write_html_report(std::span<const Report> reports, std::span<const FailedFile> failures,
                       const Sink& sink) {
  HtmlPage(reports, sink).write(failures);
}

}  // namespace smoothbound
