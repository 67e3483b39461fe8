// Refusals of files that are named for two purposes.
#pragma once

#include <string>
#include <vector>

#include "command_line.hpp"

namespace smoothbound::cli {

/// Throws SpecError if two of the architecture files are the same path.
void refuse_repeated_files(const std::vector<std::string>& files, const CommandLine& line);

/// Throws SpecError if `output`, the value of `option`, is one of `inputs`, by whatever path. An
/// empty output is none.
void refuse_input_as_output(const std::string& option, const std::string& output,
                            const std::vector<std::string>& inputs, const CommandLine& line);

}  // namespace smoothbound::cli
