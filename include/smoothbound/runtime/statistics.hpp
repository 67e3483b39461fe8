// Batch norm with fixed statistics: means and variances of one batch, or given ones, in place of
// those of each batch. A graph with them is another graph: it executes at every batch size, does
// not couple samples, and has bounds of its own. Its parameters are those of the original.
#pragma once

#include <string>
#include <vector>

#include "smoothbound/runtime/parameters.hpp"
#include "smoothbound/runtime/trajectory.hpp"

namespace smoothbound {

/// Statistics of a batch norm and where it stands in a graph.
struct PlacedStatistics {
  std::uint32_t layer = 0;
  std::uint32_t component = 0;  // of the layer
  FixedStatistics values;
};

/// The statistics of the batch of the last `forward`, of every batch norm of `graph`, of which
/// `trajectory` executes a network, that is not fixed yet. Variances are biased, as `forward` has
/// them.
template <class Scalar>
std::vector<PlacedStatistics> batch_statistics(const Graph& graph,
                                               const Trajectory<Scalar>& trajectory);

/// Which batch norms statistics are read for.
enum class NormsToFix : std::uint8_t {
  all,      // without fixed statistics
  lacking,  // those whose file says that they are fixed, but not which
};

/// Whether there are such.
bool lacks_statistics(const Graph& graph);
/// Whether there are some with numbers.
bool gives_statistics(const Graph& graph);

/// Of these batch norms of `graph`, from a file with "<layer>.batch_norm.running_mean" and
/// "<layer>.batch_norm.running_var", or what `weights` of the architecture calls them, a number for
/// each feature, and nothing else but parameters of the network and other statistics. Variances are
/// used as they are. Throws as `read_weights`, and DataError for negative variances and where there
/// is no batch norm.
std::vector<PlacedStatistics> read_statistics(const Graph& graph, const std::string& path,
                                              NormsToFix norms = NormsToFix::all,
                                              const WeightsReading& reading = {});

/// Of these batch norms, means 0 and variances 1.
std::vector<PlacedStatistics> some_statistics(const Graph& graph, NormsToFix norms);

/// The names of the running statistics of all batch norms of `graph`.
std::vector<std::string> statistics_names(const Graph& graph);

/// A batch norm whose statistics the architecture gives.
struct GivenStatistics {
  std::uint32_t layer = 0;
  std::uint32_t component = 0;  // of the layer
  bool are_in_file = false;     // at least one of them is in another file, too
};
/// All of them, held against the file at `path`. Throws as `find_tensors`.
std::vector<GivenStatistics> given_statistics(const Graph& graph, const std::string& path,
                                              const WeightsReading& reading);

/// `graph` whose batch norm there is fixed as it was, but without numbers.
void forget_statistics(Graph& graph, const GivenStatistics& given);

/// `graph` with these statistics fixed. Throws std::invalid_argument where there is no batch norm,
/// if the number of features differs, or if a number is not finite or a variance negative.
Graph with_fixed_statistics(Graph graph, const std::vector<PlacedStatistics>& statistics);

}  // namespace smoothbound
