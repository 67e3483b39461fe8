// What the machine has to offer.
#pragma once

#include <cstdint>

namespace smoothbound {

/// Bytes that the limits of the process (ulimit -v and -d) leave besides what it has mapped, and
/// generated code will take; 2^62 without limits.
std::int64_t memory_within_limits();

/// Bytes that can be had without swapping, by the kernel's estimate, the limit of the control group
/// and those of the process; 2^62 where none is known.
std::int64_t available_memory();

/// Whether the limits of the process leave that many bytes of address space.
bool can_map(std::int64_t bytes);

/// How many threads the runtime uses from now on, at least 1 and at most 1024.
void set_threads(std::int64_t count);
/// How many it uses.
std::int64_t thread_count();

/// Starts the threads that the runtime uses. Throws ResourceError where they cannot be had, which
/// OpenMP would end the program for.
void start_threads();

}  // namespace smoothbound
