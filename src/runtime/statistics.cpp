#include "smoothbound/runtime/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/normalize.hpp"
#include "smoothbound/data/weights.hpp"
#include "smoothbound/runtime/array_names.hpp"
#include "smoothbound/text/data_error.hpp"
#include "trajectory_memory.hpp"

namespace smoothbound {
namespace {

// As PyTorch names them.
constexpr std::string_view running_mean = "running_mean";
constexpr std::string_view running_variance = "running_var";

void require_valid(const FixedStatistics& values, std::int64_t features, const std::string& layer) {
  for (const std::vector<double>* list : {&values.mean, &values.variance}) {
    if (std::ssize(*list) != features) {
      throw std::invalid_argument(
          fmt::format("layer '{}': {} statistics for {} features", layer, list->size(), features));
    }
  }
  const auto is_finite = [](double value) { return std::isfinite(value); };
  const auto is_variance = [](double value) { return std::isfinite(value) && value >= 0; };
  if (!std::ranges::all_of(values.mean, is_finite) ||
      !std::ranges::all_of(values.variance, is_variance)) {
    throw std::invalid_argument(
        fmt::format("layer '{}': a mean is not finite or a variance not finite and >= 0", layer));
  }
}

bool is_to_fix(const BatchNorm& norm, NormsToFix norms) {
  return norms == NormsToFix::all ? !norm.has_fixed() : norm.lacks_fixed();
}

// Calls `use(layer, component, norm)` for each, as it stands in the file.
template <class Use>
void for_each_batch_norm(const Graph& graph, const Use& use) {
  for (std::uint32_t layer = 0; layer < graph.layers.size(); ++layer) {
    const std::vector<PlacedComponent>& components = graph.layers[layer].components;
    for (std::uint32_t c = 0; c < components.size(); ++c) {
      const auto* const norm = std::get_if<BatchNorm>(&components[c].component);
      if (norm != nullptr) use(layer, c, *norm);
    }
  }
}

}  // namespace

template <class Scalar>
std::vector<PlacedStatistics> batch_statistics(const Graph& graph,
                                               const Trajectory<Scalar>& trajectory) {
  if (!trajectory.memory().has_run) {
    throw std::invalid_argument("statistics need a forward pass before");
  }
  std::vector<PlacedStatistics> all;
  for (const auto& node : trajectory.network().nodes()) {
    if (node.layer == Network<Scalar>::none || node.parameters > 0) continue;
    const PlacedComponent& part = graph.layers.at(node.layer).components.at(node.component);
    const auto* const norm = std::get_if<BatchNorm>(&part.component);
    if (norm == nullptr || !norm->couples_samples()) continue;
    const std::byte* const state = trajectory.memory().state.data() + node.state_offset;
    all.push_back({node.layer, node.component,
                   kernels::kept_statistics<Scalar>(state, norm->features(part.output),
                                                    norm->epsilon.nearest)});
  }
  return all;
}

std::vector<std::string> statistics_names(const Graph& graph) {
  std::vector<std::string> names;
  for_each_batch_norm(graph, [&](std::uint32_t layer, std::uint32_t c, const BatchNorm&) {
    for (const std::string_view word : {running_mean, running_variance}) {
      names.push_back(array_tensor(graph.layers[layer], c, word, {}).name);
    }
  });
  return names;
}

std::vector<GivenStatistics> given_statistics(const Graph& graph, const std::string& path,
                                              const WeightsReading& reading) {
  std::vector<GivenStatistics> given;
  std::vector<ExpectedTensor> tensors;  // a mean and a variance of each
  for_each_batch_norm(graph, [&](std::uint32_t layer, std::uint32_t c, const BatchNorm& norm) {
    if (!norm.has_fixed()) return;
    given.push_back({layer, c});
    for (const std::string_view word : {running_mean, running_variance}) {
      tensors.push_back(array_tensor(graph.layers[layer], c, word, {}));
    }
  });
  if (given.empty()) return given;
  const std::vector<bool> found = find_tensors(path, tensors, reading);
  for (std::size_t i = 0; i < given.size(); ++i) {
    given[i].are_in_file = found[2 * i] || found[2 * i + 1];
  }
  return given;
}

void forget_statistics(Graph& graph, const GivenStatistics& given) {
  auto& norm =
      std::get<BatchNorm>(graph.layers.at(given.layer).components.at(given.component).component);
  norm.fixed = nullptr;
  norm.mean.clear();
  norm.variance.clear();
}

std::vector<PlacedStatistics> some_statistics(const Graph& graph, NormsToFix norms) {
  std::vector<PlacedStatistics> all;
  for_each_batch_norm(graph, [&](std::uint32_t layer, std::uint32_t c, const BatchNorm& norm) {
    if (!is_to_fix(norm, norms)) return;
    const auto features =
        static_cast<std::size_t>(norm.features(graph.layers[layer].components[c].output));
    all.push_back({layer, c, {std::vector<double>(features), std::vector<double>(features, 1)}});
  });
  return all;
}

bool lacks_statistics(const Graph& graph) {
  bool lacks = false;
  for_each_batch_norm(graph, [&](std::uint32_t /*layer*/, std::uint32_t /*c*/,
                                 const BatchNorm& norm) { lacks = lacks || norm.lacks_fixed(); });
  return lacks;
}

bool gives_statistics(const Graph& graph) {
  bool gives = false;
  for_each_batch_norm(graph, [&](std::uint32_t /*layer*/, std::uint32_t /*c*/,
                                 const BatchNorm& norm) { gives = gives || norm.has_fixed(); });
  return gives;
}

std::vector<PlacedStatistics> read_statistics(const Graph& graph, const std::string& path,
                                              NormsToFix norms, const WeightsReading& reading) {
  std::vector<PlacedStatistics> all = some_statistics(graph, norms);
  std::vector<ExpectedTensor> expected;  // a mean and a variance of each
  for (const PlacedStatistics& placed : all) {
    const Layer& layer = graph.layers[placed.layer];
    const auto features = static_cast<std::int64_t>(placed.values.mean.size());
    for (const std::string_view word : {running_mean, running_variance}) {
      expected.push_back(array_tensor(layer, placed.component, word, {features}));
    }
  }
  if (all.empty()) {
    throw DataError(path, fmt::format("'{}' has no batch norm to use statistics", graph.name),
                    "leave out the statistics");
  }
  const OtherTensors others = [&] {
    std::vector<std::string> names = statistics_names(graph);
    // With some numbers, without which it may not be executable.
    const Network<float> network(with_fixed_statistics(graph, all), 1, Purpose::values,
                                 Storage::none);
    for (const ParameterArray& array : network.parameter_layout().arrays) {
      names.push_back(array.name);
      for (const TensorName& other : array.other_names) names.push_back(other.name);
    }
    return names;
  };
  WeightsReading with_buffers = reading;
  with_buffers.passes_over_buffers = names_weights(graph);
  const ArrayFile file = read_weights(path, expected, others, with_buffers);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto read = [&](const ArrayEntry& entry) {
      std::vector<double> values(static_cast<std::size_t>(entry.elements()));
      file.read_into(entry, std::span<double>(values));
      return values;
    };
    const ArrayEntry& variance = file.entries()[2 * i + 1];
    all[i].values = {read(file.entries()[2 * i]), read(variance)};
    const std::vector<double>& values = all[i].values.variance;
    const auto negative = std::ranges::find_if(values, [](double v) { return v < 0; });
    if (negative == values.end()) continue;
    throw DataError(path,
                    fmt::format("{}: the variance at [{}] is negative: {}", described(variance),
                                negative - values.begin(), *negative),
                    "variances are squares: is this another tensor under its name?");
  }
  return all;
}

Graph with_fixed_statistics(Graph graph, const std::vector<PlacedStatistics>& statistics) {
  for (const PlacedStatistics& placed : statistics) {
    BatchNorm* norm = nullptr;
    if (placed.layer < graph.layers.size() &&
        placed.component < graph.layers[placed.layer].components.size()) {
      norm = std::get_if<BatchNorm>(
          &graph.layers[placed.layer].components[placed.component].component);
    }
    if (norm == nullptr) throw std::invalid_argument("statistics for what is not a batch norm");
    const Layer& layer = graph.layers[placed.layer];
    require_valid(placed.values, norm->features(layer.components[placed.component].output),
                  layer.name);
    norm->fixed = std::make_shared<const FixedStatistics>(placed.values);
  }
  graph.couples_samples = std::ranges::any_of(graph.layers, [](const Layer& layer) {
    return std::ranges::any_of(layer.components, [](const PlacedComponent& part) {
      return couples_samples(part.component);
    });
  });
  return graph;
}

template std::vector<PlacedStatistics> batch_statistics(const Graph&, const Trajectory<float>&);
template std::vector<PlacedStatistics> batch_statistics(const Graph&, const Trajectory<double>&);

}  // namespace smoothbound
