#include "smoothbound/runtime/adapt_statistics.hpp"

#include <fmt/format.h>

#include "smoothbound/runtime/statistics.hpp"

namespace smoothbound {
namespace {

// What a file of weights has and nobody reads.
void note_unused_statistics(const Graph& graph, const ParameterSource& parameters,
                            std::vector<std::string>& notes) {
  const std::vector<std::string> layers = statistics_not_used(graph, parameters);
  if (layers.empty()) return;
  const std::string more = layers.size() > 1 ? fmt::format(" and {} more", layers.size() - 1) : "";
  notes.push_back(
      fmt::format("batch norm of layer '{}'{}: the architecture gives its statistics, and those of "
                  "'{}' are not used",
                  layers.front(), more, parameters.file));
}

}  // namespace

GraphAdapter statistics_of_files(ParameterSource parameters, std::string statistics) {
  return [parameters = std::move(parameters), statistics = std::move(statistics)](
             Graph graph, std::vector<std::string>& notes) {
    std::vector<PlacedStatistics> read;
    if (!statistics.empty()) {
      read = read_statistics(graph, statistics, NormsToFix::all, parameters.reading);
    } else if (!parameters.file.empty()) {
      if (!parameters.is_model) note_unused_statistics(graph, parameters, notes);
      if (lacks_statistics(graph)) {
        read = read_statistics(graph, parameters.file, NormsToFix::lacking, parameters.reading);
      }
    }
    return with_fixed_statistics(std::move(graph), read);
  };
}

GraphAdapter any_statistics() {
  return [](Graph graph, std::vector<std::string>& /*notes*/) {
    const std::vector<PlacedStatistics> some = some_statistics(graph, NormsToFix::lacking);
    return with_fixed_statistics(std::move(graph), some);
  };
}

}  // namespace smoothbound
