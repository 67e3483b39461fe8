// Refusals of files that are named for two purposes.
#pragma once

#include <string>
#include <vector>

#include "command.hpp"
#include "command_line.hpp"

namespace smoothbound::cli {

/// Throws SpecError if two of the architecture files are the same path.
void refuse_repeated_files(const std::vector<std::string>& files, const CommandLine& line);

/// Throws SpecError at an option of the command whose file it writes, if that is also one of those
/// that it reads, --config included, or that of another option which writes; existing or not.
/// Standard input and output are no files, and devices can be named twice.
void refuse_coincidences(const Command& command, const CommandLine& line);

/// The same for inputs that a command finds by itself, and the output of the option that is spelt
/// in one of these ways.
void refuse_overwriting(const CommandLine& line, const std::vector<std::string>& spellings,
                        const std::string& path, const std::vector<std::string>& inputs);

}  // namespace smoothbound::cli
