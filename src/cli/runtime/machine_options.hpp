// --memory and --threads, which commands that execute networks have.
#pragma once

#include <cstdint>
#include <string>

#include "shared/command_line.hpp"

namespace smoothbound::cli {

/// Bytes that may be used: the value of --memory, or most of what is available if that is empty.
/// Throws SpecError.
std::int64_t memory_limit(const CommandLine& line, const std::string& memory);

/// Uses as many threads as --threads says, if it is given. Throws SpecError.
void apply_threads(const CommandLine& line, const std::string& threads);

}  // namespace smoothbound::cli
