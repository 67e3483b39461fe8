// What makes a run of training the one that it is.
#pragma once

#include "smoothbound/train/checkpoint.hpp"
#include "smoothbound/train/session.hpp"

namespace smoothbound {

/// Under which the digest of samples and labels stands, whatever their files are called.
inline constexpr std::string_view samples_key = "samples-sha256";

/// All on which the bits of a run depend, by option, but for the size of micro-batches and the
/// samples.
TrainingIdentity identity_of(const TrainingRequest& request, const Report& report);

/// Throws DataError if `saved`, of the checkpoint at `path`, differs from `asked`.
void compare_identity(const TrainingIdentity& asked, const TrainingIdentity& saved,
                      const std::string& path);

}  // namespace smoothbound
