// The numbers of an imported model as a file of weights: a part of the whole program, which the
// calculator alone does not have.
#pragma once

#include <string>

#include "command_line.hpp"
#include "smoothbound/models/model.hpp"

namespace smoothbound::cli {

/// Throws SpecError with the place of --weights in a build that does not write such files.
void require_model_weights(const CommandLine& line);

/// Writes the numbers of the model in `file` as safetensors to `output`. Throws OutputError, and
/// DataError for a model without numbers.
void write_model_weights(const std::string& file, const models::ImportOptions& options,
                         const std::string& output);

}  // namespace smoothbound::cli
