// What the machine has to offer.
#pragma once

#include <cstdint>

namespace smoothbound {

/// Bytes that can be had without swapping, by the kernel's estimate and the limit of the control
/// group; 2^62 where neither is known.
std::int64_t available_memory();

/// How many threads the runtime uses from now on, at least 1 and at most 1024.
void set_threads(std::int64_t count);

}  // namespace smoothbound
