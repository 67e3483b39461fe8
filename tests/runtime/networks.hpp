// Small networks that have every component, and executions of them.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/graph/graph.hpp"
#include "smoothbound/runtime/oracle.hpp"
#include "smoothbound/runtime/statistics.hpp"
#include "smoothbound/spec/read_spec.hpp"

namespace smoothbound::testing {

struct NamedNetwork {
  std::string_view name;
  std::string_view text;
};

inline Graph graph_of(std::string_view text, std::int64_t batch) {
  const Source source{"network.yaml", std::string(text)};
  return build_graph(read_spec(source), batch);
}

template <class Scalar>
std::vector<Scalar> random_vector(std::size_t size, std::mt19937_64& random, double scale = 1) {
  std::normal_distribution<double> normal(0, scale);
  std::vector<Scalar> values(size);
  for (Scalar& value : values) value = static_cast<Scalar>(normal(random));
  return values;
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

/// Smooth networks: their derivatives of all orders exist.
inline constexpr std::array smooth_networks{
    NamedNetwork{"Dense", R"(
input: {shape: [5], norm: 1}
layers:
  - dense: 7
    then: [softplus]
  - dense: 4
    bias: false
    then: [tanh]
  - dense: 3
)"},
    NamedNetwork{"Convolutions", R"(
input: {shape: [3, 9, 8], norm: 1}
layers:
  - conv: {filters: 4, kernel: 3, padding: same}
    then: [softplus: 2, average_pool: 2]
  - conv: {filters: 6, kernel: [2, 3], stride: [2, 1], padding: 1, groups: 2}
    then: [sigmoid]
  - conv: {filters: 4, kernel: 2, dilation: 2, padding: same}
    bias: false
    then: [gelu, {average_pool: {kernel: 2, stride: 1, padding: same}}]
  - dense: 5
    then: [softmax]
)"},
    NamedNetwork{"WideConvolutions", R"(
input: {shape: [16, 6, 6], norm: 1}
layers:
  - conv: {filters: 32, kernel: 1}
    then: [softplus]
  - conv: {filters: 16, kernel: [1, 2], padding: same}
    then: [softplus, average_pool: 2]
  - conv: {filters: 5, kernel: 3, padding: same}
    then: [tanh, global_average_pool]
  - dense: 3
)"},
    NamedNetwork{"Sequence", R"(
input: {shape: [4, 11], norm: 1}
layers:
  - conv: {filters: 6, kernel: 3, stride: 2}
    then: [silu, {group_norm: {groups: 3, epsilon: 0.1, affine: true}}]
  - conv: {filters: 2, kernel: 2}
    then: [mish, softmax]
  - dense: 3
    then: [layer_norm: {epsilon: 0.2, affine: true}]
)"},
    NamedNetwork{"BatchNormPerChannel", R"(
input: {shape: [3, 6, 6], norm: 1}
layers:
  - conv: {filters: 4, kernel: 3}
    then: [{batch_norm: {epsilon: 0.1, affine: true}}, softplus]
  - conv: {filters: 16, kernel: 3, padding: same}
    then: [{batch_norm: {epsilon: 0.01, per: channel}}, atan]
  - dense: 3
)"},
    NamedNetwork{"BatchNormPerElement", R"(
input: {shape: [2, 5, 5], norm: 1}
layers:
  - conv: {filters: 3, kernel: 3}
    then: [softplus, {batch_norm: {epsilon: 0.1, per: element, affine: true, shift: false}}]
  - dense: 6
    then: [{batch_norm: {epsilon: 0.5, per: element}}, erf]
  - dense: 3
    then: [{rms_norm: {epsilon: 0.1, affine: true}}]
)"},
    NamedNetwork{"Branches", R"(
input: {shape: [6], norm: 1}
layers:
  - name: a
    dense: 5
    then: [softsign]
  - name: b
    dense: 5
    then: [elu]
  - name: sum
    add: [a, b, a]
  - name: gate
    from: b
    dense: 5
    then: [sigmoid]
  - name: gated
    multiply: [sum, gate, sum]
  - name: joined
    concat: [gated, input, b]
  - name: unused
    from: a
    dense: 2
  - name: out
    from: joined
    dense: 3
    then: [sin]
)"},
    NamedNetwork{"Residual", R"(
input: {shape: [16, 5, 5], norm: 1}
layers:
  - name: stem
    conv: {filters: 16, kernel: 3, padding: same}
    then: [softplus]
  - name: body
    conv: {filters: 16, kernel: 1}
    then: [gelu_tanh]
  - name: sum
    add: [stem, body]
    then: [softplus]
  - name: both
    concat: [sum, stem]
  - name: out
    dense: 4
)"},
    NamedNetwork{"Volumes", R"(
input: {shape: [2, 3, 5, 4], norm: 1}
layers:
  - conv: {filters: 4, kernel: [2, 3, 2], padding: same, groups: 2}
    then: [softplus, {average_pool: {kernel: [1, 2, 2], stride: [1, 2, 1], padding: [0, 1, 0]}}]
  - conv: {filters: 3, kernel: [1, 2, 3], stride: [2, 1, 1], padding: [1, 0, 1], dilation: [2, 1, 1]}
    then: [tanh, batch_norm: {epsilon: 0.1}]
  - conv: {filters: 2, kernel: 1}
    then: [softmax, global_average_pool]
  - dense: 2
)"},
    NamedNetwork{"Transposed", R"(
input: {shape: [3, 2, 3], norm: 1}
layers:
  - conv_transposed: {filters: 4, kernel: [3, 2], stride: 2, padding: [1, 0], output_padding: [1, 0]}
    then: [softplus]
  - conv_transposed: {filters: 2, kernel: 3, stride: 2, padding: same, groups: 2}
    then: [tanh, average_pool: 3]
  - conv_transposed: {filters: 3, kernel: 2, dilation: 2, padding: 1}
    bias: false
    then: [sigmoid]
  - dense: 2
)"},
    NamedNetwork{"TransposedSequence", R"(
input: {shape: [2, 3], norm: 1}
layers:
  - conv_transposed: {filters: 3, kernel: 2, stride: 3}
    then: [silu]
  - conv_transposed: {filters: 2, kernel: 4, stride: 2, padding: 1}
)"},
    NamedNetwork{"TransposedVolumes", R"(
input: {shape: [2, 1, 2, 2], norm: 1}
layers:
  - conv_transposed: {filters: 4, kernel: 2, stride: [2, 1, 2], groups: 2}
    then: [softplus, {adaptive_average_pool: [2, 1, 2]}]
  - dense: 3
)"},
    NamedNetwork{"Means", R"(
input: {shape: [2, 7, 6], norm: 1}
layers:
  - conv: {filters: 4, kernel: 2, padding: same}
    then: [softplus, {average_pool: {kernel: 3, stride: 2, padding: 1, count_padding: false}}]
  - dense: {units: 3, per: position}
    then: [tanh, {average_pool: {kernel: 2, stride: 2, padding: 1, ceil: true}}]
  - dense: {units: 2, per: position}
    bias: false
    then: [adaptive_average_pool: [2, 4]]
  - conv: {filters: 3, kernel: 1}
    then: [gelu, global_average_pool]
  - conv: {filters: 4, kernel: 1, groups: 1}
    then: [softplus]
  - dense: 2
)"},
};

/// Networks with kinks: at almost all points the first derivatives exist.
inline constexpr std::array kinked_networks{
    NamedNetwork{"Relu", R"(
input: {shape: [3, 8, 8], norm: 1}
layers:
  - conv: {filters: 16, kernel: 3, padding: same}
    then: [relu, max_pool: 2]
  - conv: {filters: 6, kernel: 3, padding: 1}
    then: [leaky_relu: 0.2, {max_pool: {kernel: 3, stride: 2, padding: same}}]
  - dense: 5
    then: [hard_tanh]
)"},
    NamedNetwork{"HardActivations", R"(
input: {shape: [4], norm: 1}
layers:
  - dense: 8
    then: [selu]
  - dense: 8
    then: [hard_swish]
  - dense: 8
    then: [relu6, hard_sigmoid, dropout, identity]
  - dense: 3
    then: [{elu: 2}]
)"},
    NamedNetwork{"LearnedSlopes", R"(
input: {shape: [2, 5, 4], norm: 1}
layers:
  - conv: {filters: 8, kernel: 3}
    then: [prelu, {prelu: {per: layer, radius: 2}}]
  - dense: 4
    then: [prelu]
  - dense: 2
)"},
    NamedNetwork{"Maxima", R"(
input: {shape: [2, 4, 5, 3], norm: 1}
layers:
  - conv: {filters: 3, kernel: 2, padding: same}
    then: [{max_pool: {kernel: 2, stride: [1, 2, 2], padding: [0, 1, 0], ceil: true}}]
  - conv: {filters: 4, kernel: 1}
    then: [global_max_pool]
  - conv: {filters: 3, kernel: 1}
    then: [relu]
)"},
};

}  // namespace smoothbound::testing
