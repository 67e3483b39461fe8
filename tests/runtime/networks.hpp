// Executions of small networks.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "kinked_networks.hpp"
#include "named_networks.hpp"
#include "smoothbound/graph/graph.hpp"
#include "smoothbound/runtime/oracle.hpp"
#include "smoothbound/runtime/statistics.hpp"
#include "smoothbound/spec/read_spec.hpp"

namespace smoothbound::testing {

inline Graph graph_of(std::string_view text, std::int64_t batch) {
  const Source source{"network.yaml", std::string(text)};
  return build_graph(read_spec(source), batch);
}

/// Whether each layer reads the one before it, and nothing else.
inline bool is_chain(const Graph& graph) {
  std::uint32_t before = Graph::network_input;
  for (std::uint32_t layer = 0; layer < graph.layers.size(); ++layer) {
    if (graph.layers[layer].inputs != std::vector{before}) return false;
    before = layer;
  }
  return true;
}

template <class Scalar>
std::vector<Scalar> random_vector(std::size_t size, std::mt19937_64& random, double scale = 1) {
  std::normal_distribution<double> normal(0, scale);
  std::vector<Scalar> values(size);
  for (Scalar& value : values) value = static_cast<Scalar>(normal(random));
  return values;
}

/// Samples of a graph, of that norm if they are numbers; ids are uniform.
template <class Scalar = double>
std::vector<Scalar> random_input(const Graph& graph, std::int64_t batch, std::mt19937_64& random,
                                 std::optional<double> norm = {}) {
  auto x = random_vector<Scalar>(static_cast<std::size_t>(batch * graph.input.elements()), random);
  if (graph.input_ids) {
    const auto ids = static_cast<std::uint64_t>(*graph.input_ids);
    for (Scalar& value : x) value = static_cast<Scalar>(random() % ids);
  } else if (norm) {
    double sum = 0;
    for (const Scalar value : x) sum += static_cast<double>(value) * static_cast<double>(value);
    for (Scalar& value : x) value = static_cast<Scalar>(*norm / std::sqrt(sum) * value);
  }
  return x;
}

/// Standard normal over the root of the fan-in: outputs of layers stay moderate.
template <class Scalar>
std::vector<double> random_parameters(const Network<Scalar>& network, std::mt19937_64& random) {
  std::vector<double> w(network.parameters().size());
  for (const ParameterArray& array : network.parameter_layout().arrays) {
    const std::int64_t fan_in = array.elements / array.sizes.front();
    std::normal_distribution<double> normal(0, 1 / std::sqrt(static_cast<double>(fan_in)));
    for (std::int64_t i = 0; i < array.elements; ++i) {
      w[static_cast<std::size_t>(array.offset + i)] = normal(random);
    }
  }
  return w;
}

/// The graph with its batch norms fixed at the statistics of a random batch.
inline Graph with_statistics_of_a_batch(const Graph& graph, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Network<double> network(graph, 6);
  network.set_parameters(random_parameters(network, random));
  Trajectory<double> trajectory(network);
  forward<double>(random_vector<double>(static_cast<std::size_t>(network.input_elements()), random),
                  trajectory);
  return with_fixed_statistics(graph, batch_statistics(graph, trajectory));
}

template <class A, class B>
double dot(const std::vector<A>& a, const std::vector<B>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

}  // namespace smoothbound::testing
