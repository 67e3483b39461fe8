#include "smoothbound/runtime/adapt_statistics.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "smoothbound/runtime/statistics.hpp"

namespace smoothbound {
namespace {

// "batch norm of layer 'a' and 2 more"
std::string named(const Graph& graph, const std::vector<GivenStatistics>& norms) {
  const std::string more = norms.size() > 1 ? fmt::format(" and {} more", norms.size() - 1) : "";
  return fmt::format("batch norm of layer '{}'{}", graph.layers[norms.front().layer].name, more);
}

// What a file of weights has and nobody reads.
void note_unused_statistics(const Graph& graph, std::vector<GivenStatistics> given,
                            const std::string& file, std::vector<std::string>& notes) {
  std::erase_if(given, [](const GivenStatistics& one) { return !one.are_in_file; });
  if (given.empty()) return;
  notes.push_back(
      fmt::format("{}: the architecture gives its statistics, and those of '{}' are not used",
                  named(graph, given), file));
}

// A model's own numbers make way for those of a file; if nothing else is asked of it, it has some.
void prefer_statistics(Graph& graph, std::vector<GivenStatistics> given, NormsToFix norms,
                       const std::string& file, std::vector<std::string>& notes) {
  const bool any_asked = norms == NormsToFix::lacking || !some_statistics(graph, norms).empty();
  if (!any_asked && std::ranges::none_of(given, &GivenStatistics::are_in_file)) {
    for (GivenStatistics& one : given) one.are_in_file = true;  // which are missed when it is read
  }
  for (const GivenStatistics& one : given) {
    if (one.are_in_file) forget_statistics(graph, one);
  }
  std::erase_if(given, [](const GivenStatistics& one) { return one.are_in_file; });
  if (given.empty()) return;
  notes.push_back(fmt::format("{}: '{}' has no statistics for it, and the model's own are used",
                              named(graph, given), file));
}

}  // namespace

GraphAdapter statistics_of_files(ParameterSource parameters, std::string statistics) {
  return [parameters = std::move(parameters), statistics = std::move(statistics)](
             Graph graph, const Source& source, std::vector<std::string>& notes) {
    const NormsToFix norms = statistics.empty() ? NormsToFix::lacking : NormsToFix::all;
    const std::string& file = statistics.empty() ? parameters.file : statistics;
    if (file.empty()) return graph;
    const bool is_own = statistics.empty() && parameters.is_model;
    if (!is_own) {
      std::vector<GivenStatistics> given = given_statistics(graph, file, parameters.reading);
      if (!source.model_format.empty()) {
        prefer_statistics(graph, std::move(given), norms, file, notes);
      } else if (statistics.empty()) {
        note_unused_statistics(graph, std::move(given), file, notes);
      }
    }
    if (statistics.empty() && !lacks_statistics(graph)) return graph;
    const auto given = read_statistics(graph, file, norms, parameters.reading);
    return with_fixed_statistics(std::move(graph), given);
  };
}

GraphAdapter any_statistics() {
  return [](Graph graph, const Source& /*source*/, std::vector<std::string>& /*notes*/) {
    const std::vector<PlacedStatistics> some = some_statistics(graph, NormsToFix::lacking);
    return with_fixed_statistics(std::move(graph), some);
  };
}

}  // namespace smoothbound
