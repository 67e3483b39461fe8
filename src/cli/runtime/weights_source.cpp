#include "weights_source.hpp"

#include <fmt/format.h>

#include "shared/model_options.hpp"
#include "smoothbound/data/array_file.hpp"
#include "smoothbound/runtime/adapt_statistics.hpp"
#include "smoothbound/runtime/statistics.hpp"

namespace smoothbound::cli {

ParameterSource weights_source(const WeightsOptions& options, const CommandLine& line) {
  ParameterSource source;
  source.file = options.file;
  if (!options.match.empty()) {
    source.reading.match =
        static_cast<TensorMatch>(choose(line, "--match-weights", options.match, tensor_matches));
  }
  for (const auto& [option, value] :
       {std::pair<std::string, const std::string&>{"--weights-map", options.map},
        {"--match-weights", options.match}}) {
    if (value.empty() || !options.file.empty()) continue;
    throw SpecError(line.locate_last({option}), fmt::format("{} is about --weights", option),
                    "give a file by --weights, or leave it out");
  }
  if (options.map.empty()) return source;
  if (source.reading.match == TensorMatch::order) {
    throw SpecError(line.locate_last({"--weights-map"}),
                    "--weights-map gives names, and --match-weights order takes none",
                    "keep one of them");
  }
  source.reading.map = std::make_shared<const WeightsMap>(options.map);
  return source;
}

void take_numbers_of_model(const std::string& file, const Source& source,
                           ParameterSource& parameters) {
  if (!source.has_numbers) return;
  if (file == "-") {
    throw SpecError(
        whole_file,
        fmt::format("the numbers of this {} model are read from a file, not from standard input",
                    source.model_format),
        "name the file, or give parameters by --weights or --init");
  }
  parameters.file = file;
  parameters.is_model = true;
}

GraphAdapter statistics_adapter(const WeightsOptions& options, const CommandLine& line) {
  ParameterSource source = weights_source(options, line);
  if (source.file.empty()) return {};
  return [read = statistics_of_files(source), source](Graph graph, const Source& described,
                                                      std::vector<std::string>& notes) {
    const bool may_replace = !described.model_format.empty() && gives_statistics(graph);
    if (!may_replace && !lacks_statistics(graph)) {
      static_cast<void>(open_array_file(source.file, source.reading.import));  // that it is one
      notes.emplace_back("weights have no effect: no batch norm lacks its statistics");
      return graph;
    }
    return read(std::move(graph), described, notes);
  };
}

}  // namespace smoothbound::cli
