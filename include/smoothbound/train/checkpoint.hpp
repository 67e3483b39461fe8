// Checkpoints of training: parameters that any reader of safetensors can use, and the state of the
// run as metadata.
#pragma once

#include <map>
#include <string>

#include "smoothbound/runtime/network.hpp"
#include "smoothbound/train/training.hpp"

namespace smoothbound {

/// What a run was asked for, by option: a run is taken up with the same or not at all.
using TrainingIdentity = std::map<std::string, std::string>;

struct Checkpoint {
  TrainingState state;
  TrainingIdentity identity;
};

/// Writes a checkpoint, whole or not at all: the file before it stays until the new one is
/// complete. Throws OutputError.
void save_checkpoint(const std::string& path, const ParameterLayout& layout,
                     const TrainingState& state, const TrainingIdentity& identity);

/// Reads it. Throws DataError, also for files of parameters that are no checkpoint.
Checkpoint load_checkpoint(const std::string& path, const ParameterLayout& layout);

/// What a checkpoint says of its run, without its parameters. Throws as above.
TrainingIdentity read_identity(const std::string& path);

/// Parameters without the state of a run, as float64. Throws OutputError.
void save_trained(const std::string& path, const ParameterLayout& layout, std::span<const double> w,
                  const std::map<std::string, std::string>& metadata);

}  // namespace smoothbound
