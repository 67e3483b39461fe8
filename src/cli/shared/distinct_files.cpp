#include "distinct_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>

namespace smoothbound::cli {
namespace {

namespace fs = std::filesystem;

bool same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  if (fs::path(a).lexically_normal() == fs::path(b).lexically_normal()) return true;
  return fs::equivalent(a, b, error) && !error;
}

}  // namespace

void refuse_repeated_files(const std::vector<std::string>& files, const CommandLine& line) {
  std::set<fs::path> seen;
  for (const std::string& file : files) {
    if (seen.insert(fs::path(file).lexically_normal()).second) continue;
    throw SpecError(line.locate(file), fmt::format("'{}' is named twice", file), "name it once");
  }
}

void refuse_input_as_output(const std::string& option, const std::string& output,
                            const std::vector<std::string>& inputs, const CommandLine& line) {
  if (output.empty()) return;
  for (const std::string& input : inputs) {
    if (input == "-" || !same_file(input, output)) continue;
    throw SpecError(line.scalar(option, output).location,
                    fmt::format("{} would overwrite the input '{}'", option, input),
                    "name another file");
  }
}

}  // namespace smoothbound::cli
