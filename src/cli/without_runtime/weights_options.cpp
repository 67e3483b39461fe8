// Who does not execute networks does not read their weights.
#include "shared/weights_options.hpp"

namespace smoothbound::cli {

GraphAdapter statistics_adapter(const WeightsOptions& options, const CommandLine& line) {
  for (const auto& [option, value] :
       {std::pair<std::string, const std::string&>{"--weights", options.file},
        {"--weights-map", options.map},
        {"--match-weights", options.match}}) {
    if (!value.empty()) throw MissingInBuild(line.locate_last({option}), option);
  }
  return {};
}

}  // namespace smoothbound::cli
