#include "bound/parts.hpp"

namespace smoothbound {
namespace {

class Rows {
 public:
  Rows(const Report& report, bool header, const Sink& sink)
      : report_(report),
        csv_(sink,
             {"file", "architecture", "method", "record", "index", "name", "components",
              "output_shape", "parameters", "m", "m_log10", "lipschitz", "lipschitz_log10",
              "smoothness", "smoothness_log10", "step_size", "order", "iterations"},
             header) {}

  void write(const MethodReport& result) {
    method_ = name_of(result.table.method);
    const Graph& graph = report_.graph;
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      const Layer& layer = graph.layers[i];
      begin("layer").add(i + 1, layer.name, words::components(layer, " "),
                         words::shape(layer.output), layer.parameters);
      end(result.table.layers[i]);
    }
    begin("network").skip(3).add(words::shape(graph.output_shape()), graph.parameters);
    end(result.table.network());
    if (!result.objective) return;
    const ObjectiveBounds& objective = *result.objective;
    begin("objective").skip(1).add(report_.settings.loss->name, name_of(objective.route));
    csv_.skip_to("lipschitz").add_with_log(objective.lipschitz).add_with_log(objective.smoothness);
    csv_.end_row();
    estimate("gradient_descent", result.convergence->gradient_descent);
    estimate("stochastic_gradient_descent", result.convergence->stochastic_gradient_descent);
    if (!result.layerwise) return;
    const LayerwiseReport& layerwise = *result.layerwise;
    const LayerwiseBounds& bounds = layerwise.bounds;
    for (std::size_t i = 0; i < bounds.groups.size(); ++i) {
      const StepGroup& group = bounds.groups[i];
      begin("block").add(i + 1, words::blocks(graph, group.blocks)).skip(2);
      csv_.add(parameters_of(graph, group.blocks));
      csv_.skip_to("lipschitz").add_with_log(group.lipschitz).add_with_log(bounds.H(i, i));
      csv_.add(layerwise.step_size(i)).end_row();
    }
  }

  void assumption(const std::string& line) {
    method_ = "";
    begin("assumption").skip(1).add(line).end_row();
  }

 private:
  CsvWriter& begin(std::string_view record) {
    return csv_.add(report_.file, report_.graph.name, method_, record);
  }
  void end(const Triple& bounds) {
    csv_.add_with_log(bounds.m).add_with_log(bounds.lipschitz).add_with_log(bounds.smoothness);
    csv_.end_row();
  }
  void estimate(std::string_view name, const Estimate& estimate) {
    begin("convergence").skip(1).add(name).skip_to("step_size");
    csv_.add(estimate.step_size, estimate.order, estimate.iterations).end_row();
  }

  const Report& report_;
  CsvWriter csv_;
  std::string_view method_;
};

}  // namespace

void write_bounds_csv(const Report& report, bool header, const Sink& sink) {
  Rows rows(report, header, sink);
  for (const MethodReport& result : report.results) rows.write(result);
  for (const std::string& line : report.assumptions) rows.assumption(line);
}

}  // namespace smoothbound
