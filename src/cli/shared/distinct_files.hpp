// Refusals of files that are named for two purposes.
#pragma once

#include <string>
#include <vector>

#include "command_line.hpp"

namespace smoothbound::cli {

/// Throws SpecError if two of the architecture files are the same path.
void refuse_repeated_files(const std::vector<std::string>& files, const CommandLine& line);

/// Whether two paths lead to one file, which need not exist.
bool is_same_file(const std::string& a, const std::string& b);

/// Throws SpecError at the option, which is spelt in one of these ways, if its value `path` names
/// one of the input files. Standard input and output, and what is empty, are no files.
void refuse_overwriting(const CommandLine& line, const std::vector<std::string>& spellings,
                        const std::string& path, const std::vector<std::string>& inputs);

}  // namespace smoothbound::cli
