#include "smoothbound/runtime/stages.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace smoothbound {
namespace {

Graph graph_of_layer(const Graph& graph, std::uint32_t index) {
  Graph alone;
  alone.name = graph.name;
  alone.layers.push_back(graph.layers[index]);
  alone.input = graph.shape_of(alone.layers.front().inputs.front());
  alone.layers.front().inputs.assign(1, Graph::network_input);
  alone.order.push_back(0);
  alone.blocks = graph.blocks;  // to which components refer
  alone.parameters = alone.layers.front().parameters;
  return alone;
}

// Calls column(j, unit vector) for each of `count` unit vectors.
template <class Column>
void each_unit(std::int64_t count, const Column& column) {
  std::vector<double> unit(static_cast<std::size_t>(count));
  for (std::int64_t j = 0; j < count; ++j) {
    unit[static_cast<std::size_t>(j)] = 1;
    column(j, unit);
    unit[static_cast<std::size_t>(j)] = 0;
  }
}

void set_column(linalg::DenseMatrix& matrix, std::int64_t column,
                const std::vector<double>& values) {
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    matrix(i, column) = values[static_cast<std::size_t>(i)];
  }
}

}  // namespace

StagedNetwork::StagedNetwork(const Graph& graph, std::int64_t batch) {
  std::uint32_t before = Graph::network_input;
  for (const std::uint32_t index : graph.order) {
    const Layer& layer = graph.layers[index];
    if (layer.inputs.size() != 1 || layer.inputs.front() != before) {
      throw std::invalid_argument(
          fmt::format("layer '{}' does not read just the layer before it: no chain", layer.name));
    }
    if (layer.share != Layer::none) {
      throw std::invalid_argument(
          fmt::format("layer '{}' takes the parameters of another one: no chain", layer.name));
    }
    layers_.push_back(std::make_unique<LayerRun>(graph_of_layer(graph, index), batch));
    before = index;
  }
}

std::int64_t StagedNetwork::parameters() const {
  std::int64_t sum = 0;
  for (const auto& layer : layers_) sum += layer->network.parameter_layout().elements;
  return sum;
}

std::span<const double> StagedNetwork::forward(std::span<const double> w,
                                               std::span<const double> x) {
  if (static_cast<std::int64_t>(w.size()) != parameters()) {
    throw std::invalid_argument(
        fmt::format("the network has {} parameters, not {}", parameters(), w.size()));
  }
  std::span<const double> z = x;
  for (const auto& layer : layers_) {
    const auto count = static_cast<std::size_t>(layer->network.parameter_layout().elements);
    layer->network.set_parameters(w.first(count));
    w = w.subspan(count);
    smoothbound::forward<double>(z, layer->trajectory);
    z = layer->trajectory.output();
  }
  return z;
}

LinearStage StagedNetwork::linear_stage(std::size_t l) {
  Trajectory<double>& trajectory = layers_[l]->trajectory;
  const Network<double>& network = layers_[l]->network;
  const std::int64_t outputs = network.output_elements();
  LinearStage stage;
  stage.A = linalg::DenseMatrix(outputs, network.input_elements());
  stage.B = linalg::DenseMatrix(outputs, network.parameter_layout().elements);
  std::vector<double> column(static_cast<std::size_t>(outputs));
  each_unit(stage.A.columns, [&](std::int64_t j, const std::vector<double>& unit) {
    jvp<double>(trajectory, {}, unit, column);
    set_column(stage.A, j, column);
  });
  each_unit(stage.B.columns, [&](std::int64_t j, const std::vector<double>& unit) {
    jvp<double>(trajectory, unit, {}, column);
    set_column(stage.B, j, column);
  });
  return stage;
}

QuadraticStage StagedNetwork::quadratic_stage(std::size_t l, std::span<const double> lambda) {
  Trajectory<double>& trajectory = layers_[l]->trajectory;
  const Network<double>& network = layers_[l]->network;
  const std::int64_t inputs = network.input_elements();
  const std::int64_t parameters = network.parameter_layout().elements;
  QuadraticStage stage{linalg::DenseMatrix(inputs, inputs), linalg::DenseMatrix(inputs, parameters),
                       linalg::DenseMatrix(parameters, parameters)};
  std::vector<double> by_v(static_cast<std::size_t>(parameters));
  std::vector<double> by_z(static_cast<std::size_t>(inputs));
  each_unit(inputs, [&](std::int64_t j, const std::vector<double>& unit) {
    joint_hvp<double>(trajectory, lambda, {}, unit, by_v, by_z);
    set_column(stage.zz, j, by_z);
  });
  each_unit(parameters, [&](std::int64_t j, const std::vector<double>& unit) {
    joint_hvp<double>(trajectory, lambda, unit, {}, by_v, by_z);
    set_column(stage.zv, j, by_z);
    set_column(stage.vv, j, by_v);
  });
  return stage;
}

}  // namespace smoothbound
