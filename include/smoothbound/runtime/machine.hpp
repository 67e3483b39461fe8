// What the machine has to offer.
#pragma once

#include <cstdint>

namespace smoothbound {

/// Address space that OpenBLAS takes for the buffers of each thread. Where it gets none it asks
/// again for ever.
inline constexpr std::int64_t bytes_of_blas_thread = std::int64_t{128} << 20U;

/// Bytes that the limits of the process (ulimit -v, ulimit -d) leave, those for OpenBLAS put aside;
/// 2^62 without a limit.
std::int64_t memory_within_limits();

/// Bytes that can be had without swapping: by the kernel's estimate, the limit of the control group
/// and those of the process; 2^62 where none is known.
std::int64_t available_memory();

/// How many threads the runtime uses from now on, at least 1 and at most 1024.
void set_threads(std::int64_t count);

}  // namespace smoothbound
