// The numbers of an imported model as a file of weights: a part of the whole program, which the
// calculator alone does not have.
#pragma once

#include <string>

#include "command_line.hpp"
#include "smoothbound/models/model.hpp"

namespace smoothbound::cli {

/// Writes the tensors of `model` as safetensors to `output`, the file of the option --weights.
/// `file`: the model's own. Throws SpecError with a place on the command line if the name is that
/// of another format, or in a build that cannot write it, OutputError, and DataError for a model
/// without numbers.
void write_model_weights(const CommandLine& line, const std::string& file,
                         const models::ImportedModel& model, const std::string& output);

}  // namespace smoothbound::cli
