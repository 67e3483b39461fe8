// Small training problems.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "runtime/networks.hpp"
#include "smoothbound/bounds/report.hpp"
#include "smoothbound/train/training.hpp"

namespace smoothbound::testing {

struct Problem {
  Report report;  // for its graph and settings
  TrainingSamples<double> samples;
  std::vector<double> start;
};

/// `text`: an architecture. Inputs are normal with about the norm 1, labels random classes, or
/// random targets for the loss `square`.
inline Problem make_problem(std::string_view text, std::int64_t count, std::uint64_t seed,
                            double scale = 1) {
  const Source source{"network.yaml", std::string(text)};
  ReportOptions options;
  options.overrides.batch = count;
  Problem problem{make_report(source, options, {}), {}, {}};
  const Graph& graph = problem.report.graph;
  std::mt19937_64 random(seed);
  const auto size = static_cast<std::size_t>(count * graph.input.elements());
  problem.samples.count = count;
  problem.samples.x = random_vector<double>(size, random, 1 / std::sqrt(static_cast<double>(size)));
  const std::int64_t outputs = graph.output_shape().elements();
  const LossRow& loss = *problem.report.settings.loss;
  if (loss.is_mean() && loss.name == "square") {
    problem.samples.labels.targets =
        random_vector<double>(static_cast<std::size_t>(count * outputs), random, 0.3);
  } else if (loss.is_mean()) {
    for (std::int64_t i = 0; i < count; ++i) {
      problem.samples.labels.classes.push_back(
          static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(outputs)));
    }
  }
  const Network<double> network(graph, 1);
  problem.start = random_parameters(network, random);
  for (double& entry : problem.start) entry *= scale;
  return problem;
}

/// Chains, branches, convolutions, normalization; radii at which projection matters.
inline constexpr std::array trained_networks{NamedNetwork{"Dense", R"(
input: {shape: [4]}
radius: 0.8
loss: logistic
layers:
  - {dense: 5, then: [softplus]}
  - {dense: 3, then: [tanh]}
  - {dense: 3}
)"},
                                             NamedNetwork{"Regularized", R"(
input: {shape: [4]}
radius: 1.5
loss: logistic
regularizer: 0.05
layers:
  - {dense: 6, then: [sigmoid]}
  - {dense: 2}
)"},
                                             NamedNetwork{"Convolution", R"(
input: {shape: [2, 6, 6]}
radius: 0.6
loss: logistic
layers:
  - {conv: {filters: 3, kernel: 3, padding: same}, then: [softplus, {average_pool: 2}]}
  - {dense: 3}
)"},
                                             NamedNetwork{"Square", R"(
input: {shape: [3]}
radius: 0.7
loss: square
layers:
  - {dense: 4, then: [atan]}
  - {dense: 2}
)"},
                                             NamedNetwork{"BatchNorm", R"(
input: {shape: [3]}
radius: 0.5
loss: logistic
layers:
  - {dense: 4, then: [{batch_norm: {epsilon: 1}}, softplus]}
  - {dense: 2}
)"},
                                             NamedNetwork{"Clustering", R"(
input: {shape: [3]}
radius: 1
loss: convex_clustering
layers:
  - {dense: 4, then: [tanh]}
  - {dense: 2}
)"},
                                             NamedNetwork{"Branches", R"(
input: {shape: [4]}
radius: 0.7
loss: logistic
layers:
  - {name: a, dense: 4, then: [softplus]}
  - {name: b, dense: 4, then: [tanh]}
  - {name: sum, add: [a, b]}
  - {dense: 3}
)"}};

inline Training<double> make_training(const Problem& problem, const TrainingOptions& options,
                                      Method method = Method::sharp) {
  return Training<double>(problem.report.graph, problem.report.settings, problem.samples, method,
                          options);
}

}  // namespace smoothbound::testing
