#include "path_advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

namespace fs = std::filesystem;

// The names of the files in a folder, by name: among equally near ones always the same is taken.
std::vector<std::string> files_in(const fs::path& folder) {
  constexpr std::size_t most = 1000;
  std::vector<std::string> names;
  std::error_code failure;
  for (fs::directory_iterator entry(folder.empty() ? "." : folder, failure), end;
       !failure && entry != end && names.size() < most; entry.increment(failure)) {
    if (entry->is_regular_file(failure)) names.push_back(entry->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

bool is_architecture(const fs::path& file) {
  return std::ranges::any_of(architecture_endings, [&](std::string_view ending) {
    return file.extension() == fmt::format(".{}", ending);
  });
}

}  // namespace

std::string shipped_architecture(const std::string& name) {
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  if (failure || name.find('/') != std::string::npos) return {};
  const fs::path above = program.parent_path().parent_path();
  for (const fs::path& folder :
       {above / "share/smoothbound/architectures", above / "architectures"}) {
    std::vector<fs::path> files{folder / name};
    for (const std::string_view ending : architecture_endings) {
      files.push_back(folder / fmt::format("{}.{}", name, ending));
    }
    for (const fs::path& file : files) {
      if (is_architecture(file) && fs::is_regular_file(file, failure)) return file.string();
    }
  }
  return {};
}

std::string advice_for_directory(const std::string& path) {
  const fs::path folder(path);
  std::vector<std::string> names = files_in(folder);
  std::erase_if(names, [](const std::string& name) { return !is_architecture(name); });
  if (names.empty()) return "name an architecture file; there is none in it";
  return fmt::format("name the files in it, as in {}",
                     (folder / ("*" + fs::path(names.front()).extension().string())).string());
}

std::string advice_for_missing(const std::string& path, int error) {
  if (error == EACCES) return "allow reading it, with chmod +r, or as its owner";
  std::string otherwise = "check the path; '-' reads standard input";
  if (error != ENOENT) return otherwise;
  const std::string wanted = fs::path(path).filename().string();
  const std::vector<std::string> names = files_in(fs::path(path).parent_path());
  for (const std::string& name : names) {
    if (is_architecture(name) && fs::path(name).stem() == wanted) {
      return fmt::format("did you mean '{}'?", (fs::path(path).parent_path() / name).string());
    }
  }
  if (const std::string file = shipped_architecture(path); !file.empty()) {
    return fmt::format("did you mean '{}', which comes with smoothbound?", file);
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  return suggest(wanted, candidates, std::move(otherwise));
}

}  // namespace smoothbound
