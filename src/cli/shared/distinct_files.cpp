#include "distinct_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>

namespace smoothbound::cli {
namespace fs = std::filesystem;

bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code error;  // what does not exist is known by its name alone
  return fs::path(a).lexically_normal() == fs::path(b).lexically_normal() ||
         fs::equivalent(a, b, error);
}

void refuse_repeated_files(const std::vector<std::string>& files, const CommandLine& line) {
  std::set<fs::path> seen;
  for (const std::string& file : files) {
    if (seen.insert(fs::path(file).lexically_normal()).second) continue;
    throw SpecError(line.locate(file), fmt::format("'{}' is named twice", file), "name it once");
  }
}

void refuse_overwriting(const CommandLine& line, const std::vector<std::string>& spellings,
                        const std::string& path, const std::vector<std::string>& inputs) {
  if (path.empty() || path == "-") return;
  for (const std::string& input : inputs) {
    if (input.empty() || input == "-" || !is_same_file(path, input)) continue;
    throw SpecError(line.locate_last(spellings),
                    fmt::format("the output '{}' is also an input", path), "write to another file");
  }
}

}  // namespace smoothbound::cli
