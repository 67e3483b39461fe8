#include <fmt/format.h>

#include <array>
#include <cmath>

#include "shared/text.hpp"
#include "smoothbound/report/bound/writers.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

constexpr std::array columns{
    "file",      "architecture", "method",          "record",     "index",
    "name",      "components",   "output_shape",    "parameters", "m",
    "m_log10",   "lipschitz",    "lipschitz_log10", "smoothness", "smoothness_log10",
    "step_size", "order",        "iterations"};

template <Rounding d>
std::string number(const Bound<d>& value) {
  return value.to_text(text::digits_for_machines);
}

class Writer {
 public:
  Writer(const Report& report, const Sink& sink) : report_(report), sink_(sink) {}

  void write(const MethodReport& result) {
    method_ = name_of(result.table.method);
    const Graph& graph = report_.graph;
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      const Layer& layer = graph.layers[i];
      begin("layer", std::to_string(i + 1), layer.name, text::components(layer, " "),
            text::shape(layer.output), std::to_string(layer.parameters));
      bounds(result.table.layers[i]);
      end();
    }
    begin("network", "", "", "", text::shape(graph.layers[graph.output()].output),
          std::to_string(graph.parameters));
    bounds(result.table.network());
    end();
    if (!result.objective) return;
    begin("objective", "", report_.settings.loss->name, name_of(result.objective->route), "", "");
    add("");
    add("");
    bound(result.objective->lipschitz);
    bound(result.objective->smoothness);
    end();
    estimate("gradient_descent", result.convergence->gradient_descent);
    estimate("stochastic_gradient_descent", result.convergence->stochastic_gradient_descent);
  }

  void assumption(std::string_view line) {
    method_ = "";
    begin("assumption", "", line, "", "", "");
    end();
  }

 private:
  void add(std::string_view cell) {
    if (cells_++ > 0) line_ += ',';
    line_ += text::csv_cell(cell);
  }
  void begin(std::string_view record, std::string_view index, std::string_view name,
             std::string_view components, std::string_view shape, std::string_view parameters) {
    for (const std::string_view cell :
         {std::string_view(report_.file), std::string_view(report_.graph.name), method_, record,
          index, name, components, shape, parameters}) {
      add(cell);
    }
  }
  void bound(const Magnitude& value) {
    add(number(value));
    add(text::csv_logarithm(value));
  }
  void bounds(const Triple& triple) {
    bound(triple.m);
    bound(triple.lipschitz);
    bound(triple.smoothness);
  }
  void estimate(std::string_view name, const Estimate& estimate) {
    constexpr std::size_t cells_of_bounds = 6;
    begin("convergence", "", name, "", "", "");
    for (std::size_t i = 0; i < cells_of_bounds; ++i) add("");
    add(number(estimate.step_size));
    add(number(estimate.order));
    add(number(estimate.iterations));
    end();
  }
  void end() {
    while (cells_ < columns.size()) add("");
    sink_(line_ + "\n");
    line_.clear();
    cells_ = 0;
  }

  const Report& report_;
  const Sink& sink_;
  std::string_view method_;
  std::string line_;
  std::size_t cells_ = 0;
};

}  // namespace

void write_csv(const Report& report, bool header, const Sink& sink) {
  if (header) {
    std::string line;
    for (const char* column : columns) {
      line += line.empty() ? "" : ",";
      line += column;
    }
    sink(line + "\n");
  }
  Writer writer(report, sink);
  for (const MethodReport& result : report.results) writer.write(result);
  for (const std::string& line : report.assumptions) writer.assumption(line);
}

}  // namespace smoothbound
