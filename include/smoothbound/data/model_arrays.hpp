// The numbers of models of other programs: as arrays of a file, and written as safetensors.
#pragma once

#include <string>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/models/model.hpp"

namespace smoothbound {

/// The tensors of the model at `path`, each where its numbers lie: in files, or computed when they
/// are read, one tensor at a time. Throws DataError for what is not where it has to be, and for a
/// model without numbers.
ArrayFile model_arrays(const std::string& path, models::ModelFile model);

/// Writes the tensors of a model as safetensors, whole or not at all: integers and floats of at
/// most 16 bits as F32, like F32, all else as F64. Pieces of them are in memory, but computed ones
/// are as a whole. Throws OutputError; DataError for values that are not finite and for files that
/// do not have them.
void write_model_tensors(const std::string& path, models::ModelFile model);

}  // namespace smoothbound
