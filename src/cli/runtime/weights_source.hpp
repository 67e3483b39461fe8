// The file of --weights as the library takes it.
#pragma once

#include "shared/command_line.hpp"
#include "shared/weights_options.hpp"
#include "smoothbound/runtime/parameters.hpp"

namespace smoothbound::cli {

/// Throws SpecError with a place on the command line, and as WeightsMap.
ParameterSource weights_source(const WeightsOptions& options, const CommandLine& line);

/// Those that the model `file` itself has, if it does. Throws SpecError in it.
void take_numbers_of_model(const std::string& file, const Source& source,
                           ParameterSource& parameters);

}  // namespace smoothbound::cli
