#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/text/regular_file.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

std::string system_message(int error) { return std::generic_category().message(error); }

[[noreturn]] void refuse_size(std::size_t limit) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20U;
  const std::string shown = limit % mebibyte == 0
                                ? fmt::format("{} MiB ({} bytes)", limit / mebibyte, limit)
                                : fmt::format("{} bytes", limit);
  throw SpecError(whole_file, fmt::format("the file is larger than the limit of {}", shown),
                  Remedy::larger_files);
}

// What to do about a path that cannot be opened.
std::string advice(const std::string& path, int error) {
  namespace fs = std::filesystem;
  if (error == EACCES) return "allow reading it, with chmod +r, or as its owner";
  std::string otherwise = "check the path; '-' reads standard input";
  if (error != ENOENT) return otherwise;
  constexpr std::size_t most = 1000;
  const fs::path folder = fs::path(path).parent_path();
  std::vector<std::string> names;
  std::error_code failure;
  for (fs::directory_iterator entry(folder.empty() ? "." : folder, failure), end;
       !failure && entry != end && names.size() < most; entry.increment(failure)) {
    if (entry->is_regular_file(failure)) names.push_back(entry->path().filename().string());
  }
  std::ranges::sort(names);  // among equally near ones always the same
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  return suggest(fs::path(path).filename().string(), candidates, std::move(otherwise));
}

void read_all(int descriptor, std::size_t limit, std::string& text) {
  std::array<char, std::size_t{1} << 14U> piece{};
  for (;;) {
    const ssize_t count = read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      text.clear();
      throw SpecError(whole_file, "cannot read: " + system_message(error),
                      "check the disk, or copy the file elsewhere");
    }
    if (count == 0) return;
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > limit) {
      text.clear();
      refuse_size(limit);
    }
  }
}

// An open file; refusals are those of a user who names an architecture.
RegularFile open_source(const std::string& path) {
  using Reason = NotReadable::Reason;
  try {
    return RegularFile(path);
  } catch (const NotReadable& error) {
    throw SpecError(whole_file, error.what(),
                    error.reason == Reason::directory     ? "name the files in it"
                    : error.reason == Reason::not_regular ? "to read from a pipe, use '-'"
                                                          : advice(path, error.error));
  }
}

}  // namespace

void load_source(const std::string& path, const Limits& limits, Source& source) {
  if (path == "-") {
    source.name = "<stdin>";
    source.text.clear();
    read_all(STDIN_FILENO, limits.bytes, source.text);
  } else {
    source = {path, {}};
    const RegularFile file = open_source(path);
    if (file.size() > limits.bytes) refuse_size(limits.bytes);
    std::string text;
    text.reserve(static_cast<std::size_t>(file.size()) + 1);
    read_all(file.descriptor(), limits.bytes, text);
    source.text = std::move(text);
  }
}

}  // namespace smoothbound
