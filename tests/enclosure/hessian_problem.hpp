// Objectives with weights and samples of their own.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "smoothbound/enclosure/hessian_product.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/objective.hpp"
#include "support/read_network.hpp"

namespace smoothbound::test {

using Entries = std::vector<double>;

inline Entries draw(std::size_t count, std::mt19937_64& random, double size = 1) {
  std::normal_distribution<double> normal(0, size);
  Entries values(count);
  for (double& value : values) value = normal(random);
  return values;
}

inline double norm_of_entries(const Entries& values) {
  return euclidean_norm(std::span<const double>(values));
}

struct Problem {
  support::Network network;
  std::int64_t batch;
  Entries w;
  Entries x;
  Labels labels;

  Problem(const std::string& text, std::uint64_t seed, double size = 0.6, double offset = 0)
      : network(support::read_network(text)), batch(network.settings.batch) {
    std::mt19937_64 random(seed);
    const Network<double> layout(network.graph, batch, Purpose::derivatives, Storage::none);
    w = draw(static_cast<std::size_t>(layout.parameter_layout().elements), random, size);
    x = draw(static_cast<std::size_t>(layout.input_elements()), random);
    for (double& value : x) value += offset;
    const std::int64_t outputs = network.graph.output_shape().elements();
    if (network.settings.loss->name == "logistic") {
      const std::int64_t classes = network.graph.output_shape().channels();
      const std::int64_t positions = network.graph.output_shape().positions();
      for (std::int64_t i = 0; i < batch * positions; ++i) {
        labels.classes.push_back(
            static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(classes)));
      }
    } else {
      std::uniform_real_distribution<double> uniform;
      for (std::int64_t i = 0; i < batch * outputs; ++i) labels.targets.push_back(uniform(random));
    }
  }

  [[nodiscard]] ObjectivePoint point() const {
    ObjectivePoint at{network.graph,
                      *network.settings.loss,
                      w,
                      x,
                      batch,
                      network.settings.regularizer.nearest,
                      {}};
    at.evaluate = [this](std::span<const double> predictions) {
      LossData data;
      data.samples = batch;
      data.outputs = network.graph.output_shape().elements();
      data.positions = network.graph.output_shape().positions();
      data.predictions = predictions;
      data.labels = &labels;
      return evaluate_loss(*network.settings.loss, data);
    };
    return at;
  }
  [[nodiscard]] Objective<double> objective() const {
    ObjectiveOptions options;
    options.regularizer = network.settings.regularizer.nearest;
    return {network.graph, *network.settings.loss, x, batch, labels, options};
  }
};

// Of all components with bounds of their second derivatives.
inline const std::vector<std::string>& smooth_networks() {
  static const std::vector<std::string> all{
      "input: {shape: [3]}\nbatch: 4\nloss: logistic\nlayers:\n"
      "  - {dense: 5, then: [tanh]}\n  - {dense: 4, then: [softplus]}\n  - {dense: 3}\n",
      "input: {shape: [2, 5, 5]}\nbatch: 3\nloss: logistic\nregularizer: 0.25\nlayers:\n"
      "  - {conv: {filters: 3, kernel: 3, stride: 2, padding: 1}, then: [sigmoid]}\n"
      "  - {conv: {filters: 4, kernel: 2, groups: 1}, then: [{average_pool: 2}]}\n"
      "  - {dense: 3}\n",
      "input: {shape: [1, 4, 4]}\nbatch: 5\nloss: logistic\nlayers:\n"
      "  - {conv: {filters: 3, kernel: 3, padding: 1}, bias: false, then: [{batch_norm: "
      "{epsilon: 1e-2, affine: true}}, softplus]}\n"
      "  - {name: a, conv: {filters: 3, kernel: 3, padding: 1}, then: [{batch_norm: {epsilon: "
      "1e-2}}]}\n"
      "  - {name: s, add: [a, layer1], then: [tanh, global_average_pool]}\n  - {dense: 4}\n",
      "input: {shape: [3]}\nbatch: 2\nloss: logistic\nlayers:\n"
      "  - {name: a, dense: 3, then: [tanh]}\n  - {name: b, dense: 3, then: [tanh]}\n"
      "  - {name: c, share: a, dense: 3, then: [tanh]}\n  - {name: d, dense: 3, then: [tanh]}\n"
      "  - {name: e, share: b, dense: 3}\n",
      "input: {shape: [6]}\nbatch: 2\nloss: square\nlayers:\n"
      "  - {dense: 4, then: [{layer_norm: {epsilon: 1e-2}}, gelu]}\n  - {dense: 2, then: [sin]}\n",
      "input: {shape: [2, 3, 3]}\nbatch: 2\nloss: binary_logistic\nlayers:\n"
      "  - {conv: {filters: 2, kernel: 2}, then: [silu, flatten]}\n"
      "  - {dense: 3, then: [{rms_norm: {epsilon: 0.1}}, mish]}\n  - {dense: 1}\n",
  };
  return all;
}

}  // namespace smoothbound::test
