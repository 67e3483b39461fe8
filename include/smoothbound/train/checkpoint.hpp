// Checkpoints of training: parameters that any reader of safetensors can use, and the state of the
// run as metadata.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "smoothbound/runtime/network.hpp"
#include "smoothbound/train/training.hpp"

namespace smoothbound {

/// What a run was asked for, by option: a run is taken up with the same or not at all.
using TrainingIdentity = std::map<std::string, std::string>;

struct Checkpoint {
  TrainingState state;
  TrainingIdentity identity;
};

/// Writes a checkpoint with a checksum over all that it says, whole or not at all: the file before
/// it stays until the new one is complete. Throws OutputError.
void save_checkpoint(const std::string& path, const ParameterLayout& layout,
                     const TrainingState& state, const TrainingIdentity& identity);

/// Reads it. Throws DataError: for files of parameters that are no checkpoint, for those without a
/// checksum, which earlier versions wrote, for any damage, and for numbers that no run comes to.
Checkpoint load_checkpoint(const std::string& path, const ParameterLayout& layout);

/// What an error in a checkpoint says if it knows nothing better to do.
inline constexpr std::string_view checkpoint_advice =
    "take a copy of the checkpoint, or begin a new run";

/// Parameters without the state of a run, as float64. Throws OutputError.
void save_trained(const std::string& path, const ParameterLayout& layout, std::span<const double> w,
                  const std::map<std::string, std::string>& metadata);

}  // namespace smoothbound
